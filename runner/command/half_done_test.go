package command

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"oktareset/oktaclient/standin"
	"oktareset/runner/fault"
)

func (v *virtual) csv(text string) {
	if err := os.WriteFile(v.path("users.csv"), []byte(text), 0o600); err != nil {
		v.t.Fatal(err)
	}
}

func (v *virtual) phones() {
	var b strings.Builder
	b.WriteString("userId,phoneNumber\n")
	for i, id := range v.ids {
		fmt.Fprintf(&b, "%s,+1555%07d\n", id, i)
	}
	v.csv(b.String())
}

func (v *virtual) table() [][]string {
	v.t.Helper()
	return readRows(v.t, v.path("users.results.csv"))[1:]
}

func (v *virtual) statuses() map[string]int {
	c := map[string]int{}
	for _, r := range v.table() {
		c[strings.TrimSuffix(r[4]+"/"+r[5], "/")]++
	}
	return c
}

func (v *virtual) total() (resets, enrolls int) {
	for _, id := range v.ids {
		resets += v.org.Did(id).Resets
		enrolls += v.org.Did(id).Enrolls
	}
	return
}

var enrollFlags = []string{"--enroll", "sms:OKTA", "--activate", "--update-phone"}

func with(a []string, more ...string) []string { return slices.Concat(a, more) }

// If the enrollments of a run were all refused, its resume resets nobody new: they would be without
// a factor, too.
func TestRefusedEnrollmentsStripNobodyElse(t *testing.T) {
	t.Parallel()
	virtually(t, 400, standin.Config{Latency: 100 * time.Millisecond, Unlimited: true}, func(v *virtual) {
		v.phones()
		v.org.Script(standin.Fault{Kind: standin.WrongStatus, Op: standin.OpEnroll})
		var n []int
		for i := range 5 {
			flags := with(enrollFlags, "--resume", "--workers", "4")
			if i == 0 {
				flags = append(flags, confirm(400))
			}
			v.reset(flags...)
			resets, _ := v.total()
			n = append(n, resets)
		}
		if n[4] > n[0] {
			t.Errorf("users reset and without a factor after each restart: %v", n)
		}
	})
}

// The next resume finishes a row that is half done, however early the resume ends.
func TestHalfDoneRowsComeFirst(t *testing.T) {
	t.Parallel()
	for _, stop := range [][]string{{"--limit", "5"}, {"--max-duration", "70s"}} {
		t.Run(stop[0], func(t *testing.T) {
			virtually(t, 400, standin.Config{Latency: 100 * time.Millisecond, Limits: map[string]int{standin.BucketUsers: 60}}, func(v *virtual) {
				v.phones()
				v.org.Script(standin.Fault{Kind: standin.WrongStatus, Op: standin.OpEnroll, UserID: v.ids[1], Times: 1})
				for i := range 6 {
					flags := with(enrollFlags, "--resume", "--workers", "2")
					flags = append(flags, stop...)
					if i == 0 {
						flags = append(flags, confirm(400))
					}
					v.reset(flags...)
				}
				if r := v.table()[1]; r[4] != "reset" {
					t.Errorf("after five resumes row 2 is still %s/%s", r[4], r[5])
				}
			})
		})
	}
}

// An enrollment that a gateway gave up on, and that Okta makes later, isn't made twice.
func TestEnrollmentThatComesLate(t *testing.T) {
	t.Parallel()
	virtually(t, 3, standin.Config{Latency: 100 * time.Millisecond}, func(v *virtual) {
		v.phones()
		n := 0
		v.tampered = func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
			if r.Method == "POST" && strings.HasSuffix(r.URL.Path, v.ids[1]+"/factors") {
				if n++; n == 1 { // the gateway gives up, Okta does it 20 s later
					body, _ := io.ReadAll(r.Body)
					again := r.Clone(context.WithoutCancel(r.Context()))
					again.Body = io.NopCloser(bytes.NewReader(body))
					time.AfterFunc(20*time.Second, func() {
						if resp, err := next.RoundTrip(again); err == nil {
							resp.Body.Close()
						}
					})
					return &http.Response{StatusCode: 408, Header: http.Header{}, Body: io.NopCloser(strings.NewReader("")), Request: r}, nil
				}
			}
			return next.RoundTrip(r)
		}
		v.reset(with(enrollFlags, confirm(3))...)
		<-time.After(time.Minute)
		if d := v.org.Did(v.ids[1]); d.Enrolls != 1 || n != 1 {
			t.Errorf("sent %d, enrolled %d", n, d.Enrolls)
		}
	})
}

// Rows that a resume proves to be reset don't count as its failures.
func TestHaltCountsOwnFailures(t *testing.T) {
	t.Parallel()
	virtually(t, 60, standin.Config{Latency: 100 * time.Millisecond, LogLag: 5 * time.Minute}, func(v *virtual) {
		v.phones()
		v.org.Script(standin.Fault{Kind: standin.Drop, When: standin.After, Op: resetOp, Every: 3, Times: 4}) // three in a row would end the run
		v.reset(with(enrollFlags, confirm(60), "--limit", "20")...)
		<-time.After(10 * time.Minute)
		code := v.reset(with(enrollFlags, "--resume", "--halt", "fail=3")...)
		if code != 0 {
			t.Errorf("exit code %d, nothing failed in this run", code)
		}
	})
}

// A factor that somebody else enrolled meanwhile doesn't count as the one that the run asked for.
func TestFactorOfSomebodyElse(t *testing.T) {
	t.Parallel()
	virtually(t, 3, standin.Config{Latency: 100 * time.Millisecond, ForgetPhones: true}, func(v *virtual) {
		v.phones()
		v.org.Script(standin.Fault{Kind: standin.Drop, When: standin.Before, Op: standin.OpEnroll, UserID: v.ids[1], Times: 1})
		time.AfterFunc(20*time.Second, func() {
			v.org.Enroll(v.ids[1], standin.Factor{Type: "sms", Provider: "OKTA", Status: "PENDING_ACTIVATION", Profile: map[string]string{"phoneNumber": "+19999999999"}})
		})
		v.reset("--enroll", "sms:OKTA", "--activate", confirm(3))
		u, _ := v.org.User(v.ids[1])
		if r := v.table()[1]; r[4] == "reset" {
			t.Errorf("row 2 (%s) is %s, factor %s %s; the user's: %+v", r[18], r[4], r[14], r[15], u.Factors)
		}
	})
}

// The request ID of a row stays that of its reset when a resume does the rest.
func TestRequestIDStaysTheResets(t *testing.T) {
	t.Parallel()
	virtually(t, 3, standin.Config{Latency: 100 * time.Millisecond}, func(v *virtual) {
		v.phones()
		v.org.Script(standin.Fault{Kind: standin.WrongStatus, Op: standin.OpEnroll, UserID: v.ids[1], Times: 1})
		flags := with(enrollFlags, "--skip-admins")
		v.reset(append(flags, confirm(3))...)
		before := v.table()[1]
		v.reset(append(flags, "--resume")...)
		after := v.table()[1]
		if before[10] != after[10] {
			t.Errorf("request id of the reset %s, after the resume %s\n%q\n%q", before[10], after[10], before, after)
		}
	})
}

// The command that a dry run proposes names no column: a plan has its own.
func TestPlanTakesNoColumn(t *testing.T) {
	t.Parallel()
	virtually(t, 4, standin.Config{Latency: 100 * time.Millisecond}, func(v *virtual) {
		v.csv("userId,delegate\n" + v.ids[0] + "," + v.ids[2] + "\n" + v.ids[1] + "," + v.ids[3] + "\n")
		v.reset("--dry-run", "--column", "delegate")
		if !strings.Contains(v.stderr, "to run this plan: oktareset reset --confirm acme.okta.com:2 "+v.path("users.plan.csv")) {
			t.Errorf("another command for the plan:\n%s", v.stderr)
		}
	})
}

// The run recognizes its enrollment although the servers of Okta have different clocks.
func TestServersWhoseClocksDiffer(t *testing.T) {
	t.Parallel()
	virtually(t, 3, standin.Config{Latency: 100 * time.Millisecond}, func(v *virtual) {
		v.phones()
		v.org.Script(standin.Fault{Kind: standin.Drop, When: standin.After, Op: standin.OpEnroll, UserID: v.ids[1], Times: 1})
		v.tampered = func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
			if r.Method == "POST" && strings.HasSuffix(r.URL.Path, v.ids[1]+"/factors") {
				v.org.SetClockSkew(-5 * time.Second)
				defer v.org.SetClockSkew(0)
			}
			return next.RoundTrip(r)
		}
		code := v.reset(with(enrollFlags, confirm(3))...)
		if d := v.org.Did(v.ids[1]); d.Enrolls != 1 || code != 0 {
			t.Errorf("exit code %d, enrolled %d", code, d.Enrolls)
		}
	})
}

// A limit that allows all users also allows to send one again.
func TestLimitOfAllUsers(t *testing.T) {
	t.Parallel()
	virtually(t, 5, standin.Config{Latency: 100 * time.Millisecond}, func(v *virtual) {
		v.org.Script(standin.Fault{Kind: standin.Drop, When: standin.Before, Op: resetOp, UserID: v.ids[1], Times: 1})
		code := v.reset("--limit", "5", "--workers", "1", confirm(5))
		if code != 0 {
			t.Error(code, v.statuses(), v.stderr)
		}
	})
}

// A row that has changed nothing isn't partial if its enrollment is refused.
func TestNothingToUnenrollIsNotPartial(t *testing.T) {
	t.Parallel()
	virtually(t, 3, standin.Config{Latency: 100 * time.Millisecond}, func(v *virtual) {
		v.phones()
		v.org.Script(standin.Fault{Kind: standin.Forbidden, Op: standin.OpEnroll, UserID: v.ids[1]})
		v.org.Script(standin.Fault{Kind: standin.InvalidToken, Op: standin.OpEnroll, UserID: v.ids[2]})
		code := v.reset("--factor", "push", "--enroll", "call:OKTA", confirm(3), "--workers", "1")
		for _, r := range v.table() {
			if r[4] == "partial" {
				t.Errorf("nothing was changed: %v %q", code, r)
			}
		}
	})
}

// A user who has nothing to unenroll counts for the limit once something else is done.
func TestLimitCountsEnrollments(t *testing.T) {
	t.Parallel()
	virtually(t, 50, standin.Config{Latency: 100 * time.Millisecond}, func(v *virtual) {
		v.phones()
		code := v.reset("--factor", "push", "--enroll", "call:OKTA", "--clear-sessions", "--limit", "3", confirm(50), "--workers", "2")
		_, e := v.total()
		if code != fault.ExitStopped || e != 3 {
			t.Errorf("--limit 3: exit code %d, %d enrolled, %v", code, e, v.statuses())
		}
	})
}

// Rows that Okta keeps refusing don't keep a resume from those that would work.
func TestRefusedRowsDontBlockOthers(t *testing.T) {
	t.Parallel()
	virtually(t, 60, standin.Config{Latency: 100 * time.Millisecond}, func(v *virtual) {
		v.phones()
		for i := 20; i < 32; i++ { // landlines
			f := standin.Fault{Kind: standin.WrongStatus, Op: standin.OpEnroll, UserID: v.ids[i]}
			if i >= 30 {
				f.Times = 1 // these two would work at the next try
			}
			v.org.Script(f)
		}
		code := v.reset(with(enrollFlags, confirm(60), "--workers", "1")...)
		for range 3 {
			code = v.reset(with(enrollFlags, "--resume", "--workers", "1")...)
		}
		if r := v.table()[31]; r[4] != "reset" || code != 1 {
			t.Errorf("exit code %d, row 32 is %s/%s\n%s", code, r[4], r[5], v.stderr)
		}
	})
}

// A reset that takes effect late doesn't remove the factor that --retry unknown has enrolled, and
// the results don't claim that it does.
func TestRetryUnknownAfterALateReset(t *testing.T) {
	t.Parallel()
	virtually(t, 3, standin.Config{Latency: 100 * time.Millisecond, ResetEvents: standin.NoEvents}, func(v *virtual) {
		v.phones()
		v.org.Script(standin.Fault{Kind: standin.GatewayTimeout, When: standin.Late, Delay: 15 * time.Second, Op: resetOp, UserID: v.ids[1], Times: 1})
		v.reset(with(enrollFlags, confirm(3), "--max-duration", "5s")...)
		v.reset(with(enrollFlags, "--retry", "unknown", confirm(1))...)
		<-time.After(time.Minute)
		u, _ := v.org.User(v.ids[1])
		if r := v.table()[1]; r[4] == "reset" && !slices.ContainsFunc(u.Factors, func(f standin.Factor) bool { return f.ID == r[14] }) {
			t.Errorf("row 2: %s, factor %s %s, but the user has no such factor", r[4], r[14], r[15])
		}
	})
}

// Credentials that may not list factors end the run after ten users.
func TestMayNotListFactors(t *testing.T) {
	t.Parallel()
	for _, flags := range [][]string{{"--factor", "sms"}, {"--record-factors"}} {
		virtually(t, 200, standin.Config{Latency: 100 * time.Millisecond}, func(v *virtual) {
			v.org.Script(standin.Fault{Kind: standin.Forbidden, Op: standin.OpListFactors})
			code := v.reset(append(flags, confirm(200))...)
			if code != fault.ExitNoAccess {
				t.Errorf("%v: exit code %d, %v", flags, code, v.statuses())
			}
		})
	}
}

// A half done row keeps its user when it continues, whoever has the login by then.
func TestHalfDoneRowKeepsItsUser(t *testing.T) {
	t.Parallel()
	virtually(t, 3, standin.Config{Latency: 100 * time.Millisecond}, func(v *virtual) {
		v.csv("login,phoneNumber\n" + login(0) + ",+15550000001\n" + login(1) + ",+15550000002\n")
		v.org.Script(standin.Fault{Kind: standin.WrongStatus, Op: standin.OpEnroll, UserID: v.ids[0], Times: 1})
		v.reset(with(enrollFlags, confirm(2))...)
		v.becomes(login(0), 0, 2)
		v.reset(with(enrollFlags, "--resume")...)
		if v.org.Did(v.ids[2]).Enrolls > 0 || v.org.Did(v.ids[0]).Enrolls != 1 {
			t.Error("wrong user")
		}
	})
}

// A resume doesn't remove an Okta Verify that was enrolled after the answer to an unenrollment was
// lost.
func TestOktaVerifyEnrolledSince(t *testing.T) {
	t.Parallel()
	virtually(t, 2, standin.Config{Latency: 100 * time.Millisecond}, func(v *virtual) {
		v.org.Enroll(v.ids[0], standin.Factor{Type: "push", Provider: "OKTA", Created: time.Now().Add(-time.Hour)})
		v.org.Script(standin.Fault{Kind: standin.Drop, When: standin.Before, Op: standin.OpUnenroll, UserID: v.ids[0]})
		v.reset("--factor", "push:OKTA", confirm(2))
		v.org.Clear()
		<-time.After(24 * time.Hour)
		f, _ := v.org.Enroll(v.ids[0], standin.Factor{Type: "signed_nonce", Provider: "OKTA"}) // FastPass on the new laptop
		code := v.reset("--factor", "push:OKTA", "--resume")
		u, _ := v.org.User(v.ids[0])
		if !slices.ContainsFunc(u.Factors, func(g standin.Factor) bool { return g.ID == f.ID }) {
			t.Errorf("exit code %d: signed_nonce, enrolled a day after the run, is gone; the row: %q", code, v.table()[0])
		}
	})
}

// An enrollment that can't work costs ten people their factors, however many workers there are.
func TestEnrollmentsThatCantWork(t *testing.T) {
	t.Parallel()
	virtually(t, 200, standin.Config{Latency: 100 * time.Millisecond}, func(v *virtual) {
		v.phones()
		v.org.Script(standin.Fault{Kind: standin.Forbidden, Op: standin.OpEnroll})
		code := v.reset(with(enrollFlags, confirm(200))...)
		if resets, _ := v.total(); code != fault.ExitNoAccess || resets != 10 {
			t.Errorf("exit code %d, %d reset, want 10\n%s", code, resets, v.stderr)
		}
	})
}

// A reset whose answer was lost is proved in a run that --limit ends: the user gets the factor
// in the same run.
func TestLimitLeavesNobodyHalfDone(t *testing.T) {
	t.Parallel()
	virtually(t, 40, standin.Config{Latency: 100 * time.Millisecond}, func(v *virtual) {
		v.phones()
		v.org.Script(standin.Fault{Kind: standin.Drop, When: standin.After, Op: resetOp, Skip: 2, Times: 3})
		code := v.reset(with(enrollFlags, "--limit", "10", confirm(40))...)
		if resets, enrolls := v.total(); code != fault.ExitStopped || resets != 10 || enrolls != 10 {
			t.Errorf("exit code %d, %d reset, %d enrolled, %v\n%s", code, resets, enrolls, v.statuses(), v.stderr)
		}
		if !strings.Contains(v.stderr, "10 reset") {
			t.Errorf("not ten reset:\n%s", v.stderr)
		}
	})
}

// A resume continues the rows that it has proved before it begins new ones, however early it ends.
func TestProvedRowsGoFirst(t *testing.T) {
	t.Parallel()
	virtually(t, 30, standin.Config{Latency: 100 * time.Millisecond, LogLag: 20 * time.Second}, func(v *virtual) {
		v.phones()
		v.org.Script(standin.Fault{Kind: standin.Drop, When: standin.After, Op: resetOp, Skip: 1, Times: 1})
		v.reset(with(enrollFlags, "--max-duration", "1s", "--workers", "1", confirm(30))...)
		<-time.After(30 * time.Second)
		ctx, stop := context.WithCancelCause(v.t.Context())
		time.AfterFunc(2*time.Second, func() { stop(fault.Signal{Signal: os.Interrupt}) })
		v.resetIn(ctx, with(enrollFlags, "--resume", "--workers", "1")...)
		if row := v.table()[1]; row[4] != "reset" {
			t.Errorf("row 2 is %s/%s 2 s after the resume began\n%s", row[4], row[5], v.stderr)
		}
	})
}
