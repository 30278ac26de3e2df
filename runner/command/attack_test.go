package command

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"oktareset/oktaclient/standin"
	"oktareset/runner/fault"
)

// input replaces users.csv by one with these cells under "login".
func (v *virtual) input(cells ...string) {
	v.t.Helper()
	if err := os.WriteFile(v.path("users.csv"), []byte("login\n"+strings.Join(cells, "\n")+"\n"), 0o600); err != nil {
		v.t.Fatal(err)
	}
}

// once fails the test unless each of the users was reset exactly once.
func (v *virtual) once(users ...int) {
	v.t.Helper()
	for _, i := range users {
		if n := v.org.Did(v.ids[i]).Resets; n != 1 {
			text, _ := os.ReadFile(v.path("users.results.csv"))
			v.t.Errorf("user %d was reset %d times\n%s%s", i, n, text, v.stderr)
		}
	}
}

// crash runs the command and cuts the power after d: the files keep what is in them by then, and no
// further request is sent. It reports false if the run had ended before.
func (v *virtual) crash(d time.Duration, flags ...string) bool {
	v.t.Helper()
	return v.crashWhen(func(off func()) (cancel func() bool) { return time.AfterFunc(d, off).Stop }, flags...)
}

// mustCrashAt cuts the power in the middle of the nth request whose path has this end. The org must
// take 100 ms to answer.
func (v *virtual) mustCrashAt(path string, n int, flags ...string) {
	v.t.Helper()
	crashed := v.crashWhen(func(off func()) (cancel func() bool) {
		var sent, begun atomic.Int64
		v.tampered = func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
			if strings.HasSuffix(r.URL.Path, path) && int(sent.Add(1)) == n {
				begun.Add(1)
				time.AfterFunc(50*time.Millisecond, off)
			}
			return next.RoundTrip(r)
		}
		return func() bool { return begun.Load() == 0 }
	}, flags...)
	v.tampered = nil
	if !crashed {
		v.t.Fatal("the run had ended before the crash")
	}
}

// crashWhen cuts the power when arm calls off. arm returns a function that prevents the call, and
// reports whether it was in time.
func (v *virtual) crashWhen(arm func(off func()) (cancel func() bool), flags ...string) bool {
	v.t.Helper()
	ctx, cancel := context.WithCancelCause(v.t.Context())
	defer cancel(nil)
	kept := make(map[string][]byte)
	stop := arm(func() {
		synctest.Wait()
		v.eachFile(func(name string) {
			b, err := os.ReadFile(v.path(name))
			if err != nil {
				v.t.Error(err)
			}
			kept[name] = b
		})
		v.dead.Store(true)
		cancel(errors.New("no power"))
	})
	v.resetIn(ctx, flags...)
	if stop() {
		return false
	}
	v.eachFile(func(name string) { _ = os.Remove(v.path(name)) })
	for name, b := range kept {
		if err := os.WriteFile(v.path(name), b, 0o600); err != nil {
			v.t.Fatal(err)
		}
	}
	v.dead.Store(false)
	return true
}

func (v *virtual) mustCrash(d time.Duration, flags ...string) {
	v.t.Helper()
	if !v.crash(d, flags...) {
		v.t.Fatal("the run had ended before the crash")
	}
}

func (v *virtual) eachFile(do func(name string)) {
	v.t.Helper()
	err := fs.WalkDir(os.DirFS(v.dir), ".", func(name string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			do(name)
		}
		return err
	})
	if err != nil {
		v.t.Fatal(err)
	}
}

// becomes makes look-ups of a login find another user from now on.
func (v *virtual) becomes(login string, from, to int) {
	v.tampered = func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
		resp, err := next.RoundTrip(r)
		if err == nil && strings.HasSuffix(r.URL.Path, login) {
			b, _ := io.ReadAll(resp.Body)
			resp.Body = io.NopCloser(bytes.NewReader(bytes.ReplaceAll(b, []byte(v.ids[from]), []byte(v.ids[to]))))
		}
		return resp, err
	}
}

func login(i int) string { return fmt.Sprintf("user%d@example.com", i) }

// The input names a user by login and by ID, and the run crashes before either row is done: the two
// rows must not wait for each other. Once the rows after them are reset, they show that the log
// would show a reset.
func TestDuplicatesAfterACrash(t *testing.T) {
	t.Parallel()
	virtually(t, 20, standin.Config{Latency: 100 * time.Millisecond}, func(v *virtual) {
		v.input(login(0), "nobody1@x.com", "nobody2@x.com", v.ids[0], v.ids[1], v.ids[2], v.ids[3], v.ids[4])
		v.org.Consume(standin.BucketUsers, 600) // another client has used up this minute: the rows wait
		v.mustCrash(20*time.Second, confirm(8), "--workers", "2")
		v.reset("--resume")
		v.once(0, 1, 2, 3, 4)
	})
}

// The same rows don't wait for each other after clean stops.
func TestDuplicatesAfterStops(t *testing.T) {
	t.Parallel()
	virtually(t, 20, standin.Config{Latency: 100 * time.Millisecond}, func(v *virtual) {
		v.input(v.ids[1], login(0), v.ids[2], v.ids[0])
		v.reset(confirm(4), "--limit", "1", "--workers", "1")
		v.org.Script(standin.Fault{Kind: standin.Refuse, Op: standin.OpGetUser})
		ctx, stop := context.WithCancelCause(v.t.Context())
		time.AfterFunc(5*time.Second, func() { stop(fault.Signal{Signal: os.Interrupt}) })
		v.resetIn(ctx, "--resume")
		v.org.Clear()
		if code := v.reset("--resume"); code != 0 {
			t.Errorf("exit code %d:\n%s", code, v.stderr)
		}
		v.once(0, 1, 2)
	})
}

// A login may belong to somebody else by the time of the resume.
func TestLoginThatMoves(t *testing.T) {
	t.Parallel()
	virtually(t, 3, standin.Config{Latency: 100 * time.Millisecond}, func(v *virtual) {
		v.input(v.ids[1], login(0), v.ids[0])
		v.reset(confirm(3), "--limit", "1", "--workers", "1")
		v.becomes(login(0), 0, 2)
		v.reset("--resume")
		v.once(0, 1, 2)
	})
}

// A reset that is sent again goes to the same user as the first one.
func TestLoginThatMovesWhileInDoubt(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]int{"retry": 2, "undone": 1} {
		t.Run(name, func(t *testing.T) {
			cfg := standin.Config{Latency: 100 * time.Millisecond}
			flags, when := []string{"--resume"}, standin.Before
			if name == "retry" {
				cfg.ResetEvents = standin.NoEvents
				flags, when = []string{"--retry", "unknown", "--confirm=acme.okta.com:1"}, standin.After
			}
			virtually(t, 4, cfg, func(v *virtual) {
				v.input(v.ids[1], login(0), v.ids[3])
				v.org.Script(standin.Fault{Kind: standin.Drop, When: when, Op: resetOp, UserID: v.ids[0], Times: 1})
				v.reset(confirm(3), "--workers", "1", "--limit", "2")
				v.becomes(login(0), 0, 2)
				if name == "retry" {
					v.reset("--resume") // this run sends the second reset
				}
				v.reset(flags...)
				if old, other := v.org.Did(v.ids[0]).Resets, v.org.Did(v.ids[2]).Resets; old != want || other != 0 {
					t.Errorf("the user was reset %d times, the one with the login now %d times; want %d and 0\n%s", old, other, want, v.stderr)
				}
				v.once(1, 3)
			})
		})
	}
}

// One reply has a Date that is ahead. A factor that was enrolled after a reset must still not count
// as one from before it.
func TestOneWrongDate(t *testing.T) {
	t.Parallel()
	for _, ahead := range []time.Duration{8 * time.Second, 30 * time.Second, time.Hour} {
		t.Run(ahead.String(), func(t *testing.T) {
			virtually(t, 10, standin.Config{Latency: 100 * time.Millisecond, Reenroll: 5 * time.Second, ResetEvents: standin.NoEvents}, func(v *virtual) {
				v.org.Script(standin.Fault{Kind: standin.Drop, When: standin.After, Op: resetOp, UserID: v.ids[5], Times: 1})
				v.tampered = func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
					resp, err := next.RoundTrip(r)
					if err == nil && strings.Contains(r.URL.Path, v.ids[4]+"/lifecycle") {
						resp.Header.Set("Date", time.Now().Add(ahead).UTC().Format(http.TimeFormat))
					}
					return resp, err
				}
				start := time.Now()
				v.want(v.reset(confirm(10), "--workers", "1"), 1, map[string]int{"reset": 9, "unknown/unverified": 1})
				v.resets(map[int]int{1: 10})
				if took := time.Since(start); took > 2*time.Minute {
					t.Errorf("took %v", took)
				}
			})
		})
	}
}

// Somebody changes the copy of the input during a run with --limit. The worse of the two outcomes
// decides the exit code, and nobody is touched whom the input didn't name.
func TestLimitHidesNothing(t *testing.T) {
	t.Parallel()
	virtually(t, 50, standin.Config{Latency: 100 * time.Millisecond}, func(v *virtual) {
		time.AfterFunc(450*time.Millisecond, func() {
			v.overwrite("users.results.input.csv", []byte(strings.Replace(v.read("users.results.input.csv"), v.ids[49], "00u99999999999999999", 1)))
		})
		v.wantEnd(v.reset(confirm(50), "--limit", "20"), fault.ExitBrokeOff, "the copy of it that the run reads was changed by another program")
		v.resets(map[int]int{0: 30, 1: 20})

		// The copy can't be used any more, but the input can.
		v.args = []string{"-o", v.path("users.results.csv")}
		v.wantEnd(v.reset("--resume"), fault.ExitUsage, "users.results.input.csv isn't the input of", "hint: move it away, and give the input again")
		if err := os.Remove(v.path("users.results.input.csv")); err != nil {
			t.Fatal(err)
		}
		v.wantEnd(v.reset("--resume"), fault.ExitUsage, "has no copy of its input", "its name was users.csv")
		v.args = []string{v.path("users.csv")}
		v.want(v.reset("--resume"), 0, map[string]int{"reset": 50})
		v.resets(map[int]int{1: 50})
	})
}

// A refused resume leaves the kept input of an earlier run alone.
func TestKeptInputStays(t *testing.T) {
	t.Parallel()
	virtually(t, 20, standin.Config{Latency: 100 * time.Millisecond}, func(v *virtual) {
		v.args, v.stdin = []string{"-", "-o", v.path("users.results.csv")}, "userId\n"+strings.Join(v.ids, "\n")+"\n"
		v.reset(confirm(20), "--limit", "5")
		v.stdin = ""
		if err := os.Rename(v.path("users.results.journal"), v.path("moved")); err != nil {
			t.Fatal(err)
		}
		if code := v.reset("--resume"); code != fault.ExitUsage {
			t.Errorf("without the journal: exit code %d:\n%s", code, v.stderr)
		}
		if err := os.Rename(v.path("moved"), v.path("users.results.journal")); err != nil {
			t.Fatal(err)
		}
		v.want(v.reset("--resume"), 0, map[string]int{"reset": 20})
	})
}

// Ten users who stay forbidden must not keep a retry from the rows after them for ever.
func TestRetryForbiddenGetsThrough(t *testing.T) {
	t.Parallel()
	virtually(t, 60, standin.Config{Latency: 100 * time.Millisecond}, func(v *virtual) {
		for i := 20; i < 40; i++ {
			f := standin.Fault{Kind: standin.Forbidden, Op: resetOp, UserID: v.ids[i]}
			if i >= 32 {
				f.Times = 1
			}
			v.org.Script(f)
		}
		v.reset(confirm(60), "--workers", "1")
		v.want(v.reset("--retry", "forbidden", "--workers", "1"), 1, map[string]int{"reset": 48, "forbidden": 12})
	})
}

// Each of several resumes ends before a proof can be had. Each waits from its own beginning, by its
// own clock. A reset that may still take effect isn't sent again, however long ago the earlier runs
// began by their clocks.
func TestShortResumesProveNothing(t *testing.T) {
	t.Parallel()
	virtually(t, 20, standin.Config{Latency: 100 * time.Millisecond}, func(v *virtual) {
		v.org.Script(standin.Fault{Kind: standin.Hang, When: standin.Before, Op: resetOp, UserID: v.ids[3], Times: 1})
		v.mustCrash(5*time.Second, confirm(20), "--limit", "19") // one is left: it can show that the log keeps up
		for range 3 {
			<-time.After(time.Hour)
			v.reset("--resume", "--max-duration", "50s")
		}
		v.resets(map[int]int{0: 1, 1: 19})
		if did := v.org.Did(v.ids[3]); did.ResetCalls != 1 {
			t.Errorf("sent %d times, want once", did.ResetCalls)
		}
	})
}

// The factors that were recorded before a reset outlive a crash in the middle of the reset.
func TestRecordedFactorsOutliveACrash(t *testing.T) {
	t.Parallel()
	virtually(t, 10, standin.Config{Latency: 100 * time.Millisecond}, func(v *virtual) {
		v.org.Script(standin.Fault{Kind: standin.Hang, When: standin.After, Op: resetOp, UserID: v.ids[3], Times: 1})
		v.mustCrash(5*time.Second, confirm(10), "--record-factors")
		v.want(v.reset("--resume", "--record-factors"), 0, map[string]int{"reset": 9, "reset/verified": 1})
		b, err := os.ReadFile(v.path("users.results.csv"))
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Count(string(b), ",sms:OKTA"); got != 10 {
			t.Errorf("%d rows have their factors, want 10:\n%s", got, b)
		}
	})
}

// An org may answer with an ID that isn't a user ID.
func TestOddID(t *testing.T) {
	t.Parallel()
	virtually(t, 1, standin.Config{}, func(v *virtual) {
		v.input(login(0))
		v.tampered = func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
			resp, err := next.RoundTrip(r)
			if err == nil && strings.HasSuffix(r.URL.Path, login(0)) {
				b, _ := io.ReadAll(resp.Body)
				resp.Body = io.NopCloser(bytes.NewReader(bytes.ReplaceAll(b, []byte(v.ids[0]), []byte("00u1"))))
			}
			return resp, err
		}
		if code := v.reset(confirm(1)); code != fault.ExitRows || v.org.Stats().ResetsApplied != 0 {
			t.Errorf("exit code %d:\n%s", code, v.stderr)
		}
	})
}

// A row that is sent again keeps its user: the row that names the user by ID stays its duplicate.
func TestRetryUnknownWithDuplicate(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]int{"not proved": 2, "proved late": 1} {
		t.Run(name, func(t *testing.T) {
			cfg := standin.Config{Latency: 100 * time.Millisecond, ResetEvents: standin.NoEvents}
			if name == "proved late" {
				cfg.ResetEvents, cfg.LogLag = standin.DefaultEvents, 5*time.Minute
			}
			virtually(t, 2, cfg, func(v *virtual) {
				v.input(v.ids[1], login(0), v.ids[0])
				v.org.Script(standin.Fault{Kind: standin.Drop, When: standin.After, Op: resetOp, UserID: v.ids[0], Times: 1})
				v.reset(confirm(3), "--workers", "1")
				<-time.After(time.Hour)
				v.reset("--retry", "unknown", confirm(1))
				v.reset("--resume")
				if n := v.org.Did(v.ids[0]).Resets; n != want {
					t.Errorf("the user was reset %d times, want %d:\n%s", n, want, v.stderr)
				}
			})
		})
	}
}

// Somebody changes the input after the survey and before the rows are read, so that it has a login
// twice. The survey found the login once, so the run doesn't remember it. The run uses the rows
// that were surveyed.
func TestInputBeginsToRepeat(t *testing.T) {
	t.Parallel()
	virtually(t, 4, standin.Config{}, func(v *virtual) {
		v.input(login(0), login(1), login(2), login(3))
		change := sync.OnceFunc(func() { v.input(login(0), login(1), login(0), login(3)) }) // with the first request: before any row is read
		v.tampered = func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
			change()
			return next.RoundTrip(r)
		}
		v.wantEnd(v.reset(confirm(4), "--workers", "1"), 0)
		v.once(0, 1, 2, 3)
	})
}

// Two rows have logins of one user, who was renamed. A run resets the user by the first row and
// stops before the second. The second row has a line from an earlier run, later in the file, which
// says that nothing was done. That line doesn't allow the second row to reset the user.
func TestDuplicateOvertakesItsRow(t *testing.T) {
	t.Parallel()
	virtually(t, 4, standin.Config{Latency: 100 * time.Millisecond}, func(v *virtual) {
		v.input(login(0), v.ids[1], login(3))
		v.becomes(login(3), 3, 0)
		v.org.Script(
			standin.Fault{Kind: standin.ServerError, Op: standin.OpGetUser, UserID: v.ids[0], Times: 1}, // the second row is faster
			standin.Fault{Kind: standin.Refuse, Op: resetOp},
		)
		if code := v.reset(confirm(3)); code != fault.ExitStopped {
			t.Errorf("exit code %d, want %d:\n%s", code, fault.ExitStopped, v.stderr)
		}
		v.org.Clear()
		v.reset("--resume", "--limit", "1", "--workers", "1")
		v.once(0)
		v.reset("--resume")
		v.once(0, 1)
	})
}

// Somebody sorts the ledger of a run that crashed: a line of an older run must not count as a row's
// last.
func TestSortedLedgerIsRefused(t *testing.T) {
	t.Parallel()
	virtually(t, 20, standin.Config{Latency: 100 * time.Millisecond}, func(v *virtual) {
		v.reset(confirm(20), "--limit", "2")
		v.mustCrash(350*time.Millisecond, "--resume", "--workers", "4")
		path := v.path("users.results.journal")
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		lines := strings.SplitAfter(strings.TrimSuffix(string(b), "\n"), "\n")
		lines[len(lines)-1] += "\n"
		header, lines := lines[0]+lines[1], lines[2:]
		slices.SortStableFunc(lines, func(a, b string) int { return strings.Compare(a[:1], b[:1]) }) // settled before taken
		if err := os.WriteFile(path, []byte(header+strings.Join(lines, "")), 0o600); err != nil {
			t.Fatal(err)
		}
		before := v.org.Stats().ResetsApplied
		if code := v.reset("--resume"); code != fault.ExitUsage || v.org.Stats().ResetsApplied != before {
			t.Errorf("exit code %d, want %d:\n%s", code, fault.ExitUsage, v.stderr)
		}
	})
}
