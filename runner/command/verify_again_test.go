package command

import (
	"io"
	"strings"
	"testing"
	"time"

	"oktareset/oktaclient/standin"
)

// factor returns the ID of the factor of a type that user 0 has, or "".
func (v *virtual) factor(kind string) string {
	u, _ := v.org.User(v.ids[0])
	for _, f := range u.Factors {
		if f.Type == kind {
			return f.ID
		}
	}
	return ""
}

// removes has somebody remove that factor.
func (v *virtual) removes(kind string) {
	v.t.Helper()
	if code := v.run(v.t.Context(), io.Discard, "factors", "unenroll", v.ids[0], v.factor(kind), confirm(1)); code != 0 {
		v.t.Fatalf("exit code %d:\n%s", code, v.stderr)
	}
}

// Each factor that --factor names goes only within the five minutes after a verification, however
// late the run is resumed. The steps after it need none.
func TestEachRemovalNeedsAVerification(t *testing.T) {
	t.Parallel()
	broken := standin.Fault{Kind: standin.ServerError, When: standin.Before, Op: standin.OpUnenroll, Skip: 1}
	held := standin.Fault{Kind: standin.TooManyBare, Op: standin.OpUnenroll, Skip: 1, For: 6 * time.Minute}
	atOnce := held
	atOnce.Skip = 0
	sessions := standin.Fault{Kind: standin.WrongStatus, Op: standin.OpClearSessions}
	const longAgo = "the user was verified more than 5 minutes ago"
	for _, tt := range []struct {
		name     string
		fault    standin.Fault
		then     []standin.Fault // in the second run
		flags    []string
		first    string // what the row says of the first run
		later    time.Duration
		answers  bool // of the second run
		gone     bool // the verifying factor, by then
		verified int
		says     string // the row, at the end; "": it is reset
	}{
		{name: "days later, nobody on the phone", fault: broken, later: 72 * time.Hour, verified: 1, says: "not continued: failed: nobody can give the answer"},
		{name: "days later", fault: broken, later: 72 * time.Hour, answers: true, verified: 2},
		{name: "at once", fault: broken, verified: 1},
		{name: "held up", fault: held, first: longAgo, verified: 1, says: "not continued: failed: nobody can give the answer"},
		{name: "held up when it is resumed", fault: broken, then: []standin.Fault{atOnce}, later: 72 * time.Hour, answers: true, verified: 2, says: longAgo},
		{name: "the verifying factor is gone", fault: broken, later: 72 * time.Hour, gone: true, verified: 1, says: `has no factor "question"`},
		{name: "all are removed", fault: sessions, flags: []string{"--clear-sessions"}, later: 72 * time.Hour, verified: 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			virtually(t, 1, standin.Config{Latency: 100 * time.Millisecond}, func(v *virtual) {
				v.has(0, "question", "OKTA")
				v.has(0, "call", "OKTA")
				v.org.Script(tt.fault)
				flags := with(tt.flags, "--verify", "question", "--factor", "sms", "--factor", "call", confirm(1))
				v.readsOut("question", false)
				v.reset(flags...)
				if row := v.cellsOf(); row["status"] != "partial" || !strings.Contains(row["error"], tt.first) || v.org.Did(v.ids[0]).Verifications != 1 {
					t.Fatalf("the row is %q:\n%s", row, v.stderr)
				}
				first := v.cellsOf()["verified_at"]
				<-time.After(tt.later)
				v.org.Clear()
				v.org.Script(tt.then...)
				if tt.gone {
					v.removes("question")
				}
				v.in = strings.NewReader("")
				if tt.answers {
					v.readsOut("question", false)
				}
				v.reset(with(flags, "--resume")...)
				row, did := v.cellsOf(), v.org.Did(v.ids[0])
				if did.Verifications != tt.verified || did.Resets != 0 || v.factor("sms") != "" || (v.factor("call") == "") != (tt.says == "") {
					t.Errorf("the user got %+v, want %d verifications, and has left: %q\n%s", did, tt.verified, v.factor("call"), v.stderr)
				}
				if done := row["status"] == "reset"; done != (tt.says == "") || !strings.Contains(row["error"], tt.says) {
					t.Errorf("the row is %q, want %q", row, tt.says)
				}
				if code := v.run(v.t.Context(), io.Discard, "audit", v.path("users.results.csv")); tt.says == "" && code != 0 {
					t.Errorf("audit: exit code %d:\n%s", code, v.stderr)
				}
				if again := row["verified_at"] != first; again != (tt.verified > 1) || row["verified_by"] != "question:OKTA" {
					t.Errorf("verified at %s by %s, at first %s", row["verified_at"], row["verified_by"], first)
				}
			})
		})
	}
}

// A verification that fails leaves the recorded one: the reset in doubt was sent after that.
func TestAFailedVerificationLeavesTheRecordedOne(t *testing.T) {
	t.Parallel()
	for _, by := range []string{"question", "sms"} { // its own factor, and one that went
		virtually(t, 1, standin.Config{Latency: 100 * time.Millisecond}, func(v *virtual) {
			v.has(0, "call", "OKTA")
			v.has(0, "question", "OKTA")
			v.halfReset(0)
			v.readsOut("question", false)
			v.reset("--verify", "question", confirm(1))
			before := v.cellsOf()
			<-time.After(time.Hour)
			v.in = strings.NewReader("")
			v.reset("--retry", "unknown", "--verify", by, confirm(1))
			row := v.cellsOf()
			if row["status"] != "unknown" || row["verified_by"] != "question:OKTA" || row["verified_at"] != before["verified_at"] || !strings.Contains(row["error"], "not sent again") {
				t.Errorf("--verify %s: the row is %q, before %q", by, row, before)
			}
			v.removes("call") // the rest
			v.in = strings.NewReader("")
			if v.reset("--resume", "--verify", "question", confirm(1)); v.cellsOf()["status"] != "reset" {
				t.Errorf("the row is %q:\n%s", v.cellsOf(), v.stderr)
			}
			if code := v.run(v.t.Context(), io.Discard, "audit", v.path("users.results.csv")); code != 0 || !strings.Contains(v.stderr, "the log has the verification of 1 user") {
				t.Errorf("audit: exit code %d:\n%s", code, v.stderr)
			}
			if did := v.org.Did(v.ids[0]); did.Verifications != 1 || did.ResetCalls != 1 {
				t.Errorf("the user got %+v", did)
			}
		})
	}
}
