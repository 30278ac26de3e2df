package command

import (
	"bytes"
	"errors"
	"io"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"oktareset/oktaclient/standin"
	"oktareset/runner/access"
	"oktareset/runner/console"
	"oktareset/runner/fault"

	"github.com/google/go-cmp/cmp"
)

// onTerminal runs factors with stdout a terminal, against an org.
func onTerminal(t *testing.T, org *standin.Org, stdout io.Writer, args ...string) (code int, stderr string) {
	t.Helper()
	server := httptest.NewServer(org)
	t.Cleanup(server.Close)
	env := map[string]string{"OKTA_CLIENT_ORGURL": server.URL, "OKTA_CLIENT_TOKEN": org.Token()}
	var errs bytes.Buffer
	code = Run(t.Context(), access.Process{
		Args: append([]string{"oktareset", "factors"}, args...), Stdin: strings.NewReader(""), Stdout: stdout, Stderr: &errs,
		Getenv: func(name string) string { return env[name] }, TerminalOut: true, Width: func() int { return 120 },
	})
	return code, errs.String()
}

func demoOrg() *standin.Org {
	org := standin.New(standin.Config{Engine: standin.Classic})
	org.Add(standin.User{Login: "alice@example.com", Factors: []standin.Factor{
		{ID: "mbl000000000000001", Type: "sms", Provider: "OKTA", Profile: map[string]string{"phoneNumber": "+15551234567"}},
		{ID: "fwf000000000000002", Type: "webauthn", Provider: "FIDO", Profile: map[string]string{"authenticatorName": "\x1b[31mred\u202e\u009b"}},
		{ID: "ufx000000000000003", Type: "brand:new", Provider: "ACME", Status: "EXPIRED", Profile: map[string]string{"a": "b"}},
	}})
	return org
}

// No t.Parallel around urfave/cli: its help flag is a global that every App writes.
func TestFactorsTables(t *testing.T) {
	tests := []struct{ args, want string }{
		{
			"list alice@example.com", `
ID                  TYPE       PROVIDER  STATUS   WHICH                    VERIFY BY       CREATED
mbl000000000000001  sms        OKTA      ACTIVE   +15551234567             passcode, sent  2000-01-01
fwf000000000000002  webauthn   FIDO      ACTIVE   \x1b[31mred\u202e\u009b  -               2000-01-01
ufx000000000000003  brand:new  ACME      EXPIRED  -                        -               2000-01-01
`,
		},
		{
			"get alice@example.com brand:new", `
id       ufx000000000000003
type     brand:new:ACME
status   EXPIRED
created  2000-01-01 00:00:00 UTC
updated  2000-01-01 00:00:00 UTC
a        b
`,
		},
		{
			"verify alice@example.com brand:new", "\n",
		},
	}
	dates := regexp.MustCompile(`20\d\d-\d\d-\d\d`)
	times := regexp.MustCompile(`\d\d:\d\d:\d\d UTC`)
	for _, tt := range tests {
		var out bytes.Buffer
		code, stderr := onTerminal(t, demoOrg(), &out, strings.Fields(tt.args)...)
		got := times.ReplaceAllString(dates.ReplaceAllString(out.String(), "2000-01-01"), "00:00:00 UTC")
		if diff := cmp.Diff(strings.TrimPrefix(tt.want, "\n"), got); diff != "" || (code == 0) != (got != "") {
			t.Errorf("%s: exit %d, %s(-want +got):\n%s", tt.args, code, stderr, diff)
		}
	}
}

// No text of a server may steer the terminal, in JSON either. A JSON parser still reads the
// original text.
func TestFactorsJSONIsPrintable(t *testing.T) {
	var out bytes.Buffer
	if code, stderr := onTerminal(t, demoOrg(), &out, "get", "alice@example.com", "webauthn", "--json"); code != 0 {
		t.Fatal(code, stderr)
	}
	if strings.ContainsFunc(out.String(), func(r rune) bool { return r != '\n' && console.NotPrintable(r) }) || !strings.Contains(out.String(), `\u001b[31mred\u202e\u009b`) {
		t.Errorf("printed %q", out.String())
	}
}

// brokenPipe is a stdout without a reader.
type brokenPipe struct{}

func (brokenPipe) Write([]byte) (int, error) { return 0, errors.New("broken pipe") }

// If stdout is closed, a change that was made isn't reported as refused.
func TestFactorsBrokenPipe(t *testing.T) {
	org := demoOrg()
	server := httptest.NewServer(org)
	t.Cleanup(server.Close)
	host := strings.TrimPrefix(server.URL, "http://")
	env := map[string]string{"OKTA_CLIENT_ORGURL": server.URL, "OKTA_CLIENT_TOKEN": org.Token()}
	var errs bytes.Buffer
	code := Run(t.Context(), access.Process{
		Args:  []string{"oktareset", "factors", "enroll", "alice@example.com", "push", "--confirm", host + ":1"},
		Stdin: strings.NewReader(""), Stdout: brokenPipe{}, Stderr: &errs, Getenv: func(name string) string { return env[name] },
	})
	if code != fault.ExitRows || !strings.Contains(errs.String(), "broken pipe") || !strings.Contains(errs.String(), "factors activate") {
		t.Errorf("exit %d: %s", code, &errs)
	}
	if got := org.Did("alice@example.com").Enrolls; got != 1 {
		t.Errorf("%d enrolled", got)
	}
}

func TestParseKind(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"sms": "sms OKTA", "sms:OKTA": "sms OKTA", "token:software:totp:GOOGLE": "token:software:totp GOOGLE", "token:hotp": "token:hotp CUSTOM",
		"brand:new:ACME": "brand:new ACME", "token:software:totp": "", "": "", ":OKTA": "", "sms:": "", "brand": "", "token": "", "web": "", "web:DUO": "web DUO", "webauthn": "webauthn FIDO",
	} {
		typ, provider, err := parseKind(in)
		if got := strings.TrimSpace(typ + " " + provider); got != want || (err == nil) != (want != "") {
			t.Errorf("parseKind(%q) = %q, %v; want %q", in, got, err, want)
		}
	}
}
