package command

import (
	"context"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/urfave/cli/v2"
	"golang.org/x/time/rate"

	"oktareset/oktaclient"
	"oktareset/runner"
	"oktareset/runner/access"
	"oktareset/runner/console"
	"oktareset/runner/fault"
	"oktareset/runner/job"
	"oktareset/runner/protect"
	"oktareset/runner/roster"
	"oktareset/runner/steps"
)

// parse runs the flags of reset through permute and urfave/cli, as Run does, but not the command.
func parse(t *testing.T, args ...string) (job.Options, error) {
	t.Helper()
	args, err := permute(append([]string{"oktareset", "reset"}, args...))
	if err != nil {
		return job.Options{}, err
	}
	a := appOf(access.Process{Stdout: io.Discard, Stderr: io.Discard})
	c := a.cli()
	var o job.Options
	c.Command("reset").Action = func(c *cli.Context) error {
		o, err = parseReset(c)
		return err
	}
	return o, c.RunContext(context.Background(), args)
}

// No t.Parallel around urfave/cli: its help flag is a global that every App writes.
func TestParseReset(t *testing.T) {
	base := job.Options{File: "users.csv", Workers: 32, Pace: access.Pace{Capacity: 90, Timeout: 20 * time.Second}}
	with := func(change func(*job.Options)) job.Options {
		o := base
		change(&o)
		return o
	}
	tests := []struct {
		args []string
		want job.Options
	}{
		{[]string{"users.csv"}, base},
		{[]string{"users.csv", "-n"}, with(func(o *job.Options) { o.DryRun = true })},
		{[]string{"users.csv", "--dry-run"}, with(func(o *job.Options) { o.DryRun = true })},
		{[]string{"--dry-run=false", "users.csv"}, base},
		{[]string{"-"}, with(func(o *job.Options) { o.File = "-" })},
		{[]string{"--", "users.csv"}, base},
		{[]string{"users.csv", "-o", "out.csv", "--ticket", "-5"}, with(func(o *job.Options) { o.Output, o.Ticket = "out.csv", "-5" })},
		{[]string{"--user", "a,b@example.com", "--user=b"}, with(func(o *job.Options) { o.File, o.Users = "", []string{"a,b@example.com", "b"} })},
		{
			[]string{"users.csv", "--exclude", "a,b.csv", "--skip-admins", "--exclude=c.txt"},
			with(func(o *job.Options) {
				o.Protect = protect.Options{Exclude: []string{"a,b.csv", "c.txt"}, SkipAdmins: true}
			}),
		},
		{
			[]string{"users.csv", "--confirm", "ACME.okta.com:8443:1-500", "--rate", "300/m", "--limit=5", "--workers", "7"},
			with(func(o *job.Options) {
				o.Confirm, o.Rate, o.Limit, o.Workers = console.Confirmation{Host: "acme.okta.com:8443", Min: 1, Max: 500}, rate.Limit(5), 5, 7
			}),
		},
		{
			[]string{"--column", "Mail", "--delimiter", "tab", "users.csv", "--no-header", "--max-api-capacity", "100"},
			with(func(o *job.Options) {
				o.Input = roster.Options{Column: "Mail", Delimiter: '\t', NoHeader: true}
				o.Capacity = 100
			}),
		},
		{
			[]string{
				"users.csv", "--factor", "sms", "--factor", "token:software:totp:GOOGLE", "--factor", "sms", "--remove-recovery", "--clear-sessions",
				"--enroll", "sms:OKTA", "--activate", "--update-phone",
			},
			with(func(o *job.Options) {
				o.What = steps.What{
					Factors:        []steps.FactorType{{Type: "sms"}, {Type: "token:software:totp", Provider: "GOOGLE"}},
					RemoveRecovery: true, Then: []runner.Reason{runner.ReasonSessions},
					Enroll: oktaclient.Enrollment{
						Type: "sms", Provider: "OKTA", Activate: true, UpdatePhone: true,
					},
				}
			}),
		},
	}
	for _, tt := range tests {
		got, err := parse(t, tt.args...)
		got.Set = nil
		if len(got.Users) == 0 {
			got.Users = nil
		}
		if len(got.Protect.Exclude) == 0 {
			got.Protect.Exclude = nil
		}
		opt := cmp.AllowUnexported(job.Options{}, steps.What{}, protect.Options{}, console.Confirmation{}, access.Flags{}, runner.HaltRule{})
		if diff := cmp.Diff(tt.want, got, opt); diff != "" || err != nil {
			t.Errorf("parse(%q) = %v\n%s", tt.args, err, diff)
		}
	}
}

// No t.Parallel around urfave/cli.
func TestParseConsole(t *testing.T) {
	for args, want := range map[string]struct {
		o  console.Options
		ok bool
	}{
		"":                            {console.Options{}, true},
		"-q":                          {console.Options{Quiet: true}, true},
		"--verbose --log-format json": {console.Options{JSON: true, Verbose: true}, true},
		"-q --log-format=text":        {console.Options{Quiet: true}, true},
		"--log-format yaml":           {console.Options{}, false},
		"--quiet --verbose":           {console.Options{Quiet: true, Verbose: true}, false},
	} {
		var got console.Options
		app := &cli.App{Flags: consoleFlags(), Writer: io.Discard, Action: func(c *cli.Context) (err error) {
			got, err = parseConsole(c)
			return err
		}}
		if err := app.Run(append([]string{"x"}, strings.Fields(args)...)); (err == nil) != want.ok || got != want.o {
			t.Errorf("parseConsole(%q) = %+v, %v; want %+v", args, got, err, want)
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
	for in, want := range map[string]rate.Limit{"": 0, "5/s": 5, "300/m": 5, "0.5/s": 0.5, "360/h": 0.1} {
		if got, err := parseRate(in); got != want || err != nil {
			t.Errorf("parseRate(%q) = %v, %v; want %v", in, got, err, want)
		}
	}
	for _, in := range []string{"5", "5/d", "5/", "/h", "/s", "-1/s", "0/s", "NaN/s", "Inf/s", "1e9/s", "5/s/m"} {
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
	for in, want := range map[string]string{"x": "-o x", "-x y": "-o='-x y'", "": "-o ''"} {
		if got := console.ShellFlag("-o", in); got != want {
			t.Errorf("shellFlag(%q) = %s, want %s", in, got, want)
		}
	}
}
