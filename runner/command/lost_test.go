package command

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptrace"
	"os"
	"strings"
	"testing"
	"time"

	"oktareset/oktaclient/standin"
	"oktareset/runner/access"
	"oktareset/runner/console"
	"oktareset/runner/fault"
)

// Every answer to a change is lost: three rows are in doubt, the others aren't sent, and a resume
// loses one more at most.
func TestTooManyLostAnswersStopTheRun(t *testing.T) {
	t.Parallel()
	for _, workers := range []string{"1", "8", "30"} {
		t.Run(workers, func(t *testing.T) {
			virtually(t, 200, standin.Config{Latency: 100 * time.Millisecond, ResetEvents: standin.NoEvents}, func(v *virtual) {
				v.org.Script(standin.Fault{Kind: standin.Drop, When: standin.After, Op: resetOp})
				v.want(v.reset(confirm(200), "--workers", workers), fault.ExitStopped, map[string]int{"unknown/unverified": 3, "not_attempted": 197})
				v.resets(map[int]int{0: 197, 1: 3})
				for _, said := range []string{"too many answers to changes were lost", "3 changes in a row got none, each sent alone", "--resume"} {
					if !strings.Contains(v.stderr, said) {
						t.Errorf("%q isn't said:\n%s", said, v.stderr)
					}
				}
				v.want(v.reset("--resume", "--workers", workers), fault.ExitStopped, map[string]int{"unknown/unverified": 4, "not_attempted": 196})
				v.resets(map[int]int{0: 196, 1: 4})
				v.org.Clear()
				v.want(v.reset("--resume", "--workers", workers), fault.ExitRows, map[string]int{"unknown/unverified": 4, "reset": 196})
				v.resets(map[int]int{1: 200})
			})
		})
	}
}

// Okta answers reads in such a run, so the run finds the lost rows in the log before it ends.
func TestTooManyLostAnswersAreLookedAtOnceMore(t *testing.T) {
	t.Parallel()
	virtually(t, 50, standin.Config{Latency: 100 * time.Millisecond}, func(v *virtual) {
		v.org.Script(standin.Fault{Kind: standin.Drop, When: standin.After, Op: resetOp})
		v.want(v.reset(confirm(50)), fault.ExitStopped, map[string]int{"reset/verified": 3, "not_attempted": 47})
		v.resets(map[int]int{0: 47, 1: 3})
	})
}

// A proxy answers in the middle of a run: only the requests under way are in doubt, and the run
// ends well by itself.
func TestPortalInTheMiddleOfARun(t *testing.T) {
	t.Parallel()
	for _, workers := range []string{"1", "8", "30"} {
		t.Run(workers, func(t *testing.T) {
			virtually(t, 600, standin.Config{Latency: 100 * time.Millisecond, Unlimited: true}, func(v *virtual) {
				x := v.tap()
				v.org.Script(standin.Fault{Kind: standin.Portal, From: 2 * time.Second, For: time.Minute})
				underWay := 0
				time.AfterFunc(2*time.Second-time.Nanosecond, func() { underWay = x.now() })
				if code := v.reset(confirm(600), "--workers", workers); code != 0 {
					t.Errorf("exit code %d:\n%s", code, v.stderr)
				}
				v.resets(map[int]int{1: 600})
				if x.lost == 0 || x.lost > underWay+1 {
					t.Errorf("%d answers lost, with %d under way", x.lost, underWay)
				}
			})
		})
	}
}

// A signal during the pause after a loss ends the run at once.
func TestSignalDuringAPause(t *testing.T) {
	t.Parallel()
	for _, workers := range []string{"1", "8", "30"} {
		t.Run(workers, func(t *testing.T) {
			virtually(t, 200, standin.Config{Latency: 100 * time.Millisecond, ResetEvents: standin.NoEvents}, func(v *virtual) {
				v.org.Script(standin.Fault{Kind: standin.Drop, When: standin.After, Op: resetOp, Skip: 30, Times: 1},
					standin.Fault{Kind: standin.Portal, Op: standin.OpGetUser})
				ctx, stop := context.WithCancelCause(v.t.Context())
				time.AfterFunc(30*time.Second, func() { stop(fault.Signal{Signal: os.Interrupt}) })
				start := time.Now()
				code := v.resetIn(ctx, confirm(200), "--workers", workers)
				if took := time.Since(start); code != 130 || took < 30*time.Second || took > 36*time.Second { // with the last look at the log
					t.Errorf("exit code %d after %v:\n%s", code, took, v.stderr)
				}
				if n := v.counts()["unknown/unverified"]; n != 1 {
					t.Errorf("%d rows in doubt, want 1", n)
				}
				v.org.Clear()
				v.reset("--resume")
				v.resets(map[int]int{1: 200})
			})
		})
	}
}

// An enrollment that was lost in an earlier run counts as a lost answer: the resume loses one more
// at most.
func TestAResumeAfterALostEnrollment(t *testing.T) {
	t.Parallel()
	virtually(t, 20, standin.Config{Latency: 100 * time.Millisecond}, func(v *virtual) {
		v.phones()
		v.org.Script(standin.Fault{Kind: standin.Drop, Op: standin.OpEnroll})
		v.want(v.reset(with(enrollFlags, confirm(20), "--limit", "5", "--max-duration", "20s")...), fault.ExitStopped,
			map[string]int{"partial/enroll": 5, "not_attempted": 15})
		v.org.Script(standin.Fault{Kind: standin.Drop, Op: resetOp})
		v.want(v.reset(with(enrollFlags, "--resume")...), fault.ExitStopped, map[string]int{"partial/enroll": 5, "unknown/unverified": 1, "not_attempted": 14})
		v.resets(map[int]int{0: 15, 1: 5})
	})
}

// The last look at rows in doubt takes a few seconds, even if nobody answers it: a run that shall
// end waits for the changes under way, and for nothing else.
func TestTheLastLookIsShortInAnOutage(t *testing.T) {
	t.Parallel()
	for name, flags := range map[string][]string{"a signal": nil, "max-duration": {"--max-duration", "6s"}, "halt": {"--halt", "fail=1"}} {
		t.Run(name, func(t *testing.T) {
			virtually(t, 400, standin.Config{Latency: 100 * time.Millisecond}, func(v *virtual) {
				v.org.Script(standin.Fault{Kind: standin.Outage, From: 5 * time.Second})
				ctx, stop := context.WithCancelCause(v.t.Context())
				defer stop(nil)
				if flags == nil {
					time.AfterFunc(6*time.Second, func() { stop(fault.Signal{Signal: os.Interrupt}) })
				}
				start := time.Now()
				code := v.resetIn(ctx, append(flags, confirm(400), "--workers", "4")...)
				if took := time.Since(start); code == 0 || took > 5*time.Second+20*time.Second+access.OptionalTime+time.Second {
					t.Errorf("exit code %d after %v:\n%s", code, took, v.stderr)
				}
			})
		})
	}
}

// Okta answers 429 for one user again and again: the run gives the user up, says why, and nobody
// else waits.
func TestOneUsersOwnLimit(t *testing.T) {
	t.Parallel()
	for _, workers := range []string{"1", "8", "30"} {
		for _, user := range []int{0, 3, 199} {
			t.Run(fmt.Sprintf("user %d, %s workers", user, workers), func(t *testing.T) {
				virtually(t, 200, standin.Config{Latency: 50 * time.Millisecond, Limits: map[string]int{standin.BucketUsers: 1000}}, func(v *virtual) {
					v.org.Script(standin.Fault{Kind: standin.TooManyUser, Op: resetOp, UserID: v.ids[user]})
					start := time.Now()
					v.want(v.reset(confirm(200), "--workers", workers), fault.ExitRows, map[string]int{"reset": 199, "not_attempted": 1})
					if took := time.Since(start); took > 15*time.Second {
						t.Errorf("took %v:\n%s", took, v.stderr)
					}
					if text := v.table()[user][8]; !strings.HasPrefix(text, "this user has a limit of its own") {
						t.Errorf("the row says %q", text)
					}
					v.org.Clear()
					v.want(v.reset("--resume"), 0, map[string]int{"reset": 200})
					v.resets(map[int]int{1: 200})
				})
			})
		}
	}
}

// Okta answers 429 to the enrollment of one user: that row stays half done, and nobody else waits.
func TestOneUsersOwnLimitOnEnrollments(t *testing.T) {
	t.Parallel()
	for _, workers := range []string{"1", "8"} {
		t.Run(workers, func(t *testing.T) {
			virtually(t, 100, standin.Config{Latency: 50 * time.Millisecond, Limits: map[string]int{standin.BucketUsers: 1000}}, func(v *virtual) {
				v.phones()
				v.org.Script(standin.Fault{Kind: standin.TooManyUser, Op: standin.OpEnroll, UserID: v.ids[7]})
				start := time.Now()
				v.want(v.reset(with(enrollFlags, confirm(100), "--workers", workers)...), fault.ExitRows, map[string]int{"reset": 99, "partial/enroll": 1})
				if took := time.Since(start); took > 20*time.Second {
					t.Errorf("took %v:\n%s", took, v.stderr)
				}
				v.org.Clear()
				v.want(v.reset(with(enrollFlags, "--resume")...), 0, map[string]int{"reset": 100})
				if resets, enrolls := v.total(); resets != 100 || enrolls != 100 {
					t.Errorf("%d resets, %d enrollments", resets, enrolls)
				}
			})
		})
	}
}

// Others spend the calls that were set aside for enrollments: the users wait, all are enrolled, and
// the summary counts them.
func TestOthersSpendWhatEnrollmentsNeed(t *testing.T) {
	t.Parallel()
	virtually(t, 200, workforceWith(600, 200*time.Millisecond), func(v *virtual) {
		v.phones()
		x := v.tap()
		time.AfterFunc(4*time.Second, func() { v.org.Consume(standin.BucketUsers, 600) })
		v.want(v.reset(with(enrollFlags, confirm(200))...), 0, map[string]int{"reset": 200})
		parted := 0
		for _, gap := range x.gaps {
			if gap > 10*time.Second {
				parted++
			}
		}
		if said := fmt.Sprintf("%s had to wait for a new window", console.Plural(parted, "user")); parted == 0 || !strings.Contains(v.stderr, said) {
			t.Errorf("%q isn't said:\n%s", said, v.stderr)
		}
	})
}

// broken is a network on which kept connections break: a change gets through only on a connection
// of its own.
type broken struct{ next http.RoundTripper }

var errClosed = errors.New("connection reset by peer")

func (b broken) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Method == http.MethodGet || r.Close {
		return b.next.RoundTrip(r)
	}
	httptrace.ContextClientTrace(r.Context()).GotConn(httptrace.GotConnInfo{Reused: true})
	return nil, errClosed
}

// A server that closes kept connections costs one row, and the run says what it does about it.
func TestChangesGetConnectionsOfTheirOwn(t *testing.T) {
	t.Parallel()
	virtually(t, 300, standin.Config{Latency: 100 * time.Millisecond, Unlimited: true}, func(v *virtual) {
		v.tampered = func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
			return broken{next}.RoundTrip(r)
		}
		if code := v.reset(confirm(300), "--workers", "16"); code != 0 {
			t.Errorf("exit code %d:\n%s", code, v.stderr)
		}
		v.resets(map[int]int{1: 300})
		if n := strings.Count(v.stderr, "each change gets a connection of its own"); n != 1 {
			t.Errorf("said %d times:\n%s", n, v.stderr)
		}
	})
}

// If a user's row ends before its last step, the calls that were set aside for it are free again.
func TestNothingStaysSetAside(t *testing.T) {
	t.Parallel()
	virtually(t, 120, workforceWith(100, 100*time.Millisecond), func(v *virtual) {
		v.phones()
		v.org.Script(standin.Fault{Kind: standin.WrongStatus, Op: standin.OpClearSessions, Every: 2})
		start := time.Now()
		v.want(v.reset(with(enrollFlags, confirm(120), "--clear-sessions")...), fault.ExitRows, map[string]int{"reset": 60, "partial/sessions": 60})
		if took := time.Since(start); took > 5*time.Minute {
			t.Errorf("took %v:\n%s", took, v.stderr)
		}
	})
}
