package command

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"oktareset/oktaclient/standin"
	"oktareset/runner/access"
	"oktareset/runner/audit"
	"oktareset/runner/console"
	"oktareset/runner/fault"
	"oktareset/runner/progress"
)

// run runs "oktareset ARGS" against the org and returns the exit code.
func (v *virtual) run(ctx context.Context, stdout io.Writer, args ...string) int {
	v.t.Helper()
	var stderr bytes.Buffer
	args, err := permute(append([]string{"oktareset"}, args...))
	if err != nil {
		v.t.Fatal(err)
	}
	env := map[string]string{"OKTA_CLIENT_ORGURL": "https://acme.okta.com", "OKTA_CLIENT_TOKEN": v.org.Token()}
	a := appOf(access.Process{Stdin: strings.NewReader(""), Stdout: stdout, Stderr: &stderr, Terminal: v.screen, TerminalOut: v.screen, Getenv: func(k string) string { return env[k] }, Version: "test"})
	a.Console, a.Transport = console.New(progress.NewScreen(&stderr), console.Options{}), v
	err = a.cli().RunContext(ctx, args)
	a.Console.Fail(err)
	v.stderr = stderr.String()
	return fault.Code(err)
}

// An audit right after the run waits for the log, but no longer than it must.
func TestAuditWaitsForTheLog(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		lag, wait, min, max time.Duration
		code                int
	}{
		{0, 2 * time.Minute, 0, time.Second, 0},
		{40 * time.Second, 2 * time.Minute, 40 * time.Second, time.Minute, 0},
		{40 * time.Second, 0, 0, time.Second, 1},
		{10 * time.Minute, 2 * time.Minute, 2 * time.Minute, 3 * time.Minute, 1},
	} {
		virtually(t, 70, standin.Config{LogLag: tt.lag}, func(v *virtual) {
			if code := v.reset("--confirm", "acme.okta.com:70"); code != 0 {
				v.t.Fatalf("reset: %d\n%s", code, v.stderr)
			}
			start := time.Now()
			code := v.run(v.t.Context(), io.Discard, "audit", v.path("users.results.csv"), "--wait", tt.wait.String())
			if took := time.Since(start); code != tt.code || took < tt.min || took > tt.max {
				v.t.Errorf("lag %v, wait %v: exit %d after %v, want %d after %v to %v\n%s", tt.lag, tt.wait, code, took, tt.code, tt.min, tt.max, v.stderr)
			}
			if tt.min >= 40*time.Second && !strings.Contains(v.stderr, "progress: 70 users without an event so far; the log lags") {
				v.t.Errorf("nothing was said while it waited:\n%s", v.stderr)
			}
		})
	}
}

// An audit reads many pages in one query, whatever answers are lost, and says beforehand that it
// will take long.
func TestAuditOfManyRows(t *testing.T) {
	t.Parallel()
	const users = 16_000
	virtually(t, users, standin.Config{Unlimited: true}, func(v *virtual) {
		if code := v.reset("--confirm", "acme.okta.com:16000", "--workers", "64"); code != 0 {
			v.t.Fatalf("reset: %d\n%s", code, v.stderr)
		}
		v.org.Script(standin.Fault{Kind: standin.Drop, Op: standin.OpLogs, Every: 7})
		before := v.org.Stats().ByOp[standin.OpLogs]
		var out bytes.Buffer
		code := v.run(v.t.Context(), &out, "audit", v.path("users.results.csv"), "--json")
		var s audit.Summary
		if err := json.Unmarshal(out.Bytes(), &s); err != nil || code != 0 || s.Verdicts["confirmed"] != users {
			v.t.Errorf("exit %d, %+v, %v\n%s", code, s, err, v.stderr)
		}
		if calls := v.org.Stats().ByOp[standin.OpLogs] - before; calls < 32 || calls > 48 {
			v.t.Errorf("%d calls for 32,000 events, want about 32", calls)
		}
		if !strings.Contains(v.stderr, "that is about 64 calls of 1000 events; at 60 a minute, which a default token is allowed, they take 1m4s") {
			v.t.Errorf("it wasn't said how long it takes:\n%s", v.stderr)
		}
	})
}

// An audit that fails leaves no file, says why, and has an exit code of its own.
func TestAuditThatBreaksOff(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		fault standin.Fault
		code  int
		text  string
	}{
		{standin.Fault{Kind: standin.InvalidToken}, fault.ExitNoAccess, "doesn't accept the credentials"},
		{standin.Fault{Kind: standin.Forbidden, Op: standin.OpLogs}, fault.ExitNoAccess, "doesn't let these credentials read its System Log"},
		{standin.Fault{Kind: standin.MissingScope, Op: standin.OpLogs}, fault.ExitNoAccess, "okta.logs.read"},
		{standin.Fault{Kind: standin.Refuse}, fault.ExitUsage, "can't be reached"},
		{standin.Fault{Kind: standin.Portal}, fault.ExitUsage, "doesn't answer as an Okta org"},
		{standin.Fault{Kind: standin.ServerError, Op: standin.OpLogs}, fault.ExitBrokeOff, "read the System Log of acme.okta.com"},
	} {
		virtually(t, 2, standin.Config{}, func(v *virtual) {
			v.reset("--confirm", "acme.okta.com:2")
			v.org.Script(tt.fault)
			code := v.run(v.t.Context(), io.Discard, "audit", v.path("users.results.csv"))
			if code != tt.code || !strings.Contains(v.stderr, tt.text) {
				v.t.Errorf("%s: exit %d, want %d and %q:\n%s", tt.fault.Kind, code, tt.code, tt.text, v.stderr)
			}
			if entries, _ := os.ReadDir(v.dir); len(entries) != 4 { // input, results, manifest and their lock
				for _, e := range entries {
					if strings.Contains(e.Name(), "audit") {
						v.t.Errorf("%s: %s was left", tt.fault.Kind, e.Name())
					}
				}
			}
		})
	}
}

// A signal ends the wait.
func TestAuditStops(t *testing.T) {
	t.Parallel()
	virtually(t, 2, standin.Config{LogLag: time.Hour}, func(v *virtual) {
		v.reset("--confirm", "acme.okta.com:2")
		ctx, cancel := context.WithCancelCause(v.t.Context())
		time.AfterFunc(20*time.Second, func() { cancel(fault.Signal{Signal: os.Interrupt}) })
		if code := v.run(ctx, io.Discard, "audit", v.path("users.results.csv")); code != 130 {
			v.t.Errorf("exit %d, want 130:\n%s", code, v.stderr)
		}
		if _, err := os.Stat(v.path("users.audit.csv")); err == nil {
			v.t.Error("an audit was left")
		}
	})
}

// If the manifest is damaged, an audit doesn't advise to reset anybody.
func TestAuditOfDamage(t *testing.T) {
	t.Parallel()
	virtually(t, 1, standin.Config{}, func(v *virtual) {
		v.wantEnd(v.reset(confirm(1)), 0)
		v.overwrite("users.results.json", []byte("{"))
		v.wantEnd(v.run(v.t.Context(), io.Discard, "audit", v.path("users.results.csv")), fault.ExitUsage,
			"can't be relied on", "hint: put back the results and the manifest as the run left them\n")
	})
}
