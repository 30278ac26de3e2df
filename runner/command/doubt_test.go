package command

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"oktareset/oktaclient/standin"
	"oktareset/runner/fault"
)

// lose loses the answers to so many resets of a user, one after the other. The resets may be done
// or not.
func (v *virtual) lose(user int, when ...standin.When) {
	for _, w := range when {
		v.org.Script(standin.Fault{Kind: standin.Drop, When: w, Op: resetOp, UserID: v.ids[user], Times: 1})
	}
}

// row returns the line of a user's row in the results, by the name of the column.
func (v *virtual) row(user int) map[string]string {
	v.t.Helper()
	for _, cells := range v.table() {
		if cells[2] == v.ids[user] || cells[1] == v.ids[user] {
			return map[string]string{
				"status": cells[4], "reason": cells[5], "http": cells[6], "error": cells[8], "attempts": cells[9],
				"factor": cells[14], "factor_status": cells[15],
			}
		}
	}
	v.t.Fatalf("user %d has no row", user)
	return nil
}

// wantRow fails the test unless a user's row has this value.
func (v *virtual) wantRow(user int, column, want string) {
	v.t.Helper()
	if got := v.row(user)[column]; got != want {
		v.t.Errorf("user %d: %s %q, want %q\n%s", user, column, got, want, v.stderr)
	}
}

// has gives a user another factor, from a day before.
func (v *virtual) has(user int, kind, provider string) {
	v.org.Enroll(v.ids[user], standin.Factor{Type: kind, Provider: provider, Created: time.Now().Add(-24 * time.Hour)})
}

// halfReset makes the first reset of a user remove only one factor, and breaks the connection. The
// System Log has an event for that factor.
func (v *virtual) halfReset(user int) {
	v.org.Script(standin.Fault{Kind: standin.Drop, When: standin.After, Op: resetOp, UserID: v.ids[user], Times: 1, Part: 1})
}

// A proxy answers an enrollment in Okta's place, and Okta does it 20 s later: the row waits, and
// looks for the factor before it asks for another.
func TestLostEnrollmentUnder2xx(t *testing.T) {
	t.Parallel()
	for name, header := range map[string]http.Header{"not Okta's": {}, "unreadable": {"X-Okta-Request-Id": {"abc"}}} {
		t.Run(name, func(t *testing.T) {
			virtually(t, 3, standin.Config{Latency: 100 * time.Millisecond}, func(v *virtual) {
				v.phones()
				sent := 0
				v.tampered = func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
					if r.Method != http.MethodPost || !strings.HasSuffix(r.URL.Path, v.ids[1]+"/factors") {
						return next.RoundTrip(r)
					}
					if sent++; sent > 1 {
						return next.RoundTrip(r)
					}
					body, _ := io.ReadAll(r.Body)
					again := r.Clone(context.WithoutCancel(r.Context()))
					again.Body = io.NopCloser(bytes.NewReader(body))
					time.AfterFunc(20*time.Second, func() {
						if resp, err := next.RoundTrip(again); err == nil {
							resp.Body.Close()
						}
					})
					return &http.Response{StatusCode: http.StatusOK, Header: header, Body: io.NopCloser(strings.NewReader("<html>")), Request: r}, nil
				}
				v.want(v.reset(with(enrollFlags, confirm(3))...), 0, map[string]int{"reset": 3})
				if did := v.org.Did(v.ids[1]); did.Enrolls != 1 || sent != 1 {
					t.Errorf("sent %d times, enrolled %d", sent, did.Enrolls)
				}
			})
		})
	}
}

// Four resets are lost again and again, one less in each round. However often that happens, the run
// ends with a look at the rows, not with what it has sent.
func TestRoundsEndWithALook(t *testing.T) {
	t.Parallel()
	virtually(t, 12, standin.Config{Latency: 100 * time.Millisecond}, func(v *virtual) {
		const before = standin.Before
		v.lose(3, before, before, before, standin.After)
		v.lose(4, before, before, before)
		v.lose(5, before, before)
		v.lose(6, before)
		v.want(v.reset(confirm(12), "--workers", "1"), 0, map[string]int{"reset": 11, "reset/verified": 1})
		v.resets(map[int]int{1: 12})
		v.wantRow(3, "attempts", "4")
		if unused := v.org.Unused(); len(unused) > 0 {
			t.Errorf("unused faults %v", unused)
		}
	})
}

// If somebody interrupts the wait for proof, the run says so, though it had reached its limit
// before.
func TestInterruptedAfterTheLimit(t *testing.T) {
	t.Parallel()
	virtually(t, 5, standin.Config{Latency: 100 * time.Millisecond}, func(v *virtual) {
		v.lose(0, standin.Before)
		ctx, stop := context.WithCancelCause(v.t.Context())
		defer time.AfterFunc(10*time.Second, func() { stop(fault.Signal{Signal: os.Interrupt}) }).Stop()
		v.want(v.resetIn(ctx, confirm(5), "--limit", "2", "--workers", "1"), 130, map[string]int{"reset": 1, "unknown/unverified": 1, "not_attempted": 3})
		if !strings.Contains(v.stderr, "error: interrupted") {
			v.t.Errorf("nothing is said of the interrupt:\n%s", v.stderr)
		}
	})
}

// However a run ends, its rows in doubt are looked at before it says that nothing proves anything.
func TestLastLook(t *testing.T) {
	t.Parallel()
	type scene struct {
		name  string
		flags []string
		fault standin.Fault
		stop  time.Duration // a signal comes then
		code  int
		want  string // of the user whose answer was lost
	}
	for _, s := range []scene{
		{"halt", []string{"--halt", "fail=1"}, standin.Fault{}, 0, fault.ExitConsent, "reset"},
		{"limit", []string{"--limit", "3"}, standin.Fault{}, 0, fault.ExitStopped, "reset"},
		{"duration", []string{"--max-duration", "2s"}, standin.Fault{}, 0, fault.ExitStopped, "reset"},
		{"signal", nil, standin.Fault{}, 2 * time.Second, 130, "reset"},
		{"credentials", nil, standin.Fault{Kind: standin.InvalidToken, Op: resetOp, Skip: 9}, 0, fault.ExitNoAccess, "reset"},
		{"wrong org", nil, standin.Fault{Kind: standin.PathNotFound, Op: resetOp, Skip: 9}, 0, fault.ExitBrokeOff, "reset"},
		{
			"no enrollment",
			[]string{"--enroll", "sms:OKTA"},
			standin.Fault{Kind: standin.WrongStatus, Op: standin.OpEnroll},
			0, fault.ExitNoAccess, "partial",
		},
	} {
		t.Run(s.name, func(t *testing.T) {
			virtually(t, 60, standin.Config{Latency: 100 * time.Millisecond}, func(v *virtual) {
				v.phones()
				v.lose(1, standin.After)
				if s.fault.Kind != "" {
					v.org.Script(s.fault)
				}
				ctx, stop := context.WithCancelCause(v.t.Context())
				defer stop(nil)
				if s.stop > 0 {
					time.AfterFunc(s.stop, func() { stop(fault.Signal{Signal: os.Interrupt}) })
				}
				if code := v.resetIn(ctx, with(s.flags, confirm(60), "--workers", "1")...); code != s.code {
					t.Errorf("exit code %d, want %d\n%s", code, s.code, v.stderr)
				}
				v.wantRow(1, "status", s.want)
				if strings.Contains(v.stderr, "nothing proves") || v.org.Did(v.ids[1]).ResetCalls != 1 {
					t.Errorf("%d requests\n%s", v.org.Did(v.ids[1]).ResetCalls, v.stderr)
				}
			})
		})
	}
}

// If Okta can't be asked any more, the run doesn't claim that it has looked.
func TestNoLastLook(t *testing.T) {
	t.Parallel()
	virtually(t, 60, standin.Config{Latency: 100 * time.Millisecond}, func(v *virtual) {
		v.lose(1, standin.After)
		v.org.Script(standin.Fault{Kind: standin.Refuse, Skip: 12})
		if code := v.reset(confirm(60), "--workers", "1"); code != fault.ExitStopped {
			t.Errorf("exit code %d\n%s", code, v.stderr)
		}
		v.wantRow(1, "status", "unknown")
		if strings.Contains(v.stderr, "nothing proves") || !strings.Contains(v.stderr, "ended before it could check") {
			t.Errorf("it isn't said that nobody has looked:\n%s", v.stderr)
		}
		v.org.Clear()
		v.reset("--resume")
		v.wantRow(1, "reason", "verified")
		v.resets(map[int]int{1: 60})
	})
}

// Okta does a part of a reset. The row isn't done, no run sends it again by itself, and its later
// steps wait until somebody decides.
func TestIncomplete(t *testing.T) {
	t.Parallel()
	virtually(t, 6, standin.Config{Latency: 100 * time.Millisecond}, func(v *virtual) {
		v.has(1, "call", "OKTA")
		v.halfReset(1)
		flags := []string{"--clear-sessions", "--workers", "1"}
		v.want(v.reset(with(flags, confirm(6))...), fault.ExitRows, map[string]int{"reset": 5, "unknown/incomplete": 1})
		for range 2 {
			v.want(v.reset(with(flags, "--resume")...), fault.ExitRows, map[string]int{"reset": 5, "unknown/incomplete": 1})
			if text := v.row(1)["error"]; !strings.Contains(text, "call:OKTA") || strings.Contains(text, "sms") {
				t.Errorf("it says %q, not what is left", text)
			}
			if strings.Contains(v.stderr, "nothing proves") || !strings.Contains(v.stderr, "1 incomplete: Okta did a part of the reset") {
				t.Errorf("it isn't said what is known:\n%s", v.stderr)
			}
			if did := v.org.Did(v.ids[1]); did.Resets != 0 || did.SessionsCleared != 0 {
				t.Errorf("the user: %+v", did)
			}
			<-time.After(time.Hour)
		}
		v.want(v.reset(with(flags, "--retry", "unknown", confirm(1))...), 0, map[string]int{"reset": 6})
		v.resets(map[int]int{1: 6})
		if text := v.row(1)["error"]; !strings.HasPrefix(text, "sent again at ") {
			t.Errorf("it says %q, not that it was sent again", text)
		}
	})
}

// If a reset that was found done in part is found done completely later, the row is done.
func TestIncompleteBecomesWhole(t *testing.T) {
	t.Parallel()
	virtually(t, 6, standin.Config{Latency: 100 * time.Millisecond}, func(v *virtual) {
		v.has(1, "call", "OKTA")
		v.halfReset(1)
		v.want(v.reset("--workers", "1", confirm(6)), fault.ExitRows, map[string]int{"reset": 5, "unknown/incomplete": 1})
		u, _ := v.org.User(v.ids[1])
		v.tampered = func(r *http.Request, next http.RoundTripper) (*http.Response, error) { // the user has removed the factor
			resp, err := next.RoundTrip(r)
			if err == nil && strings.HasSuffix(r.URL.Path, u.ID+"/factors") {
				resp.Body, resp.ContentLength = io.NopCloser(strings.NewReader("[]")), 2
			}
			return resp, err
		}
		v.want(v.reset("--resume"), 0, map[string]int{"reset": 5, "reset/verified": 1})
		v.resets(map[int]int{0: 1, 1: 5})
	})
}

// A later run sends a reset that certainly did nothing again only if the user has enrolled nothing
// since. Users who have enrolled keep their new factor.
func TestEnrolledSince(t *testing.T) {
	t.Parallel()
	for name, enrolls := range map[string]bool{"nobody": false, "somebody": true} {
		t.Run(name, func(t *testing.T) {
			virtually(t, 5, standin.Config{Latency: 100 * time.Millisecond}, func(v *virtual) {
				v.lose(1, standin.Before)
				v.reset(confirm(5), "--workers", "1", "--limit", "2")
				v.wantRow(1, "status", "unknown") // nobody after it shows that the log keeps up
				<-time.After(48 * time.Hour)
				if enrolls {
					v.org.Enroll(v.ids[1], standin.Factor{Type: "webauthn", Provider: "FIDO"})
					<-time.After(time.Hour)
				}
				code := v.reset("--resume")
				if enrolls {
					v.want(code, fault.ExitRows, map[string]int{"reset": 4, "unknown/unverified": 1})
					v.resets(map[int]int{0: 1, 1: 4})
					if did := v.org.Did(v.ids[1]); did.ResetCalls != 1 {
						t.Errorf("sent %d times", did.ResetCalls)
					}
					return
				}
				v.want(code, 0, map[string]int{"reset": 5})
				v.resets(map[int]int{1: 5})
				v.wantRow(1, "attempts", "2")
				if text := v.row(1)["error"]; !strings.HasPrefix(text, "sent again at 2000-01-0") || !strings.HasSuffix(text, ": a factor from before was still there") {
					t.Errorf("it says %q, not that it was sent again", text)
				}
			})
		})
	}
}

// Before a reset is sent again it may have to wait for its turn: then the factors are listed once
// more. A reset that has taken effect meanwhile isn't sent twice.
func TestProofIsFresh(t *testing.T) {
	t.Parallel()
	for name, late := range map[string]bool{"nothing happens": false, "the reset comes late": true} {
		t.Run(name, func(t *testing.T) {
			virtually(t, 5, standin.Config{Latency: 100 * time.Millisecond}, func(v *virtual) {
				f := standin.Fault{Kind: standin.Drop, When: standin.Before, Op: resetOp, UserID: v.ids[1], Times: 1}
				if late {
					f.When, f.Delay = standin.Late, 70*time.Second
				}
				v.org.Script(f)
				lists := 0
				v.tampered = func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
					if strings.HasSuffix(r.URL.Path, v.ids[1]+"/factors") {
						if lists++; lists == 1 {
							defer v.org.Consume(standin.BucketUsers, 600) // others use up this minute
						}
					}
					return next.RoundTrip(r)
				}
				code := v.reset(confirm(5), "--workers", "1")
				<-time.After(5 * time.Minute)
				v.resets(map[int]int{1: 5})
				want := map[string]int{"reset": 5}
				if late {
					want = map[string]int{"reset": 4, "unknown/unverified": 1}
				}
				if got := v.counts(); fmt.Sprint(got) != fmt.Sprint(want) || lists < 2 {
					t.Errorf("exit code %d, %v, want %v; listed %d times\n%s", code, got, want, lists, v.stderr)
				}
				if late {
					v.want(v.reset("--resume"), 0, map[string]int{"reset": 4, "reset/verified": 1})
				}
			})
		})
	}
}

// A row counts the attempts of all runs, also if a run has left nothing open.
func TestAttemptsOfAllRuns(t *testing.T) {
	t.Parallel()
	virtually(t, 3, standin.Config{Latency: 100 * time.Millisecond}, func(v *virtual) {
		v.org.Script(standin.Fault{Kind: standin.TooManyBare, Op: resetOp, UserID: v.ids[1], Times: 4})
		v.reset(confirm(3), "--workers", "1", "--max-duration", "8s")
		before := v.row(1)
		if before["status"] != "not_attempted" || before["attempts"] == "0" {
			t.Fatalf("%v: no attempt that came to nothing\n%s", before, v.stderr)
		}
		v.org.Clear()
		v.org.Script(standin.Fault{Kind: standin.WrongStatus, Op: resetOp, UserID: v.ids[1], Times: 1})
		v.reset("--resume", "--workers", "1")
		v.wantRow(1, "status", "failed")
		v.reset("--retry", "failed")
		v.wantRow(1, "status", "reset")
		v.wantRow(1, "attempts", fmt.Sprint(v.org.Did(v.ids[1]).ResetCalls))
	})
}

// Without the right to read the System Log, a run says once, before consent, what that means. It
// waits for nothing and sends nothing again.
func TestNoLog(t *testing.T) {
	t.Parallel()
	virtually(t, 5, standin.Config{Latency: 100 * time.Millisecond}, func(v *virtual) {
		v.org.Script(standin.Fault{Kind: standin.Forbidden, Op: standin.OpLogs})
		const text = "; if an answer is lost, nothing proves what became of it: the row stays unknown"
		v.lose(1, standin.Before)
		start := time.Now()
		v.want(v.reset(confirm(5), "--workers", "1"), fault.ExitRows, map[string]int{"reset": 4, "unknown/unverified": 1})
		if strings.Count(v.stderr, "System Log") != 2 || strings.Count(v.stderr, text) != 1 || time.Since(start) > 10*time.Second {
			t.Errorf("after %v:\n%s", time.Since(start), v.stderr)
		}
		if did := v.org.Did(v.ids[1]); did.ResetCalls != 1 {
			t.Errorf("sent %d times", did.ResetCalls)
		}
		v.org.Clear()
		v.want(v.reset("--resume"), fault.ExitRows, map[string]int{"reset": 4, "unknown/unverified": 1})
	})
}

// A proxy writes its own time, an hour ahead, on all replies, and the log lags. Factors that people
// have enrolled since don't count as those that they had before, neither in this run nor in a later
// one without the proxy.
func TestWrongDates(t *testing.T) {
	t.Parallel()
	cfg := standin.Config{Latency: 100 * time.Millisecond, Reenroll: 15 * time.Second, LogLag: 10 * time.Minute}
	virtually(t, 10, cfg, func(v *virtual) {
		for i := range 4 {
			v.lose(2*i+1, standin.After) // not in a row: that would be an outage
		}
		v.tampered = func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
			resp, err := next.RoundTrip(r)
			if err == nil {
				resp.Header.Set("Date", time.Now().Add(time.Hour).UTC().Format(http.TimeFormat))
			}
			return resp, err
		}
		v.want(v.reset(confirm(10), "--limit", "9", "--workers", "1"), fault.ExitStopped,
			map[string]int{"not_attempted": 1, "reset": 5, "unknown/unverified": 4})
		for _, cells := range v.table() {
			if at, err := time.Parse(time.RFC3339, cells[11]); cells[11] != "" && (err != nil || at.After(time.Now())) {
				t.Errorf("taken at %v, %v, and it is %v", at, err, time.Now())
			}
		}
		v.tampered = nil
		v.want(v.reset("--resume"), fault.ExitRows, map[string]int{"reset": 6, "unknown/unverified": 4})
		v.resets(map[int]int{1: 10})
		<-time.After(time.Hour)
		v.want(v.reset("--resume"), 0, map[string]int{"reset": 6, "reset/verified": 4})
		v.resets(map[int]int{1: 10})
	})
}
