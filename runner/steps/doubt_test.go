package steps_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"oktareset/oktaclient"
	"oktareset/oktaclient/standin"
	"oktareset/runner"
	"oktareset/runner/steps"
)

const (
	thisRun  = "20260102T120000Z-aaaaaa"
	otherRun = "20260102T120000Z-bbbbbb"
)

// A row that is sent again although it may have been done before keeps everything that could
// still prove the first time.
func TestSentAgain(t *testing.T) {
	t.Parallel()
	tests := []struct {
		faults string
		want   runner.Status
		runs   string // of the result
		code   string
		again  bool // the result is that of the new request
	}{
		{"", runner.StatusReset, "", "", true},
		{"drop:reset_factors", runner.StatusUnknown, otherRun + " " + thisRun, "", true},
		{"500:reset_factors", runner.StatusUnknown, otherRun + " " + thisRun, "E0000009", true},
		{"403:reset_factors", runner.StatusUnknown, otherRun + " " + thisRun, "", false},
		{"404_user", runner.StatusUnknown, otherRun + " " + thisRun, "", false},
		{"403_status:reset_factors", runner.StatusUnknown, otherRun + " " + thisRun, "", false},
	}
	for _, tt := range tests {
		virtually(t, tt.faults, func(t *testing.T) {
			w := newWorld(t, standin.Config{}, oktaclient.Options{}, steps.Options{RunID: thisRun})
			w.org.Add(standin.User{ID: aliceID, Login: aliceLogin})
			script(t, w.org, tt.faults)
			row := runner.Row{N: 1, Line: 2, Input: aliceID}
			before := w.client.Now().Add(-time.Hour)
			res, err := w.list.Do(t.Context(), runner.Job{Row: row, First: 1, Retry: true, Before: &runner.Result{
				Row: row, UserID: aliceID, Status: runner.StatusUnknown, Reason: runner.ReasonUnverified,
				Open: runner.Open{Sent: runner.Lost}, RequestID: "req-before", StartedAt: before, FinishedAt: before.Add(time.Second), RunID: otherRun,
			}}, w)
			if err != nil || res.Status != tt.want || res.RunID != tt.runs || res.ErrorCode != tt.code || res.Attempts != 1 {
				t.Errorf("%s: %+v, %v, want %s of %q with %q", tt.faults, res, err, tt.want, tt.runs, tt.code)
			}
			if tt.want == runner.StatusUnknown && !res.StartedAt.Equal(before) {
				t.Errorf("%s: taken at %v, want %v: the first time", tt.faults, res.StartedAt, before)
			}
			if (res.RequestID != "req-before") != tt.again {
				t.Errorf("%s: request ID %q, want the new one: %v", tt.faults, res.RequestID, tt.again)
			}
			want := runner.Taken{UserID: aliceID, At: before, Earlier: otherRun, Tried: runner.Tried{Again: res.Again}}
			if !strings.HasPrefix(res.Again, "sent again at 2") || !strings.HasSuffix(res.Again, ": --retry unknown") {
				t.Errorf("%s: it says %q, not that it was sent again", tt.faults, res.Again)
			}
			if diff := cmp.Diff(want, w.taken[1]); diff != "" {
				t.Errorf("%s taken (-want +got):\n%s", tt.faults, diff)
			}
			checkTexts(t, res)
		})
	}
}

// A result in doubt names the run that sent it, for the System Log; others needn't.
func TestRunOfAResult(t *testing.T) {
	t.Parallel()
	for faults, want := range map[string]string{"": "", "drop:reset_factors": thisRun, "403:reset_factors": ""} {
		virtually(t, faults, func(t *testing.T) {
			w := newWorld(t, standin.Config{}, oktaclient.Options{}, steps.Options{RunID: thisRun})
			w.org.Add(standin.User{ID: aliceID, Login: aliceLogin})
			script(t, w.org, faults)
			if res, err := w.do(t.Context(), 1, aliceID); res.RunID != want || err != nil {
				t.Errorf("%q: run %q, %v, want %q", faults, res.RunID, err, want)
			}
		})
	}
}

// A reset in doubt isn't sent again unless it is proved that nothing was done, or somebody has
// allowed it; otherwise it stays as it was.
func TestResetInDoubtNeedsProof(t *testing.T) {
	t.Parallel()
	for _, reason := range []runner.Reason{runner.ReasonUnverified, runner.ReasonIncomplete} {
		virtually(t, string(reason), func(t *testing.T) {
			w := newWorld(t, standin.Config{}, oktaclient.Options{}, steps.Options{RunID: thisRun})
			w.org.Add(standin.User{ID: aliceID, Login: aliceLogin})
			row := runner.Row{N: 1, Line: 2, Input: aliceID}
			before := &runner.Result{
				Row: row, UserID: aliceID, Status: runner.StatusUnknown, Reason: reason, Open: runner.Open{Sent: runner.Lost}, Attempts: 1,
				StartedAt: w.client.Now().Add(-time.Hour), RunID: otherRun,
			}
			res, err := w.list.Do(t.Context(), runner.Job{Row: row, First: 1, Before: before}, w)
			if err != nil || res.Status != runner.StatusUnknown || res.Reason != reason || !res.Open.ResetInDoubt() || res.Attempts != 1 || w.posts() != 0 {
				t.Errorf("%+v, %v after %d requests, want it as it was", res, err, w.posts())
			}
			w.know(steps.With{Recent: func(string) (string, bool) { return "reset by somebody else", true }})
			res, err = w.list.Do(t.Context(), runner.Job{Row: row, First: 1, Before: before, Retry: true}, w)
			if err != nil || res.Status != runner.StatusUnknown || res.RunID != otherRun || w.posts() != 0 {
				t.Errorf("left alone: %+v, %v after %d requests, want no run but %s", res, err, w.posts(), otherRun)
			}
			w.know(steps.With{})
			script(t, w.org, "drop:reset_factors")
			res, err = w.list.Do(t.Context(), runner.Job{Row: row, First: 1, Before: before, Retry: true}, w)
			if err != nil || res.Status != runner.StatusUnknown || res.Reason != reason || !res.Open.ResetInDoubt() || res.Attempts != 2 || w.posts() != 1 {
				t.Errorf("sent again: %+v, %v after %d requests", res, err, w.posts())
			}
		})
	}
}

// A half done row that doesn't name its open step isn't worked on: its reset is done.
func TestHalfDoneWithoutAStep(t *testing.T) {
	t.Parallel()
	virtually(t, "", func(t *testing.T) {
		w := newWorld(t, standin.Config{}, oktaclient.Options{}, steps.Options{Then: []runner.Reason{runner.ReasonSessions}})
		w.org.Add(standin.User{ID: aliceID, Login: aliceLogin})
		for _, open := range []runner.Open{{}, {Sent: runner.Refused}, {Step: runner.ReasonEnroll, Sent: runner.Refused}} {
			half := &runner.Result{UserID: aliceID, Status: runner.StatusPartial, Open: open}
			res, err := w.list.Do(t.Context(), runner.Job{Row: runner.Row{N: 2, Input: aliceID}, First: 2, Before: half}, w)
			if err == nil || res.Status != runner.StatusPartial || w.posts() != 0 {
				t.Errorf("%+v: %s, %v after %d resets", open, res.Status, err, w.posts())
			}
		}
	})
}
