package command

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"oktareset/oktaclient/standin"
	"oktareset/runner/fault"
	"oktareset/testdata/mailserver"
)

// Mails go to the addresses that Okta has, whatever the results say. People who have none, or left,
// are named; a manager is found by ID, login or address, and gets one mail whichever of these the
// rows have. An address that is one user's login and another's mail address names nobody.
func TestNotifyAddresses(t *testing.T) {
	t.Parallel()
	mailingTo(t, 11, nil, func(m *mailing) {
		m.org.Add(standin.User{ID: "00u9boss000000000003", Login: "carla", Email: "carla@example.com", FirstName: "Carla", LastName: "Cole"})
		m.org.Add(standin.User{ID: "00u9boss000000000004", Login: "dora@example.com", Status: standin.StatusDeprovisioned})
		m.org.Add(standin.User{ID: "00u9boss000000000005", Login: "short.name@example.com"})
		m.org.Add(standin.User{ID: "00u9boss000000000006", Login: "eve@example.com", Email: "e.real@example.com"})
		m.org.Add(standin.User{ID: "00u9boss000000000007", Login: "jane@example.com", Email: "eve@example.com"})
		m.org.Add(standin.User{ID: "00u9boss000000000008", Login: "fred@example.com", Email: "f.real@example.com"})
		m.org.Add(standin.User{ID: "00u9boss000000000009", Login: "carla.old", Email: "carla@example.com", Status: standin.StatusDeprovisioned})
		m.org.Add(standin.User{ID: "00u9boss000000000010", Login: "gus", Email: "team@example.com"})
		m.org.Add(standin.User{ID: "00u9boss000000000011", Login: "hal", Email: "team@example.com"})
		m.ids[3], m.ids[4], m.ids[5] = "00u8named00000000003", "00u8named00000000004", "00u8named00000000005"
		m.org.Add(standin.User{ID: m.ids[3], Login: "user3", Email: "user3@mail.example.com"})
		m.org.Add(standin.User{ID: m.ids[4], Login: "user4", Email: "a@b, c@d"})
		m.org.Add(standin.User{ID: m.ids[5], Login: "five@example.com"})
		var csv strings.Builder
		csv.WriteString("userId,email,displayName,manager\n")
		for i, cells := range [][2]string{
			{"mallory@evil.example", "carla@example.com"},
			{"mallory@evil.example", "carla"},
			{"user2@example.com\r\nBcc: x@example.com", "00u9boss000000000003"},
			{"", "dora@example.com"},
			{"good@example.com", "Bob Ray"},
			{"five@example.com", "short.name"},
			{"six@example.com", "nobody@example.com"},
			{"seven@example.com", ""},
			{"eight@example.com", "eve@example.com"},
			{"nine@example.com", "FRED@example.com"},
			{"ten@example.com", "team@example.com"},
		} {
			fmt.Fprintf(&csv, "%s,\"%s\",No %c,%s\n", m.ids[i], cells[0], 'A'+i, cells[1])
		}
		m.overwrite("users.csv", []byte(csv.String()))
		if code := m.reset(confirm(11)); code != 0 {
			m.t.Fatalf("%d\n%s", code, m.stderr)
		}
		m.org.Deactivate(m.ids[5])
		asked := &person{answer: "11"}
		m.asker = asked
		code := m.notify(m.t.Context())
		for _, said := range []string{
			"This sends 11 mails, to 9 users and 2 managers.",
			"  not told line 6 user4: Okta's mail address isn't a plain one\n", "manager nobody@example.com: Okta knows no such user\n", "1 user has no manager in the results\n",
		} {
			if len(asked.asked) != 1 || !strings.Contains(asked.asked[0], said) {
				m.t.Errorf("the question doesn't say %q: %q", said, asked.asked)
			}
		}
		if !strings.Contains(m.stderr, " 11 mails: 11 sent; 1 skipped, 7 without an address\n") {
			m.t.Errorf("other numbers:\n%s", m.stderr)
		}
		var got []string
		for _, row := range readRows(m.t, m.path("users.notify.csv"))[1:] {
			got = append(got, strings.Join([]string{row[0], row[5], row[6], row[7]}, " ")+fmt.Sprint(len(strings.Fields(row[12]))))
		}
		want := []string{
			"user user0@example.com sent 0", "user user1@example.com sent 0", "user user2@example.com sent 0", "user user3@mail.example.com sent 0", "user  no_address malformed0",
			"user five@example.com skipped deprovisioned0", "user user6@example.com sent 0", "user user7@example.com sent 0", "user user8@example.com sent 0", "user user9@example.com sent 0",
			"user user10@example.com sent 0",
			"manager carla@example.com sent 3", "manager dora@example.com no_address deprovisioned1", "manager  no_address name1", "manager  no_address name1", "manager  no_address not_found1",
			"manager  no_address ambiguous1", "manager f.real@example.com sent 1", "manager  no_address ambiguous1",
		}
		if code != 1 || !slices.Equal(got, want) || m.server.Count("") != 11 {
			m.t.Errorf("exit %d, %d mails:\n%s\nwant:\n%s\n%s", code, m.server.Count(""), strings.Join(got, "\n"), strings.Join(want, "\n"), m.stderr)
		}
		if !strings.Contains(m.stderr, "1 user has no manager in the results: tell theirs yourself") {
			m.t.Errorf("it isn't said:\n%s", m.stderr)
		}
	})
}

// A mail about some factors names them, and says nothing of a whole reset.
func TestNotifyOfSomeFactors(t *testing.T) {
	t.Parallel()
	mailingTo(t, 4, nil, func(m *mailing) {
		if code := m.reset(confirm(4), "--factor", "sms"); code > fault.ExitRows {
			m.t.Fatalf("reset: %d\n%s", code, m.stderr)
		}
		if code := m.notify(m.t.Context(), "--confirm", "acme.okta.com:1-6"); code != 0 {
			m.t.Fatalf("%d\n%s", code, m.stderr)
		}
		for _, mail := range m.server.Mails() {
			if !strings.Contains(strings.ToLower(mail.Content), "removed: text message") || strings.Contains(mail.Content, "were reset") {
				m.t.Errorf("%s", mail.Content)
			}
		}
	})
}

// A template's mistakes are found before anything is sent.
func TestNotifyTemplates(t *testing.T) {
	t.Parallel()
	mailingTo(t, 4, nil, func(m *mailing) {
		m.resetAll()
		template := "--template=user=" + m.path("mine.txt")
		for content, said := range map[string]string{
			"":                                 "has no subject",
			"Hello\n\nx\n":                     "has no subject",
			"Subject: x\nno empty line\n":      "has no subject",
			"Subject: x\n\n{{.Surname}}\n":     "can't be used",
			"Subject: x\n\n{{.Column \"y\"}}":  "the results have no column \"y\"",
			"Subject: x\n\n{{range .People}}x": "can't be used",
			"Subject: {{\n\nx\n":               "can't be used",
			"Subject: x\n\n{{printf \"%02000000d\" 1}}\n": "more than",
		} {
			m.overwrite("mine.txt", []byte(content))
			if code := m.notify(m.t.Context(), template, confirm(6)); code != fault.ExitUsage || !strings.Contains(m.stderr, said) || m.server.Reached(mailserver.Connect) > 0 {
				m.t.Errorf("%q: %d, want %q\n%s", content, code, said, m.stderr)
			}
		}
		m.overwrite("mine.txt", []byte("\ufeffSubject: About {{.Column \"lastName\"}}\r\n\r\nDear {{.Name}}, ask {{.Contact}}.\r\n"))
		if code := m.notify(m.t.Context(), template, "--to=user", "--dry-run"); code != 0 || m.server.Reached(mailserver.Connect) > 0 {
			m.t.Errorf("dry run: %d\n%s", code, m.stderr)
		}
		eml := m.read("users.notify/00001-user-user0@example.com.eml")
		m.wantMails(m.notify(m.t.Context(), template, "--to=user", confirm(4)), 0, 4, map[string]int{"sent": 4})
		i := slices.IndexFunc(m.server.Mails(), func(m mailserver.Mail) bool { return m.To == "user0@example.com" })
		for _, content := range []string{eml, m.server.Mails()[i].Content} {
			if !strings.Contains(content, "Subject: About Leeaa\r\n") || !strings.Contains(content, "Dear User Leeaa, ask the service desk, 0100.") {
				m.t.Errorf("%s", content)
			}
		}
	})
}
