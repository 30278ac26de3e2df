// Package mailserver is a mail server for tests. It keeps what it accepted, and counts it, whatever
// its client has learned of it.
package mailserver

import (
	"crypto/tls"
	"errors"
	"io"
	"log"
	"net"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// Mail is a mail that the server accepted.
type Mail struct{ From, To, Content string }

// The steps at which a server may fail.
const (
	Connect = "connect" // before the greeting
	From    = "from"
	To      = "to"
	Content = "content" // it has all of it
)

// Event is a step of a client.
type Event struct {
	Step, To string
	N        int // how often this step was reached, with this one
}

// Reply is what the server does at a step. The zero value accepts.
type Reply struct {
	Code int // 0: accept
	Text string
	Wait time.Duration // before anything else
	Drop bool          // end the connection without an answer; a whole mail counts as accepted
}

// Server is a mail server. Set its fields before it is served.
type Server struct {
	On             func(Event) Reply // nil: accept everything
	User, Password string            // "": nobody signs in
	OAuth2         bool              // by XOAUTH2 only
	TLS            *tls.Config       // nil: no STARTTLS
	Implicit       bool              // TLS from the first byte

	mu     sync.Mutex
	mails  []Mail
	counts map[string]int
	server *smtp.Server
	closed chan struct{}
}

// Serve serves until Close.
func (s *Server) Serve(l net.Listener) {
	s.counts, s.closed = make(map[string]int), make(chan struct{})
	s.server = smtp.NewServer(s)
	s.server.Domain, s.server.ErrorLog, s.server.AllowInsecureAuth = "mail.example.com", log.New(io.Discard, "", 0), false
	s.server.TLSConfig = s.TLS
	if s.Implicit {
		l, s.server.TLSConfig = tls.NewListener(l, s.TLS), nil
	}
	go s.server.Serve(l) //nolint:errcheck // it ends with Close
}

// Close ends the server and its connections.
func (s *Server) Close() {
	close(s.closed)
	_ = s.server.Close()
}

// Mails returns what was accepted.
func (s *Server) Mails() []Mail {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.mails)
}

// Count returns how many mails an address got; "" for all.
func (s *Server) Count(address string) int {
	n := 0
	for _, m := range s.Mails() {
		if address == "" || m.To == address {
			n++
		}
	}
	return n
}

// Reached returns how often clients reached a step.
func (s *Server) Reached(step string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.counts[step]
}

// NewSession begins a connection.
func (s *Server) NewSession(c *smtp.Conn) (smtp.Session, error) {
	ses := &session{server: s, conn: c}
	return ses, ses.at(Connect, nil)
}

type session struct {
	server   *Server
	conn     *smtp.Conn
	from, to string
	in       bool // signed in
	began    bool // a mail, which isn't over
}

var errDropped = errors.New("dropped")

// at plays what happens at a step. accept is called if the step succeeds, or if only its answer is
// lost.
func (s *session) at(step string, accept func()) error {
	s.server.mu.Lock()
	s.server.counts[step]++
	e := Event{step, s.to, s.server.counts[step]}
	s.server.mu.Unlock()
	var r Reply
	if s.server.On != nil {
		r = s.server.On(e)
	}
	if r.Wait > 0 {
		select {
		case <-time.After(r.Wait):
		case <-s.server.closed:
		}
	}
	if accept != nil && r.Code == 0 {
		accept()
	}
	if r.Drop {
		_ = s.conn.Conn().Close()
		return errDropped
	}
	if r.Code != 0 {
		return &smtp.SMTPError{Code: r.Code, EnhancedCode: smtp.NoEnhancedCode, Message: r.Text}
	}
	return nil
}

func (s *session) Reset()        { s.began = false }
func (s *session) Logout() error { return nil }

func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	if s.server.User != "" && !s.in {
		return smtp.ErrAuthRequired
	}
	if s.began { // as strict servers do
		return &smtp.SMTPError{Code: 503, EnhancedCode: smtp.NoEnhancedCode, Message: "nested MAIL command"}
	}
	s.from, s.to, s.began = from, "", true
	return s.at(From, nil)
}

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.to = to
	return s.at(To, nil)
}

func (s *session) Data(r io.Reader) error {
	b, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	return s.at(Content, func() {
		s.server.mu.Lock()
		defer s.server.mu.Unlock()
		s.server.mails = append(s.server.mails, Mail{s.from, s.to, string(b)})
	})
}

func (s *session) AuthMechanisms() []string {
	switch {
	case s.server.User == "":
		return nil
	case s.server.OAuth2:
		return []string{"XOAUTH2"}
	}
	return []string{sasl.Plain}
}

func (s *session) Auth(string) (sasl.Server, error) {
	check := func(user, password string) error {
		if user != s.server.User || password != s.server.Password {
			return &smtp.SMTPError{Code: 535, EnhancedCode: smtp.NoEnhancedCode, Message: "no: " + password}
		}
		s.in = true
		return nil
	}
	if s.server.OAuth2 {
		return bearer(check), nil
	}
	return sasl.NewPlainServer(func(_, user, password string) error { return check(user, password) }), nil
}

// bearer is the server's part of XOAUTH2.
type bearer func(user, token string) error

func (b bearer) Next(answer []byte) (challenge []byte, done bool, err error) {
	user, rest, _ := strings.Cut(strings.TrimPrefix(string(answer), "user="), "\x01auth=Bearer ")
	return nil, true, b(user, strings.TrimRight(rest, "\x01"))
}

// Pipe is a listener in memory, for virtual time.
type Pipe struct {
	conns chan net.Conn
	done  chan struct{}
	once  sync.Once
}

// NewPipe makes a listener.
func NewPipe() *Pipe { return &Pipe{conns: make(chan net.Conn), done: make(chan struct{})} }

// Dial connects to it.
func (p *Pipe) Dial() (net.Conn, error) {
	near, far := net.Pipe()
	select {
	case p.conns <- far:
		return near, nil
	case <-p.done:
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: errors.New("connection refused")}
	}
}

// Accept returns the next connection.
func (p *Pipe) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.done:
		return nil, net.ErrClosed
	}
}

// Close ends the listener.
func (p *Pipe) Close() error {
	p.once.Do(func() { close(p.done) })
	return nil
}

// Addr is no address.
func (p *Pipe) Addr() net.Addr { return &net.UnixAddr{Name: "pipe"} }
