package command

import (
	"os"
	"strings"
	"testing"

	"oktareset/runner/fault"
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
