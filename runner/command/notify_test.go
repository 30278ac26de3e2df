package command

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"net"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"oktareset/oktaclient/standin"
	"oktareset/runner/access"
	"oktareset/runner/console"
	"oktareset/runner/fault"
	"oktareset/runner/ledger"
	"oktareset/runner/progress"
	"oktareset/runner/results"
	"oktareset/testdata/mailserver"
)

// mailing is an org whose users were reset, and a mail server.
type mailing struct {
	*virtual
	server *mailserver.Server
	down   atomic.Bool // the server can't be reached
}

// mailingTo runs f with a file of so many users, who have two managers.
func mailingTo(t *testing.T, users int, on func(mailserver.Event) mailserver.Reply, f func(m *mailing)) {
	t.Helper()
	mailingIn(t, standin.Config{}, users, on, f)
}

func mailingIn(t *testing.T, cfg standin.Config, users int, on func(mailserver.Event) mailserver.Reply, f func(m *mailing)) {
	t.Helper()
	virtually(t, users, cfg, func(v *virtual) {
		var csv strings.Builder
		csv.WriteString("userId,firstName,lastName,manager\n")
		for i, id := range v.ids {
			fmt.Fprintf(&csv, "%s,User,%s,%s\n", id, surname(i), []string{"boss@example.com", "00u9boss000000000002"}[i%2])
		}
		v.org.Add(standin.User{ID: "00u9boss000000000001", Login: "boss@example.com"})
		v.org.Add(standin.User{ID: "00u9boss000000000002", Login: "chief@example.com"})
		v.overwrite("users.csv", []byte(csv.String()))
		m := &mailing{virtual: v, server: &mailserver.Server{On: on}}
		pipe := mailserver.NewPipe()
		m.server.Serve(pipe)
		defer m.server.Close()
		v.dial = func(_ context.Context, _, address string) (net.Conn, error) {
			if m.down.Load() {
				return nil, &net.OpError{Op: "dial", Net: "tcp", Err: os.ErrDeadlineExceeded}
			}
			if address != "127.0.0.1:2525" {
				t.Errorf("it dialled %s", address)
			}
			return pipe.Dial()
		}
		f(m)
	})
}

// surname returns a name for a user: one with digits is none.
func surname(i int) string { return fmt.Sprintf("Lee%c%c", 'a'+i/26%26, 'a'+i%26) }

// resetAll resets everybody.
func (m *mailing) resetAll() {
	m.t.Helper()
	if code := m.reset(confirm(len(m.ids))); code != 0 {
		m.t.Fatalf("reset: %d\n%s", code, m.stderr)
	}
}

// notify runs "oktareset notify FLAGS users.results.csv" and returns the exit code.
func (v *virtual) notify(ctx context.Context, flags ...string) int {
	v.t.Helper()
	all := []string{
		"oktareset", "notify", v.path("users.results.csv"), "--from", "IT <it@example.com>", "--contact", "the service desk, 0100",
		"--smtp", "smtp://127.0.0.1:2525",
	}
	args, err := permute(append(all, flags...))
	if err != nil {
		v.t.Fatal(err)
	}
	env := map[string]string{"OKTA_CLIENT_ORGURL": "https://acme.okta.com", "OKTA_CLIENT_TOKEN": v.org.Token()}
	maps.Copy(env, v.env)
	var stderr bytes.Buffer
	v.stdout.Reset()
	a := appOf(access.Process{Stdin: strings.NewReader(""), Stdout: &v.stdout, Stderr: &stderr, Getenv: func(k string) string { return env[k] }, Version: "test"})
	a.Console, a.Transport, a.TTY, a.Dial = console.New(progress.NewScreen(&stderr), console.Options{}), v, v.terminal, v.dial
	err = a.cli().RunContext(ctx, args)
	a.Console.Fail(err)
	v.stderr = stderr.String()
	return fault.Code(err)
}

// wantMails fails the test unless the last run ended with this code, the list has so many mails of
// each status, and no address got two mails; got is how many the server accepted.
func (m *mailing) wantMails(code, wantCode, got int, want map[string]int) [][]string {
	m.t.Helper()
	rows := readRows(m.t, m.path("users.notify.csv"))[1:]
	counts := make(map[string]int)
	for _, row := range rows {
		counts[row[6]]++
		if n := m.server.Count(row[5]); n > 1 && row[0] == "user" {
			m.t.Errorf("%s got %d mails", row[5], n)
		}
	}
	if code != wantCode || m.server.Count("") != got || fmt.Sprint(counts) != fmt.Sprint(want) {
		m.t.Errorf("exit %d, %d mails, %v; want %d, %d, %v:\n%s", code, m.server.Count(""), counts, wantCode, got, want, m.stderr)
	}
	return rows
}

// Every user gets one mail, every manager one with all their people, and nobody gets another one,
// however often the command runs.
func TestNotify(t *testing.T) {
	t.Parallel()
	mailingTo(t, 40, nil, func(m *mailing) {
		ctx := m.t.Context()
		m.resetAll()
		if code := m.notify(ctx); code != fault.ExitConsent || !strings.Contains(m.stderr, "it would send 42 mails") || m.server.Count("") > 0 {
			m.t.Errorf("without consent: %d\n%s", code, m.stderr)
		}
		if code := m.notify(ctx, confirm(41)); code != fault.ExitConsent || m.server.Count("") > 0 {
			m.t.Errorf("with another number: %d\n%s", code, m.stderr)
		}
		release, err := ledger.Hold(m.path("users.notify.csv"), results.Run{RunID: "other"})
		if err != nil {
			m.t.Fatal(err)
		}
		if code := m.notify(ctx, confirm(42)); code != fault.ExitUsage || !strings.Contains(m.stderr, `is being written by run "other"`) {
			m.t.Errorf("beside another run: %d\n%s", code, m.stderr)
		}
		_ = release()
		lookUps := m.org.Stats().ByOp[standin.OpGetUser]
		rows := m.wantMails(m.notify(ctx, confirm(42)), 0, 42, map[string]int{"sent": 42})
		if n := m.org.Stats().ByOp[standin.OpGetUser] - lookUps; n > 42 {
			m.t.Errorf("%d look-ups", n)
		}
		if first, last := rows[0], rows[41]; first[0] != "user" || first[5] != "user0@example.com" || last[0] != "manager" || len(strings.Fields(last[12])) != 20 {
			m.t.Errorf("%q\n%q", first, last)
		}
		mails := m.server.Mails()
		user := mails[slices.IndexFunc(mails, func(m mailserver.Mail) bool { return m.To == "user0@example.com" })].Content
		boss := mails[slices.IndexFunc(mails, func(m mailserver.Mail) bool { return m.To == "boss@example.com" })].Content
		for _, text := range []string{"Hello User Leeaa,", "sign in as you always do", "it is an alarm", "Contact at once: the service desk, 0100", "From: \"IT\" <it@example.com>"} {
			if !strings.Contains(user, text) {
				m.t.Errorf("the user's mail doesn't say %q:\n%s", text, user)
			}
		}
		for i := range 40 {
			if strings.Contains(boss, fmt.Sprintf("- User %s (", surname(i))) != (i%2 == 0) {
				m.t.Errorf("user %d in the manager's mail:\n%s", i, boss)
			}
		}
		for _, mail := range mails {
			if strings.Contains(mail.Content, "://") || strings.Contains(mail.Content, "okta.com") {
				m.t.Errorf("a link: %s", mail.Content)
			}
		}
		m.wantMails(m.notify(ctx, confirm(42)), fault.ExitUsage, 42, map[string]int{"sent": 42})
		if !strings.Contains(m.stderr, "to send what wasn't sent yet: oktareset notify --resume ") {
			m.t.Errorf("no way on:\n%s", m.stderr)
		}
		m.wantMails(m.notify(ctx, "--resume"), 0, 42, map[string]int{"sent": 42})
	})
}

// Whatever the mail server does, nobody gets two mails, and the list says what became of each.
func TestNotifyFaults(t *testing.T) {
	t.Parallel()
	type fails = func(mailserver.Event) mailserver.Reply
	only := func(step string, is func(e mailserver.Event) bool, r mailserver.Reply) fails {
		return func(e mailserver.Event) mailserver.Reply {
			if e.Step == step && is(e) {
				return r
			}
			return mailserver.Reply{}
		}
	}
	always := func(mailserver.Event) bool { return true }
	upTo := func(n int) func(mailserver.Event) bool {
		return func(e mailserver.Event) bool { return e.N <= n }
	}
	user3 := func(e mailserver.Event) bool { return e.To == "user3@example.com" }
	every := func(n int) func(mailserver.Event) bool {
		return func(e mailserver.Event) bool { return e.N%n == 0 }
	}
	for _, tt := range []struct {
		name   string
		on     fails
		code   int
		got    int
		want   map[string]int
		most   time.Duration
		said   string
		resume int // mails after a resume without the fault
	}{
		{"an unknown receiver", only(mailserver.To, user3, mailserver.Reply{Code: 550, Text: "no such \x1b[31muser"}), 1, 21, map[string]int{"sent": 21, "refused": 1}, time.Minute, "line 5 user3@example.com: refused: 550 no such [31muser", 22},
		{"refused by its content", only(mailserver.Content, user3, mailserver.Reply{Code: 554, Text: "spam"}), 1, 21, map[string]int{"sent": 21, "refused": 1}, time.Minute, "refused: 554 spam", 22},
		{"all refused", only(mailserver.To, always, mailserver.Reply{Code: 550, Text: "relaying denied"}), 4, 0, map[string]int{"refused": 10, "not_sent": 12}, time.Minute, "refused 10 mails in a row", 22},
		{"sender refused", only(mailserver.From, always, mailserver.Reply{Code: 553, Text: "not yours"}), 4, 0, map[string]int{"not_sent": 22}, time.Minute, "doesn't accept mails from it@example.com", 22},
		{"refused once for now", only(mailserver.To, upTo(4), mailserver.Reply{Code: 450, Text: "greylisted"}), 0, 22, map[string]int{"sent": 22}, 2 * time.Minute, "22 sent", 22},
		{"one refused for now", only(mailserver.To, user3, mailserver.Reply{Code: 452, Text: "mailbox full"}), 1, 21, map[string]int{"sent": 21, "not_sent": 1}, 3 * time.Minute, "not sent: 452 mailbox full", 22},
		{"all refused for now", only(mailserver.Content, always, mailserver.Reply{Code: 451, Text: "later"}), 5, 0, map[string]int{"not_sent": 22}, 10 * time.Minute, "has taken no mail for 5m0s", 22},
		{"throttled", only(mailserver.From, every(4), mailserver.Reply{Code: 421, Text: "slow down"}), 0, 22, map[string]int{"sent": 22}, 3 * time.Minute, "22 sent", 22},
		{"broken off before the content", only(mailserver.To, every(5), mailserver.Reply{Drop: true}), 0, 22, map[string]int{"sent": 22}, 2 * time.Minute, "22 sent", 22},
		{"seldom throttled", only(mailserver.From, every(4), mailserver.Reply{Code: 421, Text: "slow down"}), 0, 22, map[string]int{"sent": 22}, 6 * time.Hour, "22 sent", 22},
		{"closed between mails", only(mailserver.From, every(3), mailserver.Reply{Drop: true}), 0, 22, map[string]int{"sent": 22}, 3 * time.Minute, "22 sent", 22},
		{"lost answers", only(mailserver.Content, every(8), mailserver.Reply{Drop: true}), 1, 22, map[string]int{"sent": 20, "unknown": 2}, 2 * time.Minute, "in doubt, and never sent again", 22},
		{"no answer", only(mailserver.Content, user3, mailserver.Reply{Wait: time.Hour, Drop: true}), 1, 21, map[string]int{"sent": 21, "unknown": 1}, 6 * time.Minute, "didn't answer", 21},
		{"all answers lost", only(mailserver.Content, always, mailserver.Reply{Drop: true}), 5, 5, map[string]int{"not_sent": 17, "unknown": 5}, 2 * time.Minute, "5 mails in a row are in doubt", 22},
		{"slow", only(mailserver.Content, always, mailserver.Reply{Wait: 2 * time.Minute}), 0, 22, map[string]int{"sent": 22}, 20 * time.Minute, "22 sent", 22},
		{"gone after the greeting", only(mailserver.Connect, func(e mailserver.Event) bool { return e.N > 1 }, mailserver.Reply{Drop: true}), 5, 0, map[string]int{"not_sent": 22}, 10 * time.Minute, "has taken no mail", 22},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var healthy atomic.Bool
			on := func(e mailserver.Event) mailserver.Reply {
				if healthy.Load() {
					return mailserver.Reply{}
				}
				return tt.on(e)
			}
			mailingTo(t, 20, on, func(m *mailing) {
				m.resetAll()
				start := time.Now()
				flags := []string{confirm(22)}
				if tt.name == "seldom throttled" { // the server has accepted nothing for longer than a run waits
					flags = append(flags, "--rate", "6/h")
				}
				code := m.notify(m.t.Context(), flags...)
				if took := time.Since(start); took > tt.most || !strings.Contains(m.stderr, tt.said) {
					m.t.Errorf("it took %s, at most %s, and says %q:\n%s", took, tt.most, tt.said, m.stderr)
				}
				m.wantMails(code, tt.code, tt.got, tt.want)
				healthy.Store(true)
				unknown := tt.want["unknown"]
				want := map[string]int{"sent": 22 - unknown}
				wantCode := 0
				if unknown > 0 {
					want["unknown"], wantCode = unknown, 1
				}
				m.wantMails(m.notify(m.t.Context(), "--resume", confirm(22)), wantCode, tt.resume, want)
			})
		})
	}
}

// A resume of the reset adds users: they get a mail then, and the managers get one with just these.
func TestNotifyOfLaterResets(t *testing.T) {
	t.Parallel()
	mailingTo(t, 20, nil, func(m *mailing) {
		ctx := m.t.Context()
		if code := m.reset("--workers", "1", "--limit", "5", confirm(20)); code != fault.ExitStopped {
			m.t.Fatalf("reset: %d\n%s", code, m.stderr)
		}
		m.wantMails(m.notify(ctx, confirm(7)), 0, 7, map[string]int{"sent": 7})
		if code := m.reset("--resume"); code != 0 {
			m.t.Fatalf("resume: %d\n%s", code, m.stderr)
		}
		rows := m.wantMails(m.notify(ctx, "--resume", confirm(17)), 0, 24, map[string]int{"sent": 24})
		told := make(map[string]int)
		for _, row := range rows {
			if row[0] == "user" {
				told[row[2]]++
			}
			for _, id := range strings.Fields(row[12]) {
				told["of "+id]++
			}
		}
		for _, id := range m.ids {
			if told[id] != 1 || told["of "+id] != 1 {
				m.t.Errorf("%s was told %d times, the manager %d times", id, told[id], told["of "+id])
			}
		}
		m.wantMails(m.notify(ctx, "--resume"), 0, 24, map[string]int{"sent": 24})
	})
}

// A reminder goes to those alone who aren't back, once, and has a record of its own.
func TestNotifyReminds(t *testing.T) {
	t.Parallel()
	mailingIn(t, standin.Config{Reenroll: time.Hour, Absent: 20}, 20, nil, func(m *mailing) {
		ctx := m.t.Context()
		<-time.After(time.Hour)
		m.resetAll()
		if code := m.notify(ctx, confirm(22)); code != 0 {
			m.t.Fatalf("%d\n%s", code, m.stderr)
		}
		<-time.After(2 * time.Hour)
		m.after(ctx, &m.stdout)
		list := "--remind=" + m.path("users.after.csv")
		if code := m.notify(ctx, list, "--to", "user", confirm(4)); code != fault.ExitConsent {
			m.t.Errorf("another number: %d\n%s", code, m.stderr)
		}
		for _, again := range []string{"--rate=1000/s", "--resume"} {
			if code := m.notify(ctx, list, "--to", "user", confirm(5), again); code != 0 || m.server.Count("") != 27 || !strings.Contains(m.stderr, ", made less than a minute ago") {
				m.t.Errorf("%d, %d mails, want 27:\n%s", code, m.server.Count(""), m.stderr)
			}
		}
		for _, mail := range m.server.Mails()[22:] {
			if m.server.Count(mail.To) != 2 || !strings.Contains(mail.Content, "Subject: Reminder: set up") || !strings.Contains(mail.Content, "You have not set up a new one yet.") {
				m.t.Errorf("%+v", mail)
			}
		}
		m.after(ctx, &m.stdout) // its command runs, now that there is a record
		if !strings.Contains(m.stderr, "to remind those who aren't back: oktareset notify --resume --remind ") {
			m.t.Errorf("the command for reminders would be refused:\n%s", m.stderr)
		}
		<-time.After(25 * time.Hour)
		if code := m.notify(ctx, list, "--resume", "--to", "user", confirm(5)); code != fault.ExitUsage || m.server.Count("") != 27 ||
			!strings.Contains(m.stderr, "users.after.csv\" was made 25 hours ago") || !strings.Contains(m.stderr, "hint: make it anew: oktareset after ") {
			m.t.Errorf("an old list: %d\n%s", code, m.stderr)
		}
		m.overwrite("users.after.csv", []byte(strings.Replace(m.read("users.after.csv"), ",back,", ",not_yet,", 1)))
		if code := m.notify(ctx, list, "--resume", confirm(4)); code != fault.ExitUsage || !strings.Contains(m.stderr, "somebody has changed it") {
			m.t.Errorf("a list that was changed: %d\n%s", code, m.stderr)
		}
		if code := m.notify(ctx, "--remind="+m.path("users.csv"), confirm(4)); code != fault.ExitUsage || !strings.Contains(m.stderr, "isn't a list of who is back") {
			m.t.Errorf("another file: %d\n%s", code, m.stderr)
		}
	})
}

// A few bad addresses stop a run, but not every resume: it begins with the other mails.
func TestNotifyBadAddresses(t *testing.T) {
	t.Parallel()
	bad := func(e mailserver.Event) mailserver.Reply {
		if e.Step == mailserver.To && len(e.To) == len("user0@example.com") && strings.HasPrefix(e.To, "user") { // the first ten
			return mailserver.Reply{Code: 550, Text: "no such user"}
		}
		return mailserver.Reply{}
	}
	mailingTo(t, 20, bad, func(m *mailing) {
		m.resetAll()
		m.wantMails(m.notify(m.t.Context(), confirm(22)), fault.ExitNoAccess, 0, map[string]int{"refused": 10, "not_sent": 12})
		code := m.notify(m.t.Context(), "--resume", confirm(22))
		if code != fault.ExitNoAccess { // another connection's mail was accepted among the refusals
			m.wantMails(code, fault.ExitRows, 12, map[string]int{"refused": 10, "sent": 12})
		} else {
			m.wantMails(code, code, 12, map[string]int{"refused": 10, "sent": 12})
		}
	})
}

// A signal lets the mails under way end, and a resume does the rest.
func TestNotifySignal(t *testing.T) {
	t.Parallel()
	slow := func(e mailserver.Event) mailserver.Reply {
		if e.Step == mailserver.Content {
			return mailserver.Reply{Wait: 2 * time.Second}
		}
		return mailserver.Reply{}
	}
	mailingTo(t, 40, slow, func(m *mailing) {
		m.resetAll()
		ctx, stop := context.WithCancelCause(m.t.Context())
		defer stop(nil)
		time.AfterFunc(9*time.Second, func() { stop(fault.Signal{Signal: os.Interrupt}) })
		start := time.Now()
		code := m.notify(ctx, confirm(42))
		if took := time.Since(start); code != 130 || took > 15*time.Second || !strings.Contains(m.stderr, "to send what wasn't sent: oktareset notify --resume ") {
			m.t.Errorf("exit %d after %s:\n%s", code, took, m.stderr)
		}
		sent := m.server.Count("")
		if sent < 5 || sent > 20 {
			m.t.Errorf("%d mails", sent)
		}
		m.wantMails(code, 130, sent, map[string]int{"sent": sent, "not_sent": 42 - sent})
		m.wantMails(m.notify(m.t.Context(), "--resume", confirm(42)), 0, 42, map[string]int{"sent": 42})
	})
}

// After a signal nobody waits for a server that doesn't answer.
func TestNotifySignalAtSilence(t *testing.T) {
	t.Parallel()
	silent := func(e mailserver.Event) mailserver.Reply {
		if e.Step == mailserver.Content && e.N > 5 {
			return mailserver.Reply{Wait: time.Hour, Drop: true}
		}
		return mailserver.Reply{}
	}
	mailingTo(t, 20, silent, func(m *mailing) {
		m.resetAll()
		ctx, stop := context.WithCancelCause(m.t.Context())
		defer stop(nil)
		time.AfterFunc(9*time.Second, func() { stop(fault.Signal{Signal: os.Interrupt}) })
		start := time.Now()
		code := m.notify(ctx, confirm(22))
		if took := time.Since(start); took > time.Minute {
			m.t.Errorf("it took %s:\n%s", took, m.stderr)
		}
		m.wantMails(code, 130, 5, map[string]int{"sent": 5, "unknown": 3, "not_sent": 14})
	})
}

// The rate is kept.
func TestNotifyRate(t *testing.T) {
	t.Parallel()
	mailingTo(t, 20, nil, func(m *mailing) {
		m.resetAll()
		start := time.Now()
		m.wantMails(m.notify(m.t.Context(), "--rate", "30/m", confirm(22)), 0, 22, map[string]int{"sent": 22})
		if took := time.Since(start); took < 41*time.Second || took > 45*time.Second {
			m.t.Errorf("22 mails at 30 a minute took %s", took)
		}
	})
}

// A server closes connections that aren't used for minutes. At a slow rate each mail gets a new one,
// and none has to wait for another turn.
func TestNotifyIdleConnections(t *testing.T) {
	t.Parallel()
	var opened atomic.Int64
	idle := func(e mailserver.Event) mailserver.Reply {
		now := time.Now()
		if e.Step == mailserver.Connect {
			opened.Store(now.Unix())
		}
		return mailserver.Reply{Drop: e.Step == mailserver.From && now.Sub(time.Unix(opened.Load(), 0)) > 5*time.Minute}
	}
	mailingTo(t, 12, idle, func(m *mailing) {
		m.resetAll()
		start := time.Now()
		code := m.notify(m.t.Context(), "--rate", "6/h", confirm(14))
		if took := time.Since(start); code != 0 || m.server.Count("") != 14 || took > 132*time.Minute {
			m.t.Errorf("exit %d, %d mails in %v:\n%s", code, m.server.Count(""), took, m.stderr)
		}
	})
}
