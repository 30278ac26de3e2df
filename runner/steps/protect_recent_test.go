package steps_test

import (
	"strings"
	"testing"

	"oktareset/oktaclient"
	"oktareset/oktaclient/standin"
	"oktareset/runner"
	"oktareset/runner/steps"
)

// A recently reset user is left alone by ID, however the row names the user, without a call; a
// row that has already begun with the user continues.
func TestLeaveRecent(t *testing.T) {
	t.Parallel()
	recent := func(userID string) (string, bool) {
		return "reset at noon" + strings.Repeat("!", 100_000), userID == aliceID
	}
	virtually(t, "", func(t *testing.T) {
		w := newWorld(t, standin.Config{}, oktaclient.Options{}, steps.Options{})
		w.org.Add(standin.User{ID: aliceID, Login: aliceLogin})
		other := w.org.Add(standin.User{Login: "other@example.com"})
		w.know(steps.With{Recent: recent})
		if res, err := w.do(t.Context(), 1, aliceLogin); err != nil || res.Reason != runner.ReasonRecent || res.Status != runner.StatusSkipped ||
			!strings.HasPrefix(res.Error, "reset at noon!") || len(res.Error) > 5003 {
			t.Errorf("by login: %s/%s %.60q, %v", res.Status, res.Reason, res.Error, err)
		}
		if res, err := w.do(t.Context(), 2, other.ID); err != nil || res.Status != runner.StatusReset {
			t.Errorf("somebody else: %s/%s, %v", res.Status, res.Reason, err)
		}
		if s := w.org.Stats().ByOp; s[standin.OpResetFactors] != 1 || s[standin.OpListFactors] != 0 {
			t.Errorf("sent %v", s)
		}
	})
	virtually(t, "", func(t *testing.T) {
		w := newWorld(t, standin.Config{}, oktaclient.Options{}, steps.Options{Then: []runner.Reason{runner.ReasonSessions}})
		w.org.Add(standin.User{ID: aliceID, Login: aliceLogin})
		w.know(steps.With{Recent: recent})
		if res, err := w.do(t.Context(), 1, aliceID); err != nil || res.Reason != runner.ReasonRecent || w.org.Stats().ByOp[standin.OpResetFactors] != 0 {
			t.Errorf("by ID: %s/%s, %v", res.Status, res.Reason, err)
		}
		half := &runner.Result{UserID: aliceID}
		half.Leave(false, runner.Open{Step: runner.ReasonSessions, Sent: runner.Refused}, "")
		j := runner.Job{Row: runner.Row{N: 2, Input: aliceID}, First: 2, Before: half}
		if res, err := w.list.Do(t.Context(), j, w); err != nil || res.Status != runner.StatusReset || w.org.Did(aliceID).SessionsCleared != 1 {
			t.Errorf("a row that goes on: %s/%s %s, %v", res.Status, res.Reason, res.Error, err)
		}
	})
}
