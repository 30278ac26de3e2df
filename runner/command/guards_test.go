package command

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"oktareset/oktaclient/standin"
	"oktareset/runner/fault"
)

// The lines that "nobody is reset twice" rests on, outside of the package doubt (whose own list is
// in its guards_test.go), each with the test that fails without it:
//
//	ledger/open.go readOpen: a missing outcome is lost               TestOpenOfOlderVersions (ledger)
//	ledger/line.go settleDoubt: what was taken is lost               TestResumeOpensSteps (ledger)
//	steps/reset.go resetFactors: in doubt needs proof, or Retry      TestEnrolledSince, TestResetInDoubtNeedsProof (steps)
//	steps/reset.go resetAgain: the proof is asked at each attempt    TestProofIsFresh
//	steps/reset.go unsent: an earlier loss stays one                 TestLossOutlivesAFailedLook
//	steps/list.go settleAgain: what isn't done stays open            TestExcludeInDoubt, TestRefusedTheSecondTime
//	steps/list.go do: a half-done row needs a step                   TestHalfDoneWithoutAStep (steps)
//	steps/list.go take: sent again keeps the first time              TestSentAgain (steps)
//	steps/enroll.go enroll: what is adopted is new                   TestAdoptedFactorIsNew, TestAdoptedUnderAWrongDate
//	command/reset_resume.go claim: Set, not Claim                    TestLastRowHoldsTheUser
//	command/reset_resume.go openRows: logins of settled rows         TestSettledRowKeepsItsLogin
//	command/reset_prove.go settleEarlier: wait before a retry        TestRetryWaitsForTheFirst

// The last row that may have changed a user keeps the user, whichever row named the user first.
// Else a row that failed would free the user when it is tried again.
func TestLastRowHoldsTheUser(t *testing.T) {
	t.Parallel()
	virtually(t, 4, standin.Config{Latency: 100 * time.Millisecond}, func(v *virtual) {
		v.input(login(0), login(3), v.ids[1])
		v.org.Script(
			standin.Fault{Kind: standin.WrongStatus, Op: resetOp, UserID: v.ids[0], Times: 1},
			standin.Fault{Kind: standin.ServerError, Op: standin.OpGetUser, UserID: v.ids[3]},
			standin.Fault{Kind: standin.WrongStatus, Op: resetOp, UserID: v.ids[1], Times: 1},
		)
		v.reset(confirm(3), "--workers", "1") // the first row's user is known, and failed
		v.org.Clear()

		// The user is renamed to what the second row has; the first row's look-up fails, the second
		// resets the user, and the power goes.
		v.becomes(login(3), 3, 0)
		v.org.Script(
			standin.Fault{Kind: standin.ServerError, Op: standin.OpGetUser, UserID: v.ids[0]},
			standin.Fault{Kind: standin.Hang, When: standin.Before, Op: resetOp, UserID: v.ids[1]},
		)
		v.mustCrash(35*time.Second, "--retry", "failed", "--workers", "1")
		if n := v.org.Did(v.ids[0]).Resets; n != 1 {
			t.Fatalf("the user was reset %d times before the crash", n)
		}
		v.org.Clear()
		v.reset("--retry", "failed", "--workers", "1")
		v.once(0)
	})
}

// A row that repeats the login of a settled row stays its duplicate, whoever has the login now.
func TestSettledRowKeepsItsLogin(t *testing.T) {
	t.Parallel()
	virtually(t, 3, standin.Config{Latency: 100 * time.Millisecond}, func(v *virtual) {
		v.input(login(0), v.ids[1], login(0))
		v.reset(confirm(2), "--limit", "1", "--workers", "1")
		v.becomes(login(0), 0, 2)
		v.reset("--resume", "--workers", "1")
		v.once(0, 1)
		if n := v.org.Did(v.ids[2]).ResetCalls; n != 0 {
			t.Errorf("who has the login now was reset %d times\n%s", n, v.stderr)
		}
	})
}

// If the answer to an enrollment was lost, the run looks for it among the factors that were
// enrolled since, not among those from before.
func TestAdoptedFactorIsNew(t *testing.T) {
	t.Parallel()
	virtually(t, 3, standin.Config{Latency: 100 * time.Millisecond}, func(v *virtual) {
		old, _ := v.org.Enroll(v.ids[1], standin.Factor{Type: "push", Provider: "OKTA", Created: time.Now().Add(-24 * time.Hour)})
		v.org.Script(standin.Fault{Kind: standin.Drop, When: standin.Before, Op: standin.OpEnroll, UserID: v.ids[1], Times: 1})
		v.reset("--factor", "sms", "--enroll", "push:OKTA", "--send", "email", confirm(3))
		if row := v.row(1); row["factor"] == old.ID {
			t.Errorf("the factor from before passes for the new one: %v\n%s", row, v.stderr)
		}
	})
}

// A proxy writes times that are a little ahead: the factor that was enrolled doesn't count as one
// from before.
func TestAdoptedUnderAWrongDate(t *testing.T) {
	t.Parallel()
	for _, offset := range []time.Duration{-20 * time.Second, 20 * time.Second, 50 * time.Second} {
		virtually(t, 3, standin.Config{Latency: 100 * time.Millisecond}, func(v *virtual) {
			v.org.Script(
				standin.Fault{Kind: standin.WrongDate, Offset: offset},
				standin.Fault{Kind: standin.Drop, When: standin.After, Op: standin.OpEnroll, UserID: v.ids[1], Times: 1},
			)
			v.want(v.reset("--enroll", "push:OKTA", "--send", "email", confirm(3)), 0, map[string]int{"reset/pending": 3})
			if did := v.org.Did(v.ids[1]); did.Enrolls != 1 {
				t.Errorf("%v ahead: enrolled %d times\n%s", offset, did.Enrolls, v.stderr)
			}
		})
	}
}

// A look that fails proves nothing about the reset before it: the answer stays lost, and the run
// waits for proof once more.
func TestLossOutlivesAFailedLook(t *testing.T) {
	t.Parallel()
	virtually(t, 3, standin.Config{Latency: 100 * time.Millisecond}, func(v *virtual) {
		v.phones()
		v.org.Script(
			standin.Fault{Kind: standin.Drop, When: standin.Before, Op: standin.OpEnroll, UserID: v.ids[1], Times: 1},
			standin.Fault{Kind: standin.Forbidden, Op: standin.OpListFactors},
		)
		v.reset(with(enrollFlags, confirm(3))...)
		v.wantRow(1, "status", "partial")
		v.org.Clear()
		start, asked := time.Now(), time.Time{}
		v.tampered = func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
			if r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, v.ids[1]+"/factors") {
				asked = time.Now()
			}
			return next.RoundTrip(r)
		}
		v.want(v.reset(with(enrollFlags, "--resume")...), 0, map[string]int{"reset": 3})
		if waited := asked.Sub(start); waited < 58*time.Second {
			t.Errorf("asked for another after %v", waited)
		}
	})
}

// --retry unknown waits until the first request can have no effect any more before it sends the
// second.
func TestRetryWaitsForTheFirst(t *testing.T) {
	t.Parallel()
	virtually(t, 3, standin.Config{Latency: 100 * time.Millisecond}, func(v *virtual) {
		v.org.Script(standin.Fault{Kind: standin.Drop, When: standin.Late, Delay: 50 * time.Second, Op: resetOp, UserID: v.ids[1], Times: 1})
		v.reset(confirm(3), "--workers", "1", "--max-duration", "2s")
		v.wantRow(1, "status", "unknown")
		v.want(v.reset("--retry", "unknown", confirm(1)), 0, map[string]int{"reset": 2, "reset/verified": 1})
		v.resets(map[int]int{1: 3})
	})
}

// A reset that certainly did nothing is sent again, and refused. If the org writes no event for a
// part of a reset, the first may have been done in part. So the row isn't failed.
func TestRefusedTheSecondTime(t *testing.T) {
	t.Parallel()
	cfg := standin.Config{Latency: 100 * time.Millisecond, Engine: standin.Classic}
	virtually(t, 5, cfg, func(v *virtual) {
		v.has(1, "call", "OKTA")
		v.halfReset(1)
		v.org.Script(standin.Fault{Kind: standin.WrongStatus, Op: resetOp, UserID: v.ids[1], Times: 1})
		v.want(v.reset(confirm(5), "--workers", "1"), fault.ExitRows, map[string]int{"reset": 4, "unknown/unverified": 1})
		if text := v.row(1)["error"]; !strings.HasPrefix(text, "sent again at ") || !strings.Contains(text, "tried again: failed: ") {
			t.Errorf("it says %q", text)
		}
		v.resets(map[int]int{0: 1, 1: 4})
	})
}
