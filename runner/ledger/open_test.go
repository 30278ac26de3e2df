package ledger

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"oktareset/runner"
)

func TestResumeOpensSteps(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		step       runner.Reason
		targets    []string
		status     runner.Status
		reason     runner.Reason
		wantTarget string
	}{
		{"", nil, runner.StatusUnknown, runner.ReasonUnverified, ""},
		{runner.ReasonUnenroll, []string{"ufs1", "ufs2"}, runner.StatusUnknown, runner.ReasonUnverified, "ufs1 ufs2"},
		{runner.ReasonEnroll, nil, runner.StatusPartial, runner.ReasonEnroll, ""},
		{runner.ReasonSessions, nil, runner.StatusPartial, runner.ReasonSessions, ""},
	} {
		t.Run(string(tt.step), func(t *testing.T) {
			t.Parallel()
			spec := testSpec(t.TempDir(), 2)
			l := mustCreate(t, spec)
			must(t, l.Update(consented))
			taken := testTaken(1)
			must(t, l.Take(testRow(1), taken))
			taken.Step, taken.Targets = tt.step, tt.targets
			must(t, l.Take(testRow(1), taken))
			part := testResult(2, runner.StatusPartial)
			part.Reason, part.FactorID = runner.ReasonUnenroll, "ufs3"
			must(t, l.Take(testRow(2), testTaken(2)))
			must(t, l.Settle(part))
			must(t, l.Close())

			l, rows := mustResume(t, resumeSpec(spec, "run2"))
			if len(rows) != 2 || rows[0].Status != tt.status || rows[0].Reason != tt.reason || rows[0].FactorID != tt.wantTarget ||
				rows[0].UserID != taken.UserID {
				t.Errorf("open = %+v, want %s/%s of %q", rows, tt.status, tt.reason, tt.wantTarget)
			}
			if len(rows) == 2 && (rows[1].Status != runner.StatusPartial || rows[1].FactorID != "ufs3") {
				t.Errorf("second open row = %+v, want partial with what is left to unenroll", rows[1])
			}
			counts, err := l.Finish(testRows(2), Ending{})
			must(t, err)
			must(t, l.Close())
			want := runner.Counts{runner.StatusPartial: 1}
			want[tt.status]++
			if !cmp.Equal(counts, want) {
				t.Errorf("counts = %v, want %v", counts, want)
			}
		})
	}
}
