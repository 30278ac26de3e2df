package ledger

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"oktareset/runner"
	"oktareset/runner/results"
	"oktareset/runner/table"
)

// A row that was taken and has no result is in doubt, with the step that it was taken for.
func TestResumeOpensSteps(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		step    runner.Reason
		targets []string
		status  runner.Status
		reason  runner.Reason
	}{
		{runner.StepReset, nil, runner.StatusUnknown, runner.ReasonUnverified},
		{runner.ReasonUnenroll, []string{"ufs1", "ufs2"}, runner.StatusUnknown, runner.ReasonUnverified},
		{runner.ReasonEnroll, nil, runner.StatusPartial, runner.ReasonEnroll},
		{runner.ReasonSessions, nil, runner.StatusPartial, runner.ReasonSessions},
	} {
		t.Run(string(tt.step), func(t *testing.T) {
			t.Parallel()
			spec := testSpec(t.TempDir(), 1)
			l := mustCreate(t, spec)
			must(t, l.Update(consented))
			taken := testTaken(1)
			must(t, l.Take(testRow(1), taken))
			taken.Step, taken.Targets = tt.step, tt.targets
			taken.Tried = runner.Tried{Attempts: 3, Again: "sent again at 2026-03-01T11:00:00Z: because"}
			must(t, l.Take(testRow(1), taken))
			must(t, l.Close())

			// the second one reads what the first has written
			for _, run := range []string{"run2", "run3"} {
				l, rows := mustResume(t, resumeSpec(spec, run))
				want := runner.Open{Step: tt.step, Sent: runner.Lost, Factors: tt.targets}
				if len(rows) != 1 || rows[0].Status != tt.status || rows[0].Reason != tt.reason || rows[0].UserID != taken.UserID ||
					!cmp.Equal(rows[0].Open, want, cmpopts.EquateEmpty()) {
					t.Errorf("%s: open = %+v, want %s/%s, %+v", run, rows, tt.status, tt.reason, want)
				}
				if len(rows) == 1 && (rows[0].Attempts != 3 || rows[0].Again != taken.Tried.Again || rows[0].Error != inDoubt) {
					t.Errorf("%s: %d attempts, %q, %q", run, rows[0].Attempts, rows[0].Again, rows[0].Error)
				}
				counts, err := l.Finish(testRows(1), results.Ending{})
				must(t, err)
				must(t, l.Close())
				if want := (runner.Counts{tt.status: 1}); !cmp.Equal(counts, want) {
					t.Errorf("counts = %v, want %v", counts, want)
				}
			}
		})
	}
}

// The open part is read as it was written, whatever the status of the last reply.
func TestOpenSurvives(t *testing.T) {
	t.Parallel()
	for _, open := range []runner.Open{
		{Step: runner.ReasonEnroll, Sent: runner.Lost},
		{Step: runner.ReasonEnroll, Sent: runner.Refused},
		{Step: runner.ReasonEnroll, Sent: runner.SentNever},
		{Step: runner.ReasonSessions, Sent: runner.Lost},
		{Step: runner.ReasonUnenroll, Sent: runner.Lost, Factors: []string{"ufs1", "ufs2"}},
		{Step: runner.ReasonUnenroll, Sent: runner.Refused, Factors: []string{"ufs2"}},
	} {
		for _, http := range []int{0, 200, 403, 408, 429, 500} {
			t.Run(fmt.Sprintf("%+v %d", open, http), func(t *testing.T) {
				t.Parallel()
				if got := reopen(t, open, http); !cmp.Equal(got, open, cmpopts.EquateEmpty()) {
					t.Errorf("%+v, want %+v", got, open)
				}
			})
		}
	}
}

// reopen writes a partial row and returns what the next run reads of it.
func reopen(t *testing.T, open runner.Open, http int) runner.Open {
	t.Helper()
	spec := testSpec(t.TempDir(), 1)
	l := mustCreate(t, spec)
	must(t, l.Update(consented))
	must(t, l.Take(testRow(1), testTaken(1)))
	res := testResult(1, runner.StatusPartial)
	res.HTTPStatus = http
	res.Leave(false, open, "why")
	must(t, l.Settle(res))
	must(t, l.Close())
	l, rows := mustResume(t, resumeSpec(spec, "run2"))
	must(t, l.Close())
	if len(rows) != 1 || rows[0].Status != runner.StatusPartial || rows[0].FactorID != "" || rows[0].FactorStatus != "" {
		t.Fatalf("open = %+v, want one partial row without a factor", rows)
	}
	if open.InDoubt() && http == 200 && rows[0].HTTPStatus != 0 {
		t.Errorf("an answer that can't be trusted is kept as %d", rows[0].HTTPStatus)
	}
	return rows[0].Open
}

// Lines of older versions don't say what became of the request: then the answer counts as lost.
func TestOpenOfOlderVersions(t *testing.T) {
	t.Parallel()
	for _, http := range []string{"", "200", "403", "408", "500"} {
		rec := table.Record{Status: "partial", Reason: "enroll", HTTPStatus: http}
		if o := readOpen(&rec); o.Sent != runner.Lost || o.Step != runner.ReasonEnroll {
			t.Errorf("after %q: %+v, want a lost enrollment", http, o)
		}
	}
	rec := table.Record{Status: "unknown", Reason: "unverified", HTTPStatus: "504", FactorStatus: "never"}
	if o := readOpen(&rec); !o.ResetInDoubt() {
		t.Errorf("unknown: %+v, want a lost reset", o)
	}
	rec.FactorID = "ufs1"
	if o := readOpen(&rec); o.Step != runner.ReasonUnenroll || !o.InDoubt() || len(o.Factors) != 1 {
		t.Errorf("unknown with factors: %+v, want a lost unenrollment", o)
	}
}

// A taken row is in doubt unless a first change is known to have come before: an unknown step
// proves none.
func TestTakenForAnyStep(t *testing.T) {
	t.Parallel()
	for step, want := range map[runner.Reason]runner.Status{
		runner.StepReset: runner.StatusUnknown, runner.ReasonUnenroll: runner.StatusUnknown, "whatever": runner.StatusUnknown,
		runner.ReasonSessions: runner.StatusPartial, runner.ReasonEnroll: runner.StatusPartial,
	} {
		l := mustCreate(t, testSpec(t.TempDir(), 1))
		taken := testTaken(1)
		taken.Step = step
		must(t, l.Take(testRow(1), taken))
		counts, err := l.Finish(testRows(1), results.Ending{})
		must(t, err)
		if counts[want] != 1 {
			t.Errorf("taken for %q: %v, want %s", step, counts, want)
		}
	}
}
