package command

import (
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"oktareset/oktaclient/standin"
	"oktareset/runner/fault"
	"oktareset/runner/ledger"
	"oktareset/runner/results"
	"oktareset/testdata/mailserver"
)

// A record that has less than the list is damage: nobody gets a second mail because of it, and it
// stays as it is.
func TestNotifyShortenedRecord(t *testing.T) {
	t.Parallel()
	mailingTo(t, 4, nil, func(m *mailing) {
		ctx := m.t.Context()
		m.resetAll()
		m.wantMails(m.notify(ctx, confirm(6)), 0, 6, map[string]int{"sent": 6})
		whole := m.read("users.notify.journal")
		lines := strings.SplitAfter(whole, "\n")
		for _, tt := range []struct{ name, content, said string }{
			{"empty", "", "it is empty, and there is a list of its mails"},
			{"half of a head", whole[:20], "it is empty, and there is a list of its mails"},
			{"the head only", lines[0] + lines[1], "it lacks 6 mails that the list has as sent or unknown"},
			{"without the last mails", strings.Join(lines[:10], ""), "it lacks "},
		} {
			m.overwrite("users.notify.journal", []byte(tt.content))
			for _, flags := range [][]string{{"--resume", confirm(6)}, {"--dry-run"}} {
				code := m.notify(ctx, flags...)
				if !strings.Contains(m.stderr, tt.said) || !strings.Contains(m.stderr, "hint: put it back as the last run left it") {
					m.t.Errorf("%s %s:\n%s", tt.name, flags, m.stderr)
				}
				m.wantMails(code, fault.ExitUsage, 6, map[string]int{"sent": 6})
			}
			if m.read("users.notify.journal") != tt.content {
				m.t.Errorf("%s: the record was changed", tt.name)
			}
		}
		// The last line of all may be torn: the mail was taken before, and is in doubt.
		m.overwrite("users.notify.journal", []byte(whole[:len(whole)-3]))
		m.wantMails(m.notify(ctx, "--resume", confirm(6)), fault.ExitRows, 6, map[string]int{"sent": 5, "unknown": 1})
		_ = os.Remove(m.path("users.notify.csv"))
		release, err := ledger.Hold(m.path("users.notify.csv"), results.Run{RunID: "other"})
		if err != nil {
			m.t.Fatal(err)
		}
		m.overwrite("users.notify.journal", []byte(whole[:len(whole)-3]))
		if m.notify(ctx, "--dry-run"); !strings.Contains(m.stderr, ": under way, by another run\n") || strings.Contains(m.stderr, "in doubt") {
			m.t.Errorf("a dry run beside a run that sends:\n%s", m.stderr)
		}
		if err := release(); err != nil {
			m.t.Fatal(err)
		}
		m.notify(ctx, "--resume", confirm(6))
		_ = os.Remove(m.path("users.notify.journal"))
		if code := m.notify(ctx, "--dry-run"); code != fault.ExitUsage || !strings.Contains(m.stderr, "put its .journal back beside it") {
			m.t.Errorf("a dry run beside a list without its record: %d\n%s", code, m.stderr)
		}
	})
}

// Results have one record, also if a link leads to them.
func TestNotifyThroughLink(t *testing.T) {
	t.Parallel()
	mailingTo(t, 4, nil, func(m *mailing) {
		ctx := m.t.Context()
		m.resetAll()
		m.wantMails(m.notify(ctx, confirm(6)), 0, 6, map[string]int{"sent": 6})
		if err := os.Mkdir(m.path("link"), 0o700); err != nil {
			m.t.Fatal(err)
		}
		for _, name := range []string{"users.results.csv", "users.results.json"} {
			if err := os.Symlink(m.path(name), m.path("link/"+name)); err != nil {
				m.t.Fatal(err)
			}
		}
		home := m.dir
		m.dir = m.path("link")
		code := m.notify(ctx, confirm(6))
		m.dir = home
		if !strings.Contains(m.stderr, "exists already: mails about this were sent") {
			m.t.Errorf("beside the link:\n%s", m.stderr)
		}
		m.wantMails(code, fault.ExitUsage, 6, map[string]int{"sent": 6})
		if entries, _ := os.ReadDir(m.path("link")); len(entries) != 2 {
			m.t.Errorf("files beside the link: %v", entries)
		}
	})
}

// A run for users keeps what an earlier one left open for managers, and the other way round.
func TestNotifyKeepsWhatIsOpen(t *testing.T) {
	t.Parallel()
	refused := []string{"boss@example.com", "user1@example.com"}
	on := func(e mailserver.Event) mailserver.Reply {
		if e.Step == mailserver.To && slices.Contains(refused, e.To) {
			return mailserver.Reply{Code: 550, Text: "no"}
		}
		return mailserver.Reply{}
	}
	mailingTo(t, 4, on, func(m *mailing) {
		ctx := m.t.Context()
		m.resetAll()
		m.wantMails(m.notify(ctx, confirm(6)), fault.ExitRows, 4, map[string]int{"sent": 4, "refused": 2})
		if code := m.notify(ctx, "--dry-run"); code != 0 || !strings.Contains(m.stderr, "to send them: oktareset notify --resume ") {
			m.t.Errorf("a dry run beside a record: %d\n%s", code, m.stderr)
		}
		refused = refused[:1]
		code := m.notify(ctx, "--resume", "--to", "user", confirm(1))
		for _, text := range []string{"6 mails: 5 sent, 1 refused", "manager boss@example.com: refused: 550 no", "still not sent: 1 mail of earlier runs; continue with --resume, without --to"} {
			if !strings.Contains(m.stderr, text) {
				m.t.Errorf("not said: %q\n%s", text, m.stderr)
			}
		}
		m.wantMails(code, fault.ExitRows, 5, map[string]int{"sent": 5, "refused": 1})
		refused = nil
		m.wantMails(m.notify(ctx, "--resume", confirm(1)), 0, 6, map[string]int{"sent": 6})
	})
}

// A reminder that was refused isn't open any more once the user is back.
func TestNotifyReminderNotNeeded(t *testing.T) {
	t.Parallel()
	on := func(e mailserver.Event) mailserver.Reply {
		if e.Step == mailserver.To && e.To == "user0@example.com" {
			return mailserver.Reply{Code: 550, Text: "no"}
		}
		return mailserver.Reply{}
	}
	mailingTo(t, 2, on, func(m *mailing) {
		ctx := m.t.Context()
		m.resetAll()
		<-time.After(time.Hour)
		m.after(ctx, &m.stdout)
		list := "--remind=" + m.path("users.after.csv")
		if code := m.notify(ctx, list, "--to=user", confirm(2)); code != fault.ExitRows {
			m.t.Fatalf("%d\n%s", code, m.stderr)
		}
		m.enroll(0)
		<-time.After(time.Hour)
		m.after(ctx, &m.stdout)
		code := m.notify(ctx, list, "--to=user", "--resume")
		if got := m.read("users.reminder.csv"); code != 0 || m.server.Count("") != 1 || !strings.Contains(got, ",skipped,not_needed,") {
			m.t.Errorf("%d\n%s\n%s", code, got, m.stderr)
		}
	})
}

// Somebody has to know whose manager wasn't told: because the manager has left, or because there
// is nobody but the user.
func TestNotifyManagerWhoCantTell(t *testing.T) {
	t.Parallel()
	mailingTo(t, 2, nil, func(m *mailing) {
		m.org.Add(standin.User{ID: "00u9boss000000000004", Login: "dora@example.com", Status: standin.StatusDeprovisioned})
		m.overwrite("users.csv", []byte("userId,manager\n"+m.ids[0]+",dora@example.com\n"+m.ids[1]+","+m.ids[1]+"\n"))
		m.resetAll()
		rows := m.wantMails(m.notify(m.t.Context(), confirm(2)), fault.ExitRows, 2, map[string]int{"sent": 2, "no_address": 1})
		if last := rows[2]; last[0] != "manager" || last[7] != "deprovisioned" {
			m.t.Errorf("%q", last)
		}
		for _, text := range []string{"manager dora@example.com: deactivated: nobody told the manager of 1 user", "1 user has no manager in the results"} {
			if !strings.Contains(m.stderr, text) {
				m.t.Errorf("not said: %q\n%s", text, m.stderr)
			}
		}
	})
}

// Reminders go by a list that fits the results as they are now, and its age counts by the server's
// clock.
func TestNotifyRemindsByAFittingList(t *testing.T) {
	t.Parallel()
	mailingIn(t, standin.Config{Latency: 100 * time.Millisecond}, 4, nil, func(m *mailing) {
		ctx := m.t.Context()
		m.org.SetClockSkew(-30 * time.Hour)
		if code := m.reset("--workers", "1", "--limit", "2", confirm(4)); code != fault.ExitStopped {
			m.t.Fatalf("reset: %d\n%s", code, m.stderr)
		}
		m.after(ctx, &m.stdout)
		list := "--remind=" + m.path("users.after.csv")
		if code := m.notify(ctx, list, "--to=user", "--dry-run"); code != 0 || !strings.Contains(m.stderr, "2 mails would be sent, to 2 users") {
			m.t.Errorf("the clocks differ by more than a day: %d\n%s", code, m.stderr)
		}
		whole := m.read("users.after.csv")
		lines := strings.SplitAfter(whole, "\n")
		m.overwrite("users.after.csv", []byte(lines[0]+lines[2]))
		if code := m.notify(ctx, list, "--to=user", confirm(1)); code != fault.ExitUsage || !strings.Contains(m.stderr, "doesn't fit these results: it doesn't have the same users") {
			m.t.Errorf("a list without a line: %d\n%s", code, m.stderr)
		}
		m.overwrite("users.after.csv", []byte(whole))
		<-time.After(time.Hour)
		if code := m.reset("--resume", "--limit", "1"); code != fault.ExitStopped {
			m.t.Fatalf("resume: %d\n%s", code, m.stderr)
		}
		if code := m.notify(ctx, list, "--to=user", confirm(2)); code != fault.ExitUsage || !strings.Contains(m.stderr, "doesn't fit these results: it doesn't have the same users") {
			m.t.Errorf("somebody was reset since: %d\n%s", code, m.stderr)
		}
		if m.server.Count("") != 0 {
			m.t.Errorf("%d mails", m.server.Count(""))
		}
	})
}
