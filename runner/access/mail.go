package access

import (
	"context"
	"encoding/base64"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"

	"oktareset/oktaclient"
	"oktareset/runner/fault"
)

// The settings of the mail server. No file sets them: a downloaded folder must not choose who gets
// mails and a password.
const (
	mailVariable         = "OKTARESET_SMTP"
	mailPasswordVariable = "OKTARESET_SMTP_PASSWORD" //nolint:gosec // G101: a name, no secret
)

// MailFlags are the flags that name the mail server.
type MailFlags struct{ URL, PasswordFile string }

// MailServer is a mail server, and how to sign in to it.
type MailServer struct {
	Host   string
	Port   int
	TLS    bool   // from the first byte; otherwise STARTTLS
	Plain  bool   // without TLS and without a password: only on this machine
	User   string // "": nobody signs in
	OAuth2 bool   // the password is an access token, for XOAUTH2

	password func() string // a function, so that nothing prints it
}

// Password returns the secret.
func (m *MailServer) Password() string { return m.password() }

// String returns the server as people know it.
func (m *MailServer) String() string {
	how := "STARTTLS"
	switch {
	case m.Plain:
		how = "this machine, without TLS"
	case m.TLS:
		how = "TLS"
	}
	text := m.Address() + " (" + how + ")"
	if m.User != "" {
		text += " as " + m.User
	}
	return text
}

// Address returns host:port.
func (m *MailServer) Address() string {
	if strings.Contains(m.Host, ":") {
		return "[" + m.Host + "]:" + strconv.Itoa(m.Port)
	}
	return m.Host + ":" + strconv.Itoa(m.Port)
}

// Loopback reports whether the server's name means this machine. The address is checked again when
// it is dialled.
func (m *MailServer) Loopback() bool {
	return oktaclient.IsLoopback(m.Host)
}

// Redact removes the password, in the forms in which it was sent, from what the server says. Of a
// text that repeats only a part of it, or all over several lines, nothing is left.
func (m *MailServer) Redact(text string) string {
	secret := m.password()
	if secret == "" {
		return text
	}
	redacted := oktaclient.Token("").String()
	forms := []string{secret}
	for _, sent := range []string{"\x00" + m.User + "\x00" + secret, "user=" + m.User + "\x01auth=Bearer " + secret + "\x01\x01", secret} {
		forms = append(forms, base64.StdEncoding.EncodeToString([]byte(sent)))
	}
	slices.SortFunc(forms, func(a, b string) int { return len(b) - len(a) }) // one may be a part of another
	for _, form := range forms {
		text = strings.ReplaceAll(text, form, redacted)
	}
	joined := strings.Join(strings.Fields(text), "")
	for _, form := range forms {
		for i := range max(0, len(form)-secretPart+1) {
			if strings.Contains(joined, form[i:i+secretPart]) {
				return redacted
			}
		}
	}
	return text
}

// secretPart is how many characters of a secret in a row are too many: a shorter part may occur by
// chance.
const secretPart = 8

const (
	hintMailServer = "as --smtp smtp://USER@mail.example.com (STARTTLS, port 587) or smtps://USER@mail.example.com (TLS, port 465)"
	hintMailSecret = "put it into " + mailPasswordVariable + ", or into a file for --smtp-password-file"
)

// HasMailServer reports whether a mail server is set.
func (e *Env) HasMailServer(f MailFlags) bool {
	return f.URL != "" || (&configuration{Env: e}).first("smtp", mailVariable).Value != ""
}

// LoadMailServer finds the mail server and its password. No error repeats a setting that may be a
// secret.
func (e *Env) LoadMailServer(ctx context.Context, f MailFlags) (*MailServer, error) {
	c := configuration{Env: e}
	at := setting{Name: "smtp", Value: f.URL, Source: "--smtp"}
	if f.URL == "" {
		at = c.first("smtp", mailVariable)
	}
	if at.Value == "" {
		return nil, fault.Usage(hintMailServer+"; or write the mails into files: --dry-run", "no mail server: set --smtp or %s", mailVariable)
	}
	if err := alone(at, "mail server"); err != nil {
		return nil, err
	}
	m, err := parseMailServer(at)
	if err != nil {
		return nil, err
	}
	secret, err := c.mailPassword(ctx, f.PasswordFile)
	switch {
	case err != nil:
		return nil, err
	case m.User == "" && secret.Value != "":
		return nil, fault.Usage("name the account before the host, as smtp://USER@"+m.Host, "there is a password (%s), but %s names no account", secret.Source, at.Source)
	case m.User != "" && secret.Value == "":
		return nil, fault.Usage(hintMailSecret, "%s names an account, and there is no password for it", at.Source)
	case strings.ContainsAny(secret.Value, "\r\n\x00"):
		return nil, fault.Usage("give one line", "the password in %s has more than one line", secret.Source)
	}
	value := secret.Value
	m.password = func() string { return value }
	m.Plain = m.Loopback() && !m.TLS && m.User == ""
	return m, nil
}

// parseMailServer reads smtp://USER@HOST:PORT, or smtps for TLS from the first byte.
func parseMailServer(s setting) (*MailServer, error) {
	bad := fault.Usage(hintMailServer, "%s isn't the address of a mail server", s.Source)
	u, err := url.Parse(strings.TrimSpace(s.Value))
	if err != nil || u.Scheme != "smtp" && u.Scheme != "smtps" || u.Hostname() == "" || strings.Trim(u.Path, "/") != "" || u.Fragment != "" {
		return nil, bad
	}
	m := &MailServer{Host: strings.ToLower(u.Hostname()), TLS: u.Scheme == "smtps", Port: 587, User: u.User.Username()}
	if _, secret := u.User.Password(); secret {
		return nil, fault.Usage(hintMailSecret+"; this one may be in your shell's history now: change it", "%s contains a password; nothing was sent", s.Source)
	}
	switch u.RawQuery {
	case "":
	case "auth=xoauth2":
		m.OAuth2 = true
	default:
		return nil, bad
	}
	if m.TLS {
		m.Port = 465
	}
	if p := u.Port(); p != "" {
		if m.Port, err = strconv.Atoi(p); err != nil || m.Port < 1 || m.Port > 65535 {
			return nil, bad
		}
	}
	if strings.ContainsFunc(m.Host, NotGraphic) || strings.ContainsFunc(m.User, NotGraphic) {
		return nil, bad
	}
	return m, nil
}

// mailPassword returns the password from a file, a descriptor or the environment.
func (c *configuration) mailPassword(ctx context.Context, path string) (setting, error) {
	if path == "" {
		return c.first("smtpPassword", mailPasswordVariable), nil
	}
	s := setting{Name: "smtpPassword", Source: "--smtp-password-file"}
	if _, err := os.Stat(path); err != nil {
		return s, fault.Usage("put the password into a file that only you can read, or into "+mailPasswordVariable, "--smtp-password-file names no file that can be opened")
	}
	b, err := c.readSecret(ctx, path, "password")
	if given := fault.Decided(err); err != nil && !given {
		err = fault.Usage("", "read the password: %w", err)
	}
	if s.Value = strings.TrimRight(string(b), "\r\n"); err == nil && s.Value == "" {
		err = fault.Usage("put the password into it", "the file of --smtp-password-file is empty")
	}
	return s, err
}
