package notify

import (
	"bytes"
	"fmt"
	"net/mail"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"

	"oktareset/runner/fault"
)

// parseFrom reads the sender: an address, or a name with an address.
func parseFrom(s string) (*mail.Address, error) {
	const hint = "as --from 'IT Service Desk <it@example.com>'"
	a, err := mail.ParseAddress(s)
	if err != nil {
		return nil, fault.Usage(hint, "--from %q isn't a mail address", s)
	}
	if a.Address, err = parseAddress(a.Address); err != nil {
		return nil, fault.Usage(hint, "--from %q: %w", s, err)
	}
	a.Name = oneLine(a.Name, maxCell)
	return a, nil
}

// envelope is what a mail has besides its text.
type envelope struct {
	from      *mail.Address
	to        mail.Address
	messageID string // without angle brackets
	date      time.Time
}

// compose returns a whole mail, ready to be sent or to be saved.
func compose(e envelope, subject, body string) ([]byte, error) {
	m := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	m.FromMailAddress(e.from)
	m.AddToMailAddress(&e.to)
	m.Subject(subject)
	m.SetDateWithValue(e.date)
	m.SetMessageIDWithValue(e.messageID)
	// No program should answer it.
	m.SetGenHeader("Auto-Submitted", "auto-generated")
	m.SetGenHeader("X-Auto-Response-Suppress", "All")
	m.SetBodyString(gomail.TypeTextPlain, strings.ReplaceAll(body, "\n", "\r\n"))
	var b bytes.Buffer
	if _, err := m.WriteTo(&b); err != nil {
		return nil, fmt.Errorf("write a mail to %s: %w", e.to.Address, err)
	}
	return b.Bytes(), nil
}

// messageID returns the ID of a mail. The log of a mail server has it: it finds a mail in doubt.
func messageID(runID string, n int, from string) string {
	return fmt.Sprintf("%s.%d@%s", runID, n, from[strings.LastIndexByte(from, '@')+1:])
}
