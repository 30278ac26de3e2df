package notify

import (
	"bytes"
	"context"
	"embed"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"text/template"

	"oktareset/runner/fault"
	"oktareset/runner/files"
)

// The kinds of mail: to whom it goes.
const (
	ToUser    = "user"
	ToManager = "manager"
)

// Audiences are all kinds, in the order in which mails are sent.
var Audiences = []string{ToUser, ToManager}

//go:embed templates/*.txt
var defaults embed.FS

const (
	// maxTemplate is the size limit of a template's file.
	maxTemplate = 64 << 10
	// maxBody limits a mail, in bytes: a manager with ten thousand people.
	maxBody = 1 << 20
	// maxSubject is the length of a subject, in characters.
	maxSubject = 150
	// subjectMark begins a template's first line.
	subjectMark = "Subject:"
)

// Reader is what a template knows of the one who gets the mail, and of the reset.
type Reader struct {
	Name    string // or the login, or the address
	Address string
	Org     string // host of the org: a mail program would make a link of it
	Contact string
	Ticket  string
}

// Person is what a template knows of a user.
type Person struct {
	Name  string // or the login
	Login string
	At    string // when the reset was done

	Some        bool   // only some of the methods were removed
	Removed     string // what people call these, as "text message, phone call"; "" for a whole reset
	SignedOut   bool
	NewPassword bool
	Enrolled    bool // the run has set up a method

	columns []string // names of the results' columns
	cells   []string
}

// Column returns the cell of a column of the results.
func (p Person) Column(name string) (string, error) {
	i := slices.Index(p.columns, name)
	if i < 0 {
		return "", fmt.Errorf("the results have no column %q", name)
	}
	return oneLine(p.cells[i], maxCell), nil
}

// userMail is the data of a template for a user.
type userMail struct {
	Reader
	Person
	Name string // of both, the person's
}

// managerMail is the data of a template for a manager.
type managerMail struct {
	Reader
	Count  int
	People []Person
}

// text is a template: a subject, and a body. They are separate templates, so that nothing that gets
// into the subject can become a header or a part of the body.
type text struct {
	source        string
	own           bool // not a default
	subject, body *template.Template
}

// loadTexts reads the templates. given are the files by kind.
func loadTexts(ctx context.Context, given map[string]string, reminder bool) (map[string]*text, error) {
	texts := make(map[string]*text)
	for _, kind := range Audiences {
		name := "templates/" + kind + ".txt"
		if reminder {
			name = "templates/" + kind + ".reminder.txt"
		}
		source, b, err := name, []byte(nil), error(nil)
		if path := given[kind]; path != "" {
			source = path
			b, _, err = files.ReadNamed(ctx, path, maxTemplate, os.Open)
			if ctx.Err() != nil {
				return nil, fault.Stopped(context.Cause(ctx))
			}
		} else {
			b, err = defaults.ReadFile(name)
		}
		if err != nil {
			return nil, fault.Usage("", "read the template for the mails to %ss: %w", kind, err)
		}
		if texts[kind], err = parseText(source, string(b)); err != nil {
			return nil, err
		}
		texts[kind].own = given[kind] != ""
	}
	return texts, nil
}

// parseText parses a template: its first line is the subject, the body follows after an empty line.
func parseText(source, content string) (*text, error) {
	const hint = "its first line is Subject: and the subject, then comes an empty line, then the text of the mail; see oktareset help notify"
	content = strings.ReplaceAll(strings.TrimPrefix(content, "\ufeff"), "\r\n", "\n")
	first, body, _ := strings.Cut(content, "\n")
	subject, ok := strings.CutPrefix(first, subjectMark)
	if !ok || strings.TrimSpace(subject) == "" || !strings.HasPrefix(body, "\n") || strings.TrimSpace(body) == "" {
		return nil, fault.Usage(hint, "the template %s has no subject, or no text", source)
	}
	t := &text{source: source}
	var err error
	if t.subject, err = template.New("subject").Parse(strings.TrimSpace(subject)); err == nil {
		t.body, err = template.New("text").Parse(strings.TrimLeft(body, "\n"))
	}
	if err != nil {
		return nil, fault.Usage("", "the template %s can't be used: %w", source, err)
	}
	return t, nil
}

// fill returns the subject and the body for some data.
func (t *text) fill(data any) (subject, body string, err error) {
	var head, rest limited
	if err = t.subject.Execute(&head, data); err == nil {
		err = t.body.Execute(&rest, data)
	}
	if err != nil {
		return "", "", fault.Usage("see oktareset help notify", "the template %s can't be used: %w", t.source, err)
	}
	return oneLine(head.String(), maxSubject), rest.String(), nil
}

// limited is a buffer for what a template writes.
type limited struct{ bytes.Buffer }

func (l *limited) Write(b []byte) (int, error) {
	if l.Len()+len(b) > maxBody {
		return 0, fmt.Errorf("it makes a mail of more than %d bytes", maxBody)
	}
	return l.Buffer.Write(b)
}

var _ io.Writer = (*limited)(nil)
