package notify

import (
	"bytes"
	"io"
	"mime"
	"mime/quotedprintable"
	"net/mail"
	"strings"
	"testing"
	"time"
	"unicode"

	"oktareset/runner"
)

func TestParseAddress(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("a", 64)
	for _, good := range []string{
		"ann@example.com", " Ann.Lee+x@mail.example.co ", "o'neil@example.com", "a@xn--bcher-kva.example", "a/b=c@example.com", long + "@example.com", "a@a-b.example",
	} {
		if got, err := parseAddress(good); err != nil || got != strings.TrimSpace(good) {
			t.Errorf("%q: %q, %v", good, got, err)
		}
	}
	for _, bad := range []string{
		"", " ", "ann", "@example.com", "ann@", "a@b, c@d.example", "a@b.example;c@d.example", `"x"@y.example`, `"a@evil.example"@y.example`, "Ann <ann@example.com>",
		"<ann@example.com>", "ann@example.com>", "ann@localhost", "ann@[127.0.0.1]", "ann@127.0.0.1", "ann@example..com", ".ann@example.com", "ann.@example.com",
		"a..b@example.com", "-oX@example.com", "ann@-example.com", "ann@example-.com", "ann@exa mple.com", "ann@example.com\r\nBcc: x@evil.example", "an\x00n@example.com",
		"ann@b\u00fccher.example", "\u0430nn@example.com", "ann@example.com\u202e", "=cmd()@example.com\n", "a,b@example.com", "a(comment)@example.com", "ann\u200b@example.com",
		"ann@example.com ORCPT=x", long + "a@example.com", "a@" + strings.Repeat(long+".", 4) + "com", "\xff@example.com", "ann@example.com.", `a\b@example.com`,
	} {
		if got, err := parseAddress(bad); err == nil {
			t.Errorf("%q is taken as %q", bad, got)
		}
	}
}

// A name stays. A text that a mail program would make a link of, a number to call and a sentence
// don't.
func TestNameOf(t *testing.T) {
	t.Parallel()
	for cell, want := range map[string]string{
		"Ann Lee": "Ann Lee", " J.R. Ewing ": "J.R. Ewing", "Lee, Ann (Sales)": "Lee, Ann (Sales)", "St. John": "St. John", "Zoë O'Neil-Müller": "Zoë O'Neil-Müller",
		"Dr. Ann B. Lee": "Dr. Ann B. Lee", "E\u0301. Lee": "E\u0301. Lee", "J\uff0e Lee": "J. Lee", "Ann Lee Ph.D.": "Ann Lee Ph.D.", "J. R. R. Tolkien": "J. R. R. Tolkien",
		"Martin Luther King, Jr.": "Martin Luther King, Jr.", "\u4e2d\u6587": "\u4e2d\u6587", "Ann\u202eeeL": "AnneeL", "Ann\xffLee": "Ann Lee",
		"=cmd()": "=cmd()", "": "", strings.Repeat("x", maxName): strings.Repeat("x", maxName), "a b c d e f": "a b c d e f",
	} {
		if got := nameOf(cell); got != want {
			t.Errorf("%q: %q, want %q", cell, got, want)
		}
	}
	for _, cell := range []string{
		"Ann\r\nBcc: x", "evil.com", "Ann Lee evil.com", "http://evil.com", "ann@evil.com", "evil/login", "Ann.Lee", "t.co", "x.com", "Win at x.io now", "a.b.c.de", "evil.1a.com",
		"evil\u3002com", "evil\uff0ecom", "evil\uff61com", "evil\u2024com", "x\u3002io", "st.io", "Dr.Lee.io", "J.\u200bio", "evil .com", "e\u0301vil.com", "sub.x.io", "0900 123 456",
		"\uff10900 call", "\u0660\u0661", "10.0.0.1", "URGENT: call", "a b c d e f g", strings.Repeat("x", maxName+1),
		"Ada. The IT service desk has a new number for this alarm. Please call it at once and read out the code that you get to stop the attack",
	} {
		if got := nameOf(cell); got != "" {
			t.Errorf("%q is a name: %q", cell, got)
		}
	}
}

// A contact is a number, a person or an address, and no link.
func TestHasLink(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"the service desk, +1 555 0100": false, "0100": false, "it@example.com": false, "Ann Lee, it@help.example.com, ext. 12.": false, "<it@example.com>": false, "mail:it@example.com": false,
		"+49.89.1234": false, "Dr. J.R. Ewing": false, "https://evil.com": true, "WWW.evil": true, "help.evil.com/x": true, "see help.evil.com": true, "(evil.com)": true,
		"evil\u3002com": true, "it@evil.com/x": true, "h\u00e4lp.evil.com": true,
	} {
		if got := hasLink(text); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
}

// Whatever cells and settings have, a mail has these headers only, one receiver, and a body that
// says what the template says.
func FuzzMail(f *testing.F) {
	for _, seed := range []string{
		"Ann Lee", "Ann\r\nBcc: evil@example.com", "=cmd()", "\u202eAnn", strings.Repeat("long ", 2000), "\xff\xfe", `Lee, "Ann" <x@evil.example>`, ".\r\n.\r\n", "\r\n\r\nbody", "{{.Name}}",
		"=?utf-8?q?evil?=", "a@b, c@d", "Ann\x00", "\u2028Bcc: x", "\u00e9\u4e2d",
	} {
		f.Add(seed, seed)
	}
	subjectAndBody, err := parseText("test", "Subject: about {{.Name}}\n\n{{.Name}} says:\n{{.Column \"x\"}}\nend\n")
	if err != nil {
		f.Fatal(err)
	}
	from := &mail.Address{Name: "IT", Address: "it@example.com"}
	f.Fuzz(func(t *testing.T, name, cell string) {
		address, err := parseAddress(cell)
		if err != nil {
			address = "ann@example.com"
		}
		p := Person{Name: oneLine(name, maxCell), columns: []string{"x"}, cells: []string{cell}}
		subject, body, err := subjectAndBody.fill(userMail{Person: p, Name: p.Name})
		if err != nil {
			t.Fatal(err)
		}
		content, err := compose(envelope{from, mail.Address{Name: nameOf(name), Address: address}, messageID("run", 1, from.Address), time.Now()}, subject, body)
		if err != nil {
			t.Fatal(err)
		}
		wantOneMail(t, content, address, subject, body)
	})
}

// wantOneMail fails the test unless the content is a mail with our headers alone.
func wantOneMail(t *testing.T, content []byte, address, subject, body string) {
	t.Helper()
	m, err := mail.ReadMessage(bytes.NewReader(content))
	if err != nil {
		t.Fatalf("%v:\n%s", err, content)
	}
	for name, values := range m.Header {
		switch name {
		case "From", "To", "Subject", "Date", "Message-Id", "Mime-Version", "Auto-Submitted", "X-Auto-Response-Suppress", "Content-Type", "Content-Transfer-Encoding":
		default:
			t.Errorf("header %s", name)
		}
		if len(values) != 1 {
			t.Errorf("%s %q", name, values)
		}
	}
	to, err := m.Header.AddressList("To")
	if err != nil || len(to) != 1 || to[0].Address != address {
		t.Errorf("to %v, %v, want %s", to, err, address)
	}
	got, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
	if err != nil || strings.Join(strings.Fields(got), " ") != strings.Join(strings.Fields(subject), " ") {
		t.Errorf("the subject is %q, want %q (%v)", got, subject, err)
	}
	text, err := io.ReadAll(quotedprintable.NewReader(m.Body))
	if err != nil || strings.ReplaceAll(string(text), "\r\n", "\n") != strings.TrimRight(body, "\x00") {
		t.Errorf("the body is %q, want %q (%v)", text, body, err)
	}
	for i, line := range strings.Split(string(content), "\r\n") {
		if len(line) > 998 || strings.ContainsFunc(line, func(r rune) bool { return r > unicode.MaxASCII || r < ' ' && r != '\t' }) {
			t.Errorf("line %d: %q", i+1, line)
		}
	}
	if strings.Count(body, "\n") != 3 {
		t.Errorf("the cell has added lines: %q", body)
	}
	if strings.ContainsFunc(body, func(r rune) bool { return r != '\n' && !runner.Printable(r) }) {
		t.Errorf("the body isn't printable: %q", body)
	}
}
