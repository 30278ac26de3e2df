package notify

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"oktareset/runner/access"
	"oktareset/testdata/certificate"
	"oktareset/testdata/mailserver"
)

const secret = "s3cret-Pass"

// settings returns a mail server's settings as the environment gives them.
func settings(t *testing.T, url, password string) (*access.MailServer, error) {
	t.Helper()
	env := map[string]string{"OKTARESET_SMTP": url, "OKTARESET_SMTP_PASSWORD": password}
	e := &access.Env{Process: access.Process{Getenv: func(name string) string { return env[name] }}}
	return e.LoadMailServer(t.Context(), access.MailFlags{})
}

// serve serves a mail server with this kind of certificate, and returns the way to it.
func serve(t *testing.T, s *mailserver.Server, url, kind string) *post {
	t.Helper()
	m, err := settings(t, url, map[bool]string{true: secret}[strings.Contains(url, "@")])
	if err != nil {
		t.Fatal(err)
	}
	p := &post{server: m, from: "it@example.com", roots: x509.NewCertPool()}
	if kind != "" {
		host := "mail.example.com"
		if kind == "other" {
			host = "other.example.com"
		}
		cert, authority, err := certificate.New(host)
		if err != nil {
			t.Fatal(err)
		}
		s.TLS = &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS10}
		if kind == "old" {
			s.TLS.MaxVersion = tls.VersionTLS11
		}
		if kind != "stranger" {
			p.roots.AppendCertsFromPEM(authority)
		}
	}
	pipe := mailserver.NewPipe()
	s.Serve(pipe)
	t.Cleanup(s.Close)
	p.dial = func(context.Context, string, string) (net.Conn, error) { return pipe.Dial() }
	return p
}

// A server that doesn't prove who it is gets neither password nor mail; nobody's password is shown.
func TestConnect(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, url, certificate string
		server                 *mailserver.Server
		fate                   fate // 0: it works
		said                   string
	}{
		{"STARTTLS", "smtp://it@mail.example.com", "good", &mailserver.Server{User: "it", Password: secret}, 0, ""},
		{"TLS", "smtps://it@mail.example.com", "good", &mailserver.Server{User: "it", Password: secret, Implicit: true}, 0, ""},
		{"access token", "smtp://it@mail.example.com?auth=xoauth2", "good", &mailserver.Server{User: "it", Password: secret, OAuth2: true}, 0, ""},
		{"no account", "smtp://mail.example.com", "good", &mailserver.Server{}, 0, ""},
		{"no STARTTLS", "smtp://it@mail.example.com", "", &mailserver.Server{}, unsafe, "doesn't offer STARTTLS"},
		{"no STARTTLS, no account", "smtp://mail.example.com", "", &mailserver.Server{}, unsafe, "doesn't offer STARTTLS"},
		{"unknown authority", "smtp://it@mail.example.com", "stranger", &mailserver.Server{User: "it", Password: secret}, unsafe, "doesn't prove that it is mail.example.com"},
		{"certificate of another host", "smtps://it@mail.example.com", "other", &mailserver.Server{User: "it", Password: secret, Implicit: true}, unsafe, "doesn't prove that it is mail.example.com"},
		{"old TLS", "smtp://it@mail.example.com", "old", &mailserver.Server{User: "it", Password: secret}, unsafe, "doesn't prove that it is mail.example.com"},
		{"wrong password", "smtp://it@mail.example.com", "good", &mailserver.Server{User: "it", Password: "other"}, denied, "doesn't accept the account or its password: 535 no: REDACTED"},
		{"wrong token", "smtp://it@mail.example.com?auth=xoauth2", "good", &mailserver.Server{User: "it", Password: "other", OAuth2: true}, denied, "doesn't accept the account"},
		{"nobody signs in", "smtp://it@mail.example.com", "good", &mailserver.Server{}, denied, "offers none of the ways to sign in"},
		{"other ways to sign in", "smtp://it@mail.example.com", "good", &mailserver.Server{User: "it", OAuth2: true}, denied, "XOAUTH2"},
		{"not here", "smtp://it@mail.example.com", "good", &mailserver.Server{On: greets(554, "go away")}, denied, "takes no mails from here: 554 go away"},
		{"too many connections", "smtp://it@mail.example.com", "good", &mailserver.Server{On: greets(421, "too many")}, busy, "421 too many"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := serve(t, tt.server, tt.url, tt.certificate)
				l, err := p.connect(t.Context())
				if tt.fate == 0 {
					if err != nil {
						t.Fatal(err)
					}
					if err := l.send(t.Context(), "ann@example.com", []byte("Subject: x\r\n\r\n.\r\n"), func() error { return nil }); err != nil {
						t.Error(err)
					}
					l.close()
					if tt.server.Count("ann@example.com") != 1 {
						t.Error("no mail came")
					}
					return
				}
				f, ok := errors.AsType[*failure](err)
				if !ok || f.fate != tt.fate || !strings.Contains(f.text, tt.said) || strings.Contains(f.text, secret) {
					t.Errorf("%v", err)
				}
				if tt.server.Reached(mailserver.From) > 0 {
					t.Error("it began a mail")
				}
			})
		})
	}
}

func greets(code int, text string) func(mailserver.Event) mailserver.Reply {
	return func(e mailserver.Event) mailserver.Reply {
		if e.Step == mailserver.Connect {
			return mailserver.Reply{Code: code, Text: text}
		}
		return mailserver.Reply{}
	}
}

// A server that talks without an end, or not at all, takes neither memory nor time; its words are
// bounded and can't act on a terminal.
func TestHostileServer(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, greeting, answer string // answer: what it says from then on; "": nothing
		said                   string
		most                   time.Duration
		tls                    bool
	}{
		{"endless line", "220 ", "x", "the server sends too much", time.Second, false},
		{"endless lines", "220-x\r\n", "220-x\r\n", "the server sends too much", time.Second, false},
		{"silence", "", "", "didn't answer within 30s", connectTime + time.Second, false},
		{"silence after the greeting", "220 hi\r\n", "", "didn't answer within 30s", connectTime + time.Second, false},
		{"a page", "HTTP/1.1 400 Bad Request\r\n\r\n", "", "doesn't greet", time.Second, false},
		{"colours", "554 \x1b[31m" + strings.Repeat("red\u202e ", 500) + "\r\n", "", "554 [31mred red", time.Second, false},
		{"no TLS at its port", "220 hi, what do you want from me?\r\n", "", "doesn't speak TLS from the first byte", time.Second, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m, err := settings(t, map[bool]string{true: "smtps", false: "smtp"}[tt.tls]+"://127.0.0.1:2525", "")
				if err != nil {
					t.Fatal(err)
				}
				p := &post{server: m, from: "it@example.com", dial: func(context.Context, string, string) (net.Conn, error) {
					near, far := net.Pipe()
					go talk(far, tt.greeting, tt.answer)
					return near, nil
				}}
				start := time.Now()
				_, err = p.connect(t.Context())
				f, ok := errors.AsType[*failure](err)
				if !ok || !strings.Contains(f.text, tt.said) || len(f.text) > 1000 || strings.ContainsAny(f.text, "\x1b\u202e\n") {
					t.Errorf("%v", err)
				}
				if took := time.Since(start); took > tt.most {
					t.Errorf("it took %s", took)
				}
			})
		})
	}
}

// talk is a server that says something, and then something else until nobody reads it.
func talk(c net.Conn, greeting, answer string) {
	defer c.Close()
	heard := make(chan struct{})
	go func() {
		_, _ = io.Copy(io.Discard, c)
		close(heard)
	}()
	if _, err := io.WriteString(c, greeting); err != nil {
		return
	}
	for answer != "" {
		if _, err := io.WriteString(c, strings.Repeat(answer, 1000)); err != nil {
			return
		}
	}
	<-heard
}

// The address of the server is understood or refused; nothing that may be a secret is shown.
func TestMailServerSettings(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ url, password, want string }{
		{"smtp://mail.example.com", "", "mail.example.com:587 (STARTTLS)"},
		{"smtps://mail.example.com/", "", "mail.example.com:465 (TLS)"},
		{"smtp://it@example.com@mail.example.com:2587", secret, "mail.example.com:2587 (STARTTLS) as it@example.com"},
		{"smtp://127.0.0.1:25", "", "127.0.0.1:25 (this machine, without TLS)"},
		{"smtp://[::1]:25", "", "[::1]:25 (this machine, without TLS)"},
		{"smtp://localhost:25", "", "localhost:25 (this machine, without TLS)"},
		{"smtp://it@localhost", secret, "localhost:587 (STARTTLS) as it"}, // a password goes through TLS only
		{"smtp://10.0.0.1:25", "", "10.0.0.1:25 (STARTTLS)"},
		{"smtp://localhost.example.com:25", "", "localhost.example.com:25 (STARTTLS)"},
		{"smtp://it:" + secret + "@mail.example.com", "", "contains a password"},
		{"smtp://it@mail.example.com", "", "there is no password for it"},
		{"smtp://mail.example.com", secret, "names no account"},
		{"smtp://it@mail.example.com", secret + "\nx", "more than one line"},
		{"mail.example.com:587", "", "isn't the address of a mail server"},
		{"https://mail.example.com", "", "isn't the address of a mail server"},
		{"smtp://mail.example.com?tls=off", "", "isn't the address of a mail server"},
		{"smtp://mail.example.com:0", "", "isn't the address of a mail server"},
		{"smtp://mail.example.com/x", "", "isn't the address of a mail server"},
		{`"smtp://mail.example.com"`, "", "quotes around it"},
		{"OKTARESET_SMTP=smtp://" + secret, "", "NAME=value"},
		{"smtp://%zz" + secret, "", "isn't the address of a mail server"},
		{"", "", "no mail server"},
	} {
		m, err := settings(t, tt.url, tt.password)
		got := fmt.Sprint(m, err)
		if err == nil {
			got = m.String()
		}
		if !strings.Contains(got, tt.want) || strings.Contains(got, secret) || strings.Contains(fmt.Sprintf("%#v", m), secret) {
			t.Errorf("%s: %s, want %s", tt.url, got, tt.want)
		}
	}
}

// Without TLS, only this machine is dialled, wherever a name leads.
func TestPlainMailStaysHere(t *testing.T) {
	t.Parallel()
	m, err := settings(t, "smtp://localhost:25", "")
	if err != nil {
		t.Fatal(err)
	}
	m.Host = "192.0.2.1" // where localhost may lead
	start := time.Now()
	_, err = newPost(new(access.Env), m, "it@example.com").connect(t.Context())
	if err == nil || !strings.Contains(err.Error(), "isn't a loopback address") || time.Since(start) > 5*time.Second {
		t.Errorf("%v", err)
	}
}
