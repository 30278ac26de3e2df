package notify

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/textproto"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/wneessen/go-mail/smtp"

	"oktareset/oktaclient"
	"oktareset/runner/access"
)

const (
	// connectTime is how long a server may take until mails can be sent to it.
	connectTime = 30 * time.Second
	// mailTime is how long a server may take for a mail. Many look for viruses and spam before they
	// answer; whoever gives up before the answer never learns it.
	mailTime = 5 * time.Minute
	// hurry is how long a mail that is under way gets when the run is asked to stop.
	hurry = 30 * time.Second
	// mostAnswer is how many bytes a server may send for one mail, or until mails can be sent.
	mostAnswer = 256 << 10
	// mostText is how many characters of a server's text are shown.
	mostText = 200
)

// post is the way to a mail server.
type post struct {
	server *access.MailServer
	dial   func(ctx context.Context, network, address string) (net.Conn, error)
	roots  *x509.CertPool // nil: the system's
	from   string         // the address of the envelope
}

// newPost makes the way to a server. Without TLS, it leads to this machine only.
func newPost(e *access.Env, m *access.MailServer, from string) *post {
	p := &post{server: m, dial: e.Dial, from: from}
	if p.dial == nil {
		d := &net.Dialer{Timeout: connectTime}
		if m.Plain {
			d.ControlContext = oktaclient.OnlyLoopback
		}
		p.dial = d.DialContext
	}
	return p
}

// fate is what became of a mail, or of a connection for mails.
type fate int

const (
	refused fate = iota + 1 // this mail, for good
	later                   // this mail, for now
	busy                    // the server takes no mails now, or can't be reached; nothing was sent
	lost                    // the content was sent, and the answer is missing: in doubt
	denied                  // the server doesn't let us send any mail
	unsafe                  // the server doesn't prove who it is
)

// failure says why a mail wasn't accepted.
type failure struct {
	fate fate
	text string // for people; what the server said is bounded, and without secrets
	err  error
}

func (f *failure) Error() string { return f.text }

func (f *failure) Unwrap() error { return f.err }

// link is a connection on which mails can be sent, one after another.
type link struct {
	*post
	raw    *bounded
	client *smtp.Client
	used   time.Time // when it was last of use

	mu      sync.Mutex // of the deadlines
	peeking bool       // hasAnswer sets them
}

// connect makes a connection, secures it and signs in. Its error is a [*failure].
func (p *post) connect(ctx context.Context) (*link, error) {
	ctx, cancel := context.WithTimeout(ctx, connectTime)
	defer cancel()
	conn, err := p.dial(ctx, "tcp", p.server.Address())
	if err != nil {
		return nil, &failure{busy, p.say("can't be reached", err), err}
	}
	l := &link{post: p, used: time.Now(), raw: &bounded{Conn: conn, left: mostAnswer}}
	stop := context.AfterFunc(ctx, func() { _ = l.raw.Close() }) // the library knows no context
	defer stop()
	if err := l.open(); err != nil {
		_ = l.raw.Close()
		if err.fate == busy && errors.Is(ctx.Err(), context.DeadlineExceeded) {
			err = &failure{busy, fmt.Sprintf("%s didn't answer within %s", p.server.Address(), connectTime), ctx.Err()}
		}
		return nil, err
	}
	return l, nil
}

// open greets the server and signs in.
func (l *link) open() *failure {
	conn := net.Conn(l.raw)
	if l.server.TLS {
		conn = tls.Client(l.raw, l.tls())
	}
	var err error
	if l.client, err = smtp.NewClient(conn, l.server.Host); err != nil {
		return l.notOpen("doesn't greet", err)
	}
	l.client.SkipSMTPUTF8(true) // every address is ASCII; a server on the way may not know the extension
	if err := l.client.Hello(helloName()); err != nil {
		return l.notOpen("doesn't answer", err)
	}
	if !l.server.TLS && !l.server.Plain {
		if ok, _ := l.client.Extension("STARTTLS"); !ok {
			return &failure{unsafe, fmt.Sprintf("%s doesn't offer STARTTLS", l.server.Address()), nil}
		}
		if err := l.client.StartTLS(l.tls()); err != nil {
			return l.notOpen("can't be reached by TLS", err)
		}
	}
	return l.signIn()
}

func (p *post) tls() *tls.Config {
	return &tls.Config{ServerName: p.server.Host, MinVersion: tls.VersionTLS12, RootCAs: p.roots}
}

// helloName is how the program introduces itself: by the machine's name, if a server can accept it.
func helloName() string {
	name, err := os.Hostname()
	if err != nil || strings.ContainsFunc(name, func(c rune) bool { return !isAlnum(c) && c != '-' && c != '.' }) || name == "" {
		return "localhost"
	}
	return name
}

// signIn sends the password. It is sent through TLS only: without TLS there is none.
func (l *link) signIn() *failure {
	m := l.server
	if m.User == "" {
		return nil
	}
	_, offered := l.client.Extension("AUTH")
	ways := strings.Fields(offered)
	var auth smtp.Auth
	switch {
	case m.OAuth2 && slices.Contains(ways, "XOAUTH2"):
		auth = smtp.XOAuth2Auth(m.User, m.Password())
	case m.OAuth2:
	case slices.Contains(ways, "PLAIN"):
		auth = smtp.PlainAuth("", m.User, m.Password(), m.Host, false)
	case slices.Contains(ways, "LOGIN"):
		auth = smtp.LoginAuth(m.User, m.Password(), m.Host, false)
	}
	if auth == nil {
		return &failure{denied, fmt.Sprintf("%s offers none of the ways to sign in that fit (PLAIN, LOGIN; with ?auth=xoauth2 XOAUTH2), but %s", m.Address(),
			cmp.Or(cutText(offered), "none")), nil}
	}
	if err := l.client.Auth(auth); err != nil {
		if code := codeOf(err); code >= 500 && code != 0 {
			return &failure{denied, l.say("doesn't accept the account or its password", err), err}
		}
		return l.notOpen("doesn't let anybody sign in now", err)
	}
	return nil
}

// lacksTLS reports whether a server was asked for TLS at once, and answered without it.
func lacksTLS(s *access.MailServer, err error) bool {
	_, record := errors.AsType[tls.RecordHeaderError](err)
	return record && s.TLS
}

// notOpen explains an error before any mail was sent.
func (p *post) notOpen(what string, err error) *failure {
	kind := busy
	if isUnsafe(err) {
		if lacksTLS(p.server, err) {
			return &failure{unsafe, p.say("doesn't speak TLS from the first byte", err), err}
		}
		kind, what = unsafe, "doesn't prove that it is "+p.server.Host
	} else if code := codeOf(err); code >= 500 {
		kind, what = denied, "takes no mails from here"
	}
	return &failure{kind, p.say(what, err), err}
}

// isUnsafe reports whether TLS failed because of who the server is, or of how it encrypts.
func isUnsafe(err error) bool {
	if _, answered := errors.AsType[*textproto.Error](err); answered {
		return false
	}
	_, cert := errors.AsType[*tls.CertificateVerificationError](err)
	_, record := errors.AsType[tls.RecordHeaderError](err)
	return cert || record || strings.Contains(err.Error(), "tls: ") // an alert has no type of its own
}

// send sends a mail. Right before the content could reach the server it calls take, whose error it
// returns. Every other error is a [*failure].
func (l *link) send(ctx context.Context, to string, content []byte, take func() error) error {
	defer func() { l.used = time.Now() }()
	l.raw.left = mostAnswer
	if err := l.raw.SetDeadline(time.Now().Add(mailTime)); err != nil {
		return &failure{busy, l.say("can't be reached", err), err}
	}
	stop := context.AfterFunc(ctx, l.hurryUp)
	defer stop()
	if err := l.client.Mail("<" + l.from + ">"); err != nil {
		if code := codeOf(err); code >= 500 {
			return &failure{denied, l.say("doesn't accept mails from "+l.from, err), err}
		}
		return &failure{busy, l.say("takes no mail now", err), err}
	}
	if err := l.client.Rcpt("<" + to + ">"); err != nil {
		return l.notAccepted(err, false)
	}
	if err := take(); err != nil {
		return err
	}
	w, err := l.client.Data()
	if err != nil {
		return l.notAccepted(err, false)
	}
	if _, err = w.Write(content); err == nil {
		err = l.client.Text.W.Flush()
	}
	if err != nil {
		return l.notAccepted(err, true)
	}
	// An answer that comes before the end of the content isn't the one to it.
	if l.hasAnswer(ctx) {
		return &failure{busy, l.server.Address() + " answered before it had the mail: nothing that it says can be relied on", errOutOfStep}
	}
	if err = w.Close(); err != nil && l.hasAnswer(ctx) {
		return &failure{lost, l.say("gave two answers to the mail's content, the first one", err), errOutOfStep}
	}
	if err != nil {
		return l.notAccepted(err, true)
	}
	return nil
}

// errOutOfStep is the error of a connection on which answers can't be told apart any more.
var errOutOfStep = errors.New("the server's answers are out of step")

// answerTime is how long an answer may take to arrive that the server has given already.
const answerTime = time.Millisecond

// hasAnswer reports whether the server has said something that nobody has read.
func (l *link) hasAnswer(ctx context.Context) bool {
	l.mu.Lock()
	l.peeking = true
	_ = l.raw.SetReadDeadline(time.Now().Add(answerTime))
	l.mu.Unlock()
	_, err := l.client.Text.R.Peek(1)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.peeking = false
	_ = l.raw.SetReadDeadline(time.Now().Add(mailTime))
	if ctx.Err() != nil {
		_ = l.raw.SetDeadline(time.Now().Add(hurry))
	}
	return err == nil
}

// hurryUp lets the mail that is under way end soon.
func (l *link) hurryUp() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.peeking {
		_ = l.raw.SetDeadline(time.Now().Add(hurry))
	}
}

// notAccepted explains an error of a mail. sent says that its content was sent: without an answer
// it is in doubt then.
func (l *link) notAccepted(err error, sent bool) error {
	switch code := codeOf(err); {
	case code >= 500:
		return &failure{refused, l.say("", err), err}
	case code == 421:
		return &failure{busy, l.say("takes no mail now", err), err}
	case code >= 400:
		return &failure{later, l.say("", err), err}
	case sent:
		return &failure{lost, l.say("didn't answer to the mail's content", err), err}
	}
	return &failure{busy, l.say("broke off before the mail's content", err), err}
}

// reusable reports whether the connection can take another mail. After a refusal the server has to
// forget the mail first.
func (l *link) reusable(err error) bool {
	f, ok := errors.AsType[*failure](err)
	switch {
	case err == nil:
		return l.client.Text.R.Buffered() == 0 // a server that says more is about to leave
	case !ok, errors.Is(err, errOutOfStep), f.fate != refused && f.fate != later, codeOf(err) == 421:
		return false
	}
	return l.client.Reset() == nil
}

// close ends the connection. The server may have gone already.
func (l *link) close() {
	_ = l.raw.SetDeadline(time.Now().Add(time.Second))
	_ = l.client.Quit()
	_ = l.raw.Close()
}

// codeOf returns the code of a server's refusal: 400 to 599, or 0 for any other error.
func codeOf(err error) int {
	if e, ok := errors.AsType[*textproto.Error](err); ok && e.Code >= 400 && e.Code <= 599 {
		return e.Code
	}
	return 0
}

// say returns an error for people. The server's own words are bounded, in one line, and without the
// password.
func (p *post) say(what string, err error) string {
	text := err.Error()
	if answer, ok := errors.AsType[*textproto.Error](err); ok {
		text = fmt.Sprintf("%d %s", answer.Code, answer.Msg)
	}
	text = cutText(p.server.Redact(text))
	if what == "" {
		return text
	}
	return p.server.Address() + " " + what + ": " + text
}

func cutText(s string) string { return oneLine(s, mostText) }

// errTooMuch ends a connection to a server that never stops talking.
var errTooMuch = errors.New("the server sends too much")

// bounded is a connection that reads a bounded number of bytes.
type bounded struct {
	net.Conn
	left int
}

func (b *bounded) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, errTooMuch
	}
	n, err := b.Conn.Read(p[:min(len(p), b.left)])
	b.left -= n
	return n, err
}
