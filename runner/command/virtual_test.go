package command

import (
	"bytes"
	"context"
	"encoding/csv"
	"flag"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/urfave/cli/v2"

	"oktareset/oktaclient/standin"
	"oktareset/runner/access"
	"oktareset/runner/console"
	"oktareset/runner/fault"
	"oktareset/runner/progress"
	"oktareset/runner/results"
)

// manyApps is a flag of urfave/cli that all apps share. Parsing writes to a flag. Each app gets a
// copy, so that apps can run side by side.
type manyApps struct{ *cli.BoolFlag }

func (f manyApps) Apply(set *flag.FlagSet) error {
	own := *f.BoolFlag
	return own.Apply(set)
}

func TestMain(m *testing.M) {
	for _, shared := range []*cli.Flag{&cli.HelpFlag, &cli.VersionFlag} {
		if f, ok := (*shared).(*cli.BoolFlag); ok {
			*shared = manyApps{f}
		}
	}
	os.Exit(m.Run())
}

// virtual is a stand-in org and a folder with an input, for whole runs of the command in
// virtual time.
type virtual struct {
	t      *testing.T
	org    *standin.Org
	dir    string
	ids    []string
	args   []string // the input, as the command line has it
	stdin  string
	stderr string                                                               // of the last run
	free   uint64                                                               // bytes on the disk; 0: not known
	env    map[string]string                                                    // in place of what an admin with a token has
	in     io.Reader                                                            // in place of stdin
	dial   func(ctx context.Context, network, address string) (net.Conn, error) // to a mail server
	asker  console.Asker                                                        // who is asked on the terminal; nil: nobody is there
	screen bool                                                                 // stderr is a terminal, and stdout
	stdout bytes.Buffer                                                         // of the last run

	dead     atomic.Bool                                                           // the power is off: no request gets out
	tampered func(r *http.Request, next http.RoundTripper) (*http.Response, error) // nil: requests go straight to the org
}

// RoundTrip is the network between the command and the org.
func (v *virtual) RoundTrip(r *http.Request) (*http.Response, error) {
	switch {
	case v.dead.Load():
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
	case v.tampered != nil:
		return v.tampered(r, v.org.Transport())
	}
	return v.org.Transport().RoundTrip(r)
}

// virtually runs f in a synctest bubble with so many users in users.csv.
func virtually(t *testing.T, users int, cfg standin.Config, f func(v *virtual)) {
	t.Helper()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		v := &virtual{t: t, org: standin.New(cfg), dir: dir}
		v.args = []string{v.path("users.csv")}
		for i := range users {
			v.ids = append(v.ids, fmt.Sprintf("00u%017d", i))
			v.org.Add(standin.User{ID: v.ids[i], Login: fmt.Sprintf("user%d@example.com", i), Factors: []standin.Factor{
				{Type: "sms", Provider: "OKTA", Created: time.Now().Add(-24 * time.Hour)},
			}})
		}
		input := "userId\n" + strings.Join(v.ids, "\n") + "\n"
		if err := os.WriteFile(v.path("users.csv"), []byte(input), 0o600); err != nil {
			t.Fatal(err)
		}
		f(v)
	})
}

func (v *virtual) path(name string) string { return filepath.Join(v.dir, name) }

// reset runs "oktareset reset FLAGS users.csv" against the org and returns the exit code.
func (v *virtual) reset(flags ...string) int { return v.resetIn(v.t.Context(), flags...) }

func (v *virtual) resetIn(ctx context.Context, flags ...string) int {
	v.t.Helper()
	var stderr bytes.Buffer
	v.stdout.Reset()
	args, err := permute(slices.Concat([]string{"oktareset", "reset"}, flags, v.args))
	if err != nil {
		v.t.Fatal(err)
	}
	env := map[string]string{"OKTA_CLIENT_ORGURL": "https://acme.okta.com", "OKTA_CLIENT_TOKEN": v.org.Token()}
	maps.Copy(env, v.env)
	stdin := v.in
	if stdin == nil {
		stdin = strings.NewReader(v.stdin)
	}
	a := appOf(access.Process{Stdin: stdin, Stdout: &v.stdout, Stderr: &stderr, Terminal: v.screen, Width: func() int { return 80 }, Getenv: func(k string) string { return env[k] }, Version: "test"})
	a.FreeSpace = func(string) (uint64, bool) { return v.free, v.free > 0 }
	a.Console, a.Transport, a.TTY = console.New(progress.NewScreen(&stderr), console.Options{}), v, v.terminal
	err = a.cli().RunContext(ctx, args)
	a.Console.Fail(err)
	v.stderr = stderr.String()
	return fault.Code(err)
}

// terminal returns the terminal on which a person is asked, if there is one.
func (v *virtual) terminal() (console.Asker, error) {
	if v.asker == nil {
		return nil, syscall.ENXIO
	}
	return v.asker, nil
}

// read returns what a file in the folder holds.
func (v *virtual) read(name string) string {
	v.t.Helper()
	b, err := os.ReadFile(v.path(name))
	if err != nil {
		v.t.Fatal(err)
	}
	return string(b)
}

// overwrite writes a file in place: a program that has it open sees the change.
func (v *virtual) overwrite(name string, content []byte) {
	if err := os.WriteFile(v.path(name), content, 0o600); err != nil {
		v.t.Error(err)
	}
}

// readRows reads a CSV of ours, with its header.
func readRows(t testing.TB, path string) [][]string {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// counts reads the results: how many rows ended how, as "2 reset/verified".
func (v *virtual) counts() map[string]int {
	v.t.Helper()
	rows := readRows(v.t, v.path("users.results.csv"))
	if len(rows)-1 != len(v.ids) {
		v.t.Errorf("%d rows out of %d in", len(rows)-1, len(v.ids))
	}
	counts := make(map[string]int)
	for i, row := range rows[1:] {
		if row[0] != fmt.Sprint(i+1) || row[1] != v.ids[i] {
			v.t.Errorf("line %d is row %s, %s", i+2, row[0], row[1])
		}
		counts[strings.TrimSuffix(row[4]+"/"+row[5], "/")]++
	}
	return counts
}

// want fails the test unless the last run ended with this code and these rows.
func (v *virtual) want(code, wantCode int, counts map[string]int) {
	v.t.Helper()
	if code != wantCode {
		v.t.Errorf("exit code %d, want %d:\n%s", code, wantCode, v.stderr)
	}
	if got := v.counts(); fmt.Sprint(got) != fmt.Sprint(counts) {
		v.t.Errorf("%v, want %v:\n%s", got, counts, v.stderr)
	}
}

// resets fails the test unless so many users were reset so often.
func (v *virtual) resets(want map[int]int) {
	v.t.Helper()
	got := make(map[int]int)
	for _, id := range v.ids {
		got[v.org.Did(id).Resets]++
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		v.t.Errorf("users by resets: %v, want %v:\n%s", got, want, v.stderr)
	}
}

func confirm(n int) string { return fmt.Sprintf("--confirm=acme.okta.com:%d", n) }

const resetOp = standin.OpResetFactors

// One run settles both kinds of lost answers: a reset that the log proves counts as done, and a
// reset that certainly wasn't done is sent again.
func TestLostAnswersAreSettledInTheSameRun(t *testing.T) {
	t.Parallel()
	virtually(t, 100, standin.Config{Latency: 100 * time.Millisecond}, func(v *virtual) {
		v.org.Script(
			standin.Fault{Kind: standin.Drop, When: standin.After, Op: resetOp, Every: 10, Times: 4},
			standin.Fault{Kind: standin.BadGateway, When: standin.Before, Op: resetOp, Every: 15, Times: 3},
			standin.Fault{Kind: standin.GatewayTimeout, When: standin.Late, Op: resetOp, Every: 13, Times: 2, Delay: 20 * time.Second},
		)
		v.want(v.reset(confirm(100)), 0, map[string]int{"reset": 94, "reset/verified": 6})
		v.resets(map[int]int{1: 100})
		if unused := v.org.Unused(); len(unused) > 0 {
			t.Errorf("unused faults %v", unused)
		}
		m, err := results.ReadManifest(v.path("users.results.csv"))
		if err != nil {
			t.Fatal(err)
		}
		run := m.Run()
		if len(run.Proof) != 1 {
			t.Fatalf("the manifest has %d waits for proof, want one: %v", len(run.Proof), run.Proof)
		}
		// Within a minute of a lost answer, by Okta's clock in seconds, nothing proves that the
		// reset wasn't done.
		if w := run.Proof[0]; w.To.Sub(w.From) < 50*time.Second || w.From.Before(run.StartedAt.Add(-time.Second)) || w.To.After(run.FinishedAt.Add(time.Second)) {
			t.Errorf("it waited for proof from %v to %v, in a run from %v to %v", w.From, w.To, run.StartedAt, run.FinishedAt)
		}
	})
}

// Nothing can be proved: the rows stay unknown, whatever a run does, until somebody decides.
func TestUnknownNeedsADecision(t *testing.T) {
	t.Parallel()
	virtually(t, 10, standin.Config{ResetEvents: standin.NoEvents}, func(v *virtual) {
		v.org.Script(standin.Fault{Kind: standin.Drop, When: standin.After, Op: resetOp, Times: 2})
		v.want(v.reset(confirm(10)), 1, map[string]int{"reset": 8, "unknown/unverified": 2})
		v.want(v.reset("--resume"), 1, map[string]int{"reset": 8, "unknown/unverified": 2})
		v.want(v.reset("--retry", "failed,not_found"), 1, map[string]int{"reset": 8, "unknown/unverified": 2})
		v.resets(map[int]int{1: 10})

		// Consent for ten users isn't consent to reset two of them again.
		v.want(v.reset("--retry", "unknown", confirm(10)), fault.ExitConsent, map[string]int{"reset": 8, "unknown/unverified": 2})
		v.resets(map[int]int{1: 10})

		// If they are tried again and refused, they are as unknown as before.
		v.org.Script(standin.Fault{Kind: standin.WrongStatus, Op: resetOp, Times: 2})
		v.want(v.reset("--retry", "unknown", confirm(2)), 1, map[string]int{"reset": 8, "unknown/unverified": 2})
		v.resets(map[int]int{1: 10})

		v.want(v.reset("--retry", "unknown", confirm(2)), 0, map[string]int{"reset": 10})
		v.resets(map[int]int{1: 8, 2: 2})

		v.want(v.reset("--resume"), 0, map[string]int{"reset": 10})
		v.resets(map[int]int{1: 8, 2: 2})
	})
}

// The proof comes late: a resume finds it, and --retry unknown sends no reset that is proved by
// then.
func TestProofThatComesLate(t *testing.T) {
	t.Parallel()
	for _, flags := range [][]string{{"--resume"}, {"--retry", "unknown", confirm(2)}} {
		t.Run(flags[0], func(t *testing.T) {
			virtually(t, 10, standin.Config{LogLag: 5 * time.Minute}, func(v *virtual) {
				v.org.Script(standin.Fault{Kind: standin.Drop, When: standin.After, Op: resetOp, Times: 2})
				v.want(v.reset(confirm(10)), 1, map[string]int{"reset": 8, "unknown/unverified": 2})
				<-time.After(5 * time.Minute)
				v.want(v.reset(flags...), 0, map[string]int{"reset": 8, "reset/verified": 2})
				v.resets(map[int]int{1: 10})
			})
		})
	}
}

func TestOutageIsResumable(t *testing.T) {
	t.Parallel()
	virtually(t, 200, standin.Config{Latency: 50 * time.Millisecond}, func(v *virtual) {
		v.org.Script(standin.Fault{Kind: standin.Refuse, Op: resetOp, Skip: 50})
		v.want(v.reset(confirm(200)), fault.ExitStopped, map[string]int{"reset": 50, "not_attempted": 150})
		v.org.Clear()
		v.want(v.reset("--resume"), 0, map[string]int{"reset": 200})
		v.resets(map[int]int{1: 200})
	})
}

func TestStopRulesAreResumable(t *testing.T) {
	t.Parallel()
	virtually(t, 400, standin.Config{Latency: 100 * time.Millisecond}, func(v *virtual) {
		if code := v.reset("--limit", "5", confirm(400)); code != fault.ExitStopped {
			t.Errorf("--limit: exit code %d:\n%s", code, v.stderr)
		}
		v.resets(map[int]int{0: 395, 1: 5})
		if code := v.reset("--resume", "--max-duration", "30s"); code != fault.ExitStopped {
			t.Errorf("--max-duration: exit code %d:\n%s", code, v.stderr)
		}
		v.resets(map[int]int{0: 130, 1: 270}) // a window's
		v.want(v.reset("--resume", "--workers", "3"), 0, map[string]int{"reset": 400})
		v.resets(map[int]int{1: 400})
	})
}

func TestHalt(t *testing.T) {
	t.Parallel()
	virtually(t, 100, standin.Config{}, func(v *virtual) {
		v.org.Script(standin.Fault{Kind: standin.WrongStatus, Op: resetOp, Every: 4, Times: 20})
		v.want(v.reset(confirm(100), "--workers", "1", "--halt", "fail=20%"), fault.ExitConsent,
			map[string]int{"reset": 15, "failed": 5, "not_attempted": 80})
		v.want(v.reset("--resume", "--workers", "1", "--halt", "fail=3"), fault.ExitConsent,
			map[string]int{"reset": 24, "failed": 8, "not_attempted": 68})
		v.org.Clear()
		v.want(v.reset("--retry", "failed"), 0, map[string]int{"reset": 100})
		v.resets(map[int]int{1: 100})
	})
}

// After a signal, the run waits for the requests under way, but not for proof of rows in doubt. It
// looks once, and leaves the rest to the resume.
func TestSignalThenResume(t *testing.T) {
	t.Parallel()
	virtually(t, 300, standin.Config{Latency: 100 * time.Millisecond}, func(v *virtual) {
		v.org.Script(standin.Fault{Kind: standin.Drop, When: standin.Before, Op: resetOp, Every: 20, Times: 3})
		ctx, stop := context.WithCancelCause(v.t.Context())
		time.AfterFunc(40*time.Second, func() { stop(fault.Signal{Signal: os.Interrupt}) })
		start := time.Now()
		code := v.resetIn(ctx, confirm(300))
		if took := time.Since(start); code != 130 || took > 44*time.Second {
			t.Errorf("exit code %d after %v:\n%s", code, took, v.stderr)
		}
		if !strings.Contains(v.stderr, "to look for proof, and continue: oktareset reset --resume ") {
			t.Errorf("no command to go on:\n%s", v.stderr)
		}
		if strings.Contains(v.stderr, "--retry unknown") {
			t.Errorf("a second reset is proposed before a resume has looked for proof:\n%s", v.stderr)
		}
		v.want(v.reset("--resume"), 0, map[string]int{"reset": 300})
		v.resets(map[int]int{1: 300})
	})
}

// A resume can't change the org, the steps or the input of a ledger.
func TestResumeRefusesOtherRuns(t *testing.T) {
	t.Parallel()
	virtually(t, 10, standin.Config{}, func(v *virtual) {
		org := v.org
		v.reset("--limit", "5", confirm(10))
		before, err := os.ReadFile(v.path("users.results.csv"))
		if err != nil {
			t.Fatal(err)
		}
		refuse := func(what string, flags ...string) {
			t.Helper()
			if code := v.reset(append(flags, "--resume")...); code != fault.ExitUsage || !strings.Contains(v.stderr, what) {
				t.Errorf("%q: exit code %d, want %d and %q:\n%s", flags, code, fault.ExitUsage, what, v.stderr)
			}
			if after, err := os.ReadFile(v.path("users.results.csv")); err != nil || !bytes.Equal(before, after) {
				t.Errorf("%q: the results were changed, %v", flags, err)
			}
		}
		v.org = standin.New(standin.Config{ID: "00obeta"}) // the org that has the name now
		refuse("acme.okta.com (00obeta)")
		v.org = org
		refuse("record_factors", "--record-factors")
		input, err := os.ReadFile(v.path("users.csv"))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(v.path("users.csv"), append(input, "00u99999999999999999\n"...), 0o600); err != nil {
			t.Fatal(err)
		}
		refuse("users.csv")
		v.resets(map[int]int{0: 5, 1: 5})
	})
}

func TestResumeWithoutResultsBegins(t *testing.T) {
	t.Parallel()
	virtually(t, 10, standin.Config{}, func(v *virtual) {
		if code := v.reset("--resume"); code != fault.ExitConsent {
			t.Errorf("without consent: exit code %d:\n%s", code, v.stderr)
		}
		v.want(v.reset("--resume", confirm(10)), 0, map[string]int{"reset": 10})
		if !strings.Contains(v.stderr, "nothing to resume: this is a new run") {
			t.Errorf("it isn't said that this is a new run:\n%s", v.stderr)
		}
		v.want(v.reset("--resume", confirm(10)), 0, map[string]int{"reset": 10})
		v.resets(map[int]int{1: 10})
	})
}

// appOf returns the program for a process that a test starts.
func appOf(p access.Process) *app { return &app{Env: &access.Env{Process: p}} }
