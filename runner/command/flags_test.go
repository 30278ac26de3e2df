package command

import (
	"context"
	"io"
	"slices"
	"testing"
	"time"

	"oktareset/oktaclient"
	"oktareset/runner/access"
	"oktareset/runner/console"
	"oktareset/runner/fault"
	"oktareset/runner/progress"
	"oktareset/runner/roster"
	"oktareset/runner/steps"

	"github.com/google/go-cmp/cmp"
	"github.com/urfave/cli/v2"
	"golang.org/x/time/rate"
)

// parse runs the flags of reset through permute and urfave/cli, as Run does, but not the command.
func parse(t *testing.T, args ...string) (resetOptions, error) {
	t.Helper()
	args, err := permute(append([]string{"oktareset", "reset"}, args...))
	if err != nil {
		return resetOptions{}, err
	}
	a := appOf(access.Process{Stdout: io.Discard, Stderr: io.Discard})
	c := a.cli()
	var o resetOptions
	c.Command("reset").Action = func(c *cli.Context) error {
		o, err = parseReset(c)
		return err
	}
	return o, c.RunContext(context.Background(), args)
}

// No t.Parallel around urfave/cli: its help flag is a global that every App writes.
func TestParseReset(t *testing.T) {
	base := resetOptions{file: "users.csv", workers: 32, capacity: 90, timeout: 20 * time.Second, progress: progress.Auto}
	with := func(change func(*resetOptions)) resetOptions {
		o := base
		change(&o)
		return o
	}
	tests := []struct {
		args []string
		want resetOptions
	}{
		{[]string{"users.csv"}, base},
		{[]string{"users.csv", "-n"}, with(func(o *resetOptions) { o.dryRun = true })},
		{[]string{"users.csv", "--dry-run"}, with(func(o *resetOptions) { o.dryRun = true })},
		{[]string{"--dry-run=false", "users.csv"}, base},
		{[]string{"-"}, with(func(o *resetOptions) { o.file = "-" })},
		{[]string{"--", "users.csv"}, base},
		{[]string{"users.csv", "-o", "out.csv", "--ticket", "-5"}, with(func(o *resetOptions) { o.output, o.ticket = "out.csv", "-5" })},
		{[]string{"--user", "a,b@example.com", "--user=b"}, with(func(o *resetOptions) { o.file, o.users = "", []string{"a,b@example.com", "b"} })},
		{
			[]string{"users.csv", "--exclude", "a,b.csv", "--skip-admins", "--exclude=c.txt"},
			with(func(o *resetOptions) {
				o.protect = protectOptions{exclude: []string{"a,b.csv", "c.txt"}, skipAdmins: true}
			}),
		},
		{
			[]string{"users.csv", "--confirm", "ACME.okta.com:8443:1-500", "--rate", "300/m", "--limit=5", "--workers", "7"},
			with(func(o *resetOptions) {
				o.confirm, o.rate, o.limit, o.workers = console.Confirmation{Host: "acme.okta.com:8443", Min: 1, Max: 500}, rate.Limit(5), 5, 7
			}),
		},
		{
			[]string{"--column", "Mail", "--delimiter", "tab", "users.csv", "--no-header", "-q", "--max-api-capacity", "100"},
			with(func(o *resetOptions) {
				o.input = roster.Options{Column: "Mail", Delimiter: '\t', NoHeader: true}
				o.console.Quiet, o.progress, o.capacity = true, progress.None, 100
			}),
		},
		{
			[]string{
				"users.csv", "--factor", "sms", "--factor", "token:software:totp:GOOGLE", "--factor", "sms", "--remove-recovery", "--clear-sessions",
				"--enroll", "sms:OKTA", "--activate", "--template-id", "cstk2", "--token-lifetime", "10m", "--update-phone",
			},
			with(func(o *resetOptions) {
				o.what = whatOptions{
					factors:        []steps.FactorType{{Type: "sms"}, {Type: "token:software:totp", Provider: "GOOGLE"}},
					removeRecovery: true, clearSessions: true,
					enroll: oktaclient.Enrollment{
						Type: "sms", Provider: "OKTA", Activate: true, TemplateID: "cstk2", TokenLifetime: 10 * time.Minute, UpdatePhone: true,
					},
				}
			}),
		},
	}
	for _, tt := range tests {
		got, err := parse(t, tt.args...)
		got.set = nil
		if len(got.users) == 0 {
			got.users = nil
		}
		if len(got.protect.exclude) == 0 {
			got.protect.exclude = nil
		}
		opt := cmp.AllowUnexported(resetOptions{}, whatOptions{}, protectOptions{}, console.Confirmation{}, access.Flags{}, console.Options{}, haltRule{})
		if diff := cmp.Diff(tt.want, got, opt); diff != "" || err != nil {
			t.Errorf("parse(%q) = %v\n%s", tt.args, err, diff)
		}
	}
}

func TestPermute(t *testing.T) {
	tests := []struct{ args, want []string }{
		{[]string{"x", "reset", "a.csv", "-n", "--limit", "5", "b"}, []string{"x", "reset", "-n", "--limit", "5", "--", "a.csv", "b"}},
		{[]string{"x", "reset", "a.csv", "--limit=5", "-"}, []string{"x", "reset", "--limit=5", "--", "a.csv", "-"}},
		{[]string{"x", "reset", "-o", "-", "a.csv"}, []string{"x", "reset", "-o", "-", "--", "a.csv"}},
		{[]string{"x", "reset", "--", "-n"}, []string{"x", "reset", "--", "-n"}},
		{[]string{"x", "--help"}, []string{"x", "--help"}},
		{[]string{"x"}, []string{"x"}},
	}
	for _, tt := range tests {
		got, err := permute(tt.args)
		if err != nil || !slices.Equal(got, tt.want) {
			t.Errorf("permute(%q) = %q, %v; want %q", tt.args, got, err, tt.want)
		}
	}
	for _, args := range [][]string{{"x", "reset", "a.csv", "--confirm"}, {"x", "reset", "--confirm", "-n", "a.csv"}, {"x", "reset", "-o", "--", "a.csv"}} {
		if got, err := permute(args); err == nil || fault.Code(err) != fault.ExitUsage {
			t.Errorf("permute(%q) = %q, %v; want a usage error", args, got, err)
		}
	}
}

func TestParseRate(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]rate.Limit{"": 0, "5/s": 5, "300/m": 5, "0.5/s": 0.5} {
		if got, err := parseRate(in); got != want || err != nil {
			t.Errorf("parseRate(%q) = %v, %v; want %v", in, got, err, want)
		}
	}
	for _, in := range []string{"5", "5/h", "/s", "-1/s", "0/s", "NaN/s", "Inf/s", "1e9/s", "5/s/m"} {
		if got, err := parseRate(in); err == nil {
			t.Errorf("parseRate(%q) = %v, want an error", in, got)
		}
	}
}

func TestConfirmation(t *testing.T) {
	t.Parallel()
	tests := []struct {
		flag, host string
		users      int
		ok         bool
	}{
		{"acme.okta.com:1234", "acme.okta.com", 1234, true},
		{"Acme.Okta.com:1234", "acme.okta.com", 1234, true},
		{"acme.okta.com:1234", "acme.okta.com", 1233, false},
		{"acme.okta.com:1234", "beta.okta.com", 1234, false},
		{"acme.okta.com:1-500", "acme.okta.com", 500, true},
		{"acme.okta.com:1-500", "acme.okta.com", 0, false},
		{"acme.okta.com:1-500", "acme.okta.com", 501, false},
		{"127.0.0.1:8080:3", "127.0.0.1:8080", 3, true},
		{"127.0.0.1:8080", "127.0.0.1:8080", 8080, false}, // the port is no number of users
	}
	for _, tt := range tests {
		c, err := console.ParseConfirm(tt.flag)
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Check(tt.host, tt.users); (err == nil) != tt.ok || err != nil && fault.Code(err) != fault.ExitConsent {
			t.Errorf("%q for %d of %s: %v, want ok %v", tt.flag, tt.users, tt.host, err, tt.ok)
		}
	}
	for _, in := range []string{"", "acme", "acme:", ":5", "acme:x", "acme:-5", "acme:5-", "acme:9-1", "acme:1-2-3", "acme:99999999999999999999"} {
		if c, err := console.ParseConfirm(in); err == nil {
			t.Errorf("parseConfirm(%q) = %v, want an error", in, c)
		}
	}
}

func TestPrintable(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"jürgen said \"hi\"": "jürgen said \"hi\"",
		"a\x1b[31mb\n":       `a\x1b[31mb\n`,
		"rtl\u202egnp":       `rtl\u202egnp`,
		"bad\xff":            `bad�`,
	} {
		if got := console.Printable(in); got != want {
			t.Errorf("printable(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestShellQuote(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"users.csv": "users.csv", "": "''", "my users.csv": "'my users.csv'", "it's.csv": `'it'\''s.csv'`, "$(rm -rf).csv": "'$(rm -rf).csv'",
	} {
		if got := console.ShellQuote(in); got != want {
			t.Errorf("shellQuote(%q) = %s, want %s", in, got, want)
		}
	}
}

func TestPaths(t *testing.T) {
	t.Parallel()
	tests := []struct {
		o                    resetOptions
		results, read, shown string
	}{
		{resetOptions{file: "a/users.csv"}, "a/users.results.csv", "a/users.csv", "a/users.csv"},
		{resetOptions{file: "users.csv", dryRun: true}, "users.plan.csv", "users.csv", "users.csv"},
		{resetOptions{file: "users.plan.csv"}, "users.results.csv", "users.plan.csv", "users.plan.csv"},
		{resetOptions{file: "users"}, "users.results.csv", "users", "users"},
		{resetOptions{file: "users.csv", output: "x.csv"}, "x.csv", "users.csv", "users.csv"},
		{resetOptions{file: "-"}, "stdin.results.csv", "", "stdin"},
		{resetOptions{users: []string{"alice@example.com"}}, "user-alice@example.com.results.csv", "", "--user"},
		{resetOptions{users: []string{"../../etc/x", "b"}}, "user-.._.._etc_x-and-1-more.results.csv", "", "--user"},
		{resetOptions{resume: true, output: "x.csv"}, "x.csv", "", ""},
	}
	for _, tt := range tests {
		r := &resetRun{opts: tt.o}
		p, err := r.choosePaths()
		if err != nil || p.results != tt.results || p.input != tt.read || p.shown != tt.shown {
			t.Errorf("choosePaths(%+v) = %+v, %v; want %s, %s, %s", tt.o, p, err, tt.results, tt.read, tt.shown)
		}
	}
}
