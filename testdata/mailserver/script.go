package mailserver

import (
	"bytes"
	"crypto/tls"
	"encoding/json"
	"net"
	"os"
	"strconv"
	"strings"
	"sync"

	"github.com/rogpeppe/go-internal/testscript"

	"oktareset/testdata/certificate"
)

var servers sync.Map // by a script's working folder

// Start serves a mail server for a script: smtp [tls] [auth=USER:PASSWORD] [refuse=ADDRESS]
// [kill=N]. It sets OKTARESET_SMTP and, with tls, writes the certificate of the server's authority
// into mail.pem.
func Start(ts *testscript.TestScript, _ bool, args []string) {
	s, url := new(Server), "smtp://"
	for _, arg := range args {
		key, value, _ := strings.Cut(arg, "=")
		switch key {
		case "tls":
			cert, authority, err := certificate.New("127.0.0.1")
			ts.Check(err)
			s.TLS = &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12}
			ts.Check(os.WriteFile(ts.MkAbs("mail.pem"), authority, 0o600))
		case "auth":
			s.User, s.Password, _ = strings.Cut(value, ":")
			url += s.User + "@"
		case "refuse":
			s.On = func(e Event) (r Reply) {
				if e.Step == To && e.To == value {
					r = Reply{Code: 550, Text: "no such user\x1b[31m here"}
				}
				return r
			}
		case "kill": // N: with the Nth mail's content, its sender dies, whom the lock of the list names
			n, err := strconv.Atoi(value)
			ts.Check(err)
			lock := ts.MkAbs("users.notify.csv.lock")
			s.On = func(e Event) Reply {
				if e.Step == Content && e.N == n {
					return Reply{Code: kill(lock), Text: "the sender can't be killed"}
				}
				return Reply{}
			}
		default:
			ts.Fatalf("smtp: unknown %q", arg)
		}
	}
	l, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // it listens at once
	ts.Check(err)
	s.Serve(l)
	ts.Defer(s.Close)
	servers.Store(ts.Getenv("WORK"), s)
	ts.Setenv("OKTARESET_SMTP", url+l.Addr().String())
}

// kill kills the process whose lock this is. It returns 0, or the code of an answer that says that it
// couldn't.
func kill(lock string) int {
	b, err := os.ReadFile(lock)
	var holder struct{ PID int }
	if err != nil || json.Unmarshal(bytes.TrimLeft(b, "\x00"), &holder) != nil || holder.PID == 0 {
		return 500
	}
	p, err := os.FindProcess(holder.PID)
	if err != nil || p.Kill() != nil {
		return 500
	}
	return 0
}

// Mailed asserts how many mails an address got, or all: mailed N [ADDRESS]. It also fails if any
// address got two.
func Mailed(ts *testscript.TestScript, _ bool, args []string) {
	loaded, _ := servers.Load(ts.Getenv("WORK"))
	s, ok := loaded.(*Server)
	if !ok {
		ts.Fatalf("there is no mail server")
	}
	for _, m := range s.Mails() {
		if n := s.Count(m.To); n > 1 {
			ts.Fatalf("%s got %d mails", m.To, n)
		}
	}
	address := strings.Join(args[1:], "")
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	if got := s.Count(address); got != want {
		ts.Fatalf("%q got %d mails, want %d", address, got, want)
	}
}
