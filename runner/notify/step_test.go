package notify

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"testing/synctest"
)

// stepServer answers a mail's content with after, and says early right behind its 354.
func stepServer(conn net.Conn, early, after string, accepted *int) {
	out := make(chan string, 100)
	defer close(out)
	go func() {
		for s := range out {
			_, _ = fmt.Fprint(conn, s)
		}
		_ = conn.Close()
	}()
	out <- "220 hi\r\n"
	in, content := bufio.NewScanner(conn), false
	for in.Scan() {
		switch line := in.Text(); {
		case content && line == ".":
			content = false
			*accepted++
			out <- after
		case content:
		case line == "DATA":
			content = true
			out <- "354 go\r\n" + early
		default:
			out <- "250 ok\r\n"
		}
	}
}

// An answer that comes before the end of a mail isn't the one to it: the mail isn't taken for sent,
// for refused, or for one that can be sent again, unless its end was never sent.
func TestAnswersOutOfStep(t *testing.T) {
	const ok = "250 ok\r\n"
	for _, tt := range []struct {
		early, after string
		fate         fate // 0: sent
		accepted     int
	}{
		{"", ok, 0, 1},
		{"451 slow down\r\n", ok, busy, 0},
		{"421 idle\r\n", ok, busy, 0},
		{"550 no\r\n", ok, busy, 0},
		{ok, "554 spam\r\n", busy, 0},
		{"", "554 spam\r\n", refused, 1},
		{"", "451 slow down\r\n250 ok\r\n", lost, 1},
		{"", ok + "421 bye\r\n", 0, 1},
	} {
		synctest.Test(t, func(t *testing.T) {
			m, err := settings(t, "smtp://127.0.0.1:2525", "")
			if err != nil {
				t.Fatal(err)
			}
			accepted := 0
			p := &post{server: m, from: "it@example.com", dial: func(context.Context, string, string) (net.Conn, error) {
				ours, theirs := net.Pipe()
				go stepServer(theirs, tt.early, tt.after, &accepted)
				return ours, nil
			}}
			l, err := p.connect(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			err = l.send(t.Context(), "ada@example.com", []byte("Subject: x\r\n\r\nhi\r\n"), func() error { return nil })
			got := fate(0)
			if f, ok := errors.AsType[*failure](err); ok {
				got = f.fate
			}
			synctest.Wait()
			if got != tt.fate || accepted != tt.accepted || l.reusable(err) != (tt.early+tt.after == ok || tt.fate == refused) {
				t.Errorf("%q, %q: fate %d, want %d (%v); %d accepted; reusable %v", tt.early, tt.after, got, tt.fate, err, accepted, l.reusable(err))
			}
			_ = l.raw.Close()
		})
	}
}

// Whatever of a password a server repeats, and in whatever form, isn't shown.
func TestRedactsEchoes(t *testing.T) {
	for url, lines := range map[string][]string{
		"smtp://it@mail.example.com": {
			"no: s3cret-Pass", "AUTH PLAIN AGl0AHMzY3JldC1QYXNz", "AUTH PLAIN AGl0AHMzY3J\nldC1QYXNz", "s3cret-\nPass", "unknown: czNjcmV0LVBhc3M=",
		},
		"smtp://it@mail.example.com?auth=xoauth2": {"unrecognized: AUTH XOAUTH2 dXNlcj1pdAFhdXRoPUJlYXJlciBzM2NyZXQtUGFzcwEB"},
	} {
		m, err := settings(t, url, secret)
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range lines {
			if got := m.Redact(line); !strings.Contains(got, "REDACTED") || strings.ContainsAny(got, "3\n") {
				t.Errorf("%q is shown as %q", line, got)
			}
		}
		if got := m.Redact("5.7.139 it@example.com: sign-in is disabled for the tenant"); strings.Contains(got, "REDACTED") {
			t.Errorf("an answer without the password is shown as %q", got)
		}
	}
}
