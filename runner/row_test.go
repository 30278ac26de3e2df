package runner_test

import (
	"errors"
	"iter"
	"testing"

	"github.com/google/go-cmp/cmp"

	"oktareset/runner"
)

// rowsOf makes cells into rows, and ends with err unless it is nil.
func rowsOf(err error, cells ...string) iter.Seq2[runner.Row, error] {
	return func(yield func(runner.Row, error) bool) {
		for i, c := range cells {
			if !yield(runner.Row{N: i + 1, Line: i + 2, Input: c}, nil) {
				return
			}
		}
		if err != nil {
			yield(runner.Row{}, err)
		}
	}
}

func TestJobs(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	cells := []string{
		anID, "alice@example.com", "", anID, "ALICE@example.com", "me", "me", "", anotherID, "al\x00ice", "al\x00ice", " " + anID + " ",
	}
	// a row that names nobody is never a duplicate
	want := []int{1, 2, 3, 1, 2, 6, 7, 8, 9, 10, 11, 1}
	var seen runner.Seen
	var got []int
	var last error
	for j, err := range runner.Jobs(rowsOf(broken, cells...), &seen) {
		if err != nil {
			last = err
			continue
		}
		if n := len(got); j.Row.N != n+1 || j.Row.Line != n+2 || j.Row.Input != cells[n] || j.Before != nil {
			t.Errorf("job %d: %+v", n+1, j)
		}
		got = append(got, j.First)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("First (-want +got):\n%s", diff)
	}
	if !errors.Is(last, broken) {
		t.Errorf("Jobs ends with %v, want %v", last, broken)
	}
	if seen.Len() != 3 {
		t.Errorf("%d users claimed, want 3", seen.Len())
	}
}

// A row that isn't requested isn't claimed: Jobs reads only as far as it is ranged over.
func TestJobsStops(t *testing.T) {
	t.Parallel()
	var seen runner.Seen
	for _, err := range runner.Jobs(rowsOf(nil, anID, anotherID, "alice@example.com"), &seen) {
		if err != nil {
			t.Error(err)
		}
		break
	}
	if seen.Len() != 1 {
		t.Errorf("%d users claimed, want 1", seen.Len())
	}
}

func TestStatusOK(t *testing.T) {
	t.Parallel()
	ok := map[runner.Status]bool{runner.StatusReset: true, runner.StatusWouldReset: true, runner.StatusSkipped: true}
	for _, s := range append([]runner.Status{runner.StatusTaken, "", "whatever"}, runner.Statuses...) {
		if got := s.OK(); got != ok[s] {
			t.Errorf("Status(%q).OK() = %v, want %v", s, got, ok[s])
		}
	}
	if len(runner.Statuses) != 10 {
		t.Errorf("%d statuses, want 10", len(runner.Statuses))
	}
}

func TestCounts(t *testing.T) {
	t.Parallel()
	tests := []struct {
		counts runner.Counts
		total  int
		ok     bool
	}{
		{nil, 0, true},
		{runner.Counts{}, 0, true},
		{runner.Counts{runner.StatusReset: 3, runner.StatusSkipped: 2, runner.StatusWouldReset: 1}, 6, true},
		{runner.Counts{runner.StatusReset: 3, runner.StatusUnknown: 0}, 3, true},
		{runner.Counts{runner.StatusReset: 3, runner.StatusUnknown: 1}, 4, false},
		{runner.Counts{runner.StatusPartial: 1}, 1, false},
		{runner.Counts{runner.StatusTaken: 1}, 1, false},
	}
	for _, tt := range tests {
		if got := tt.counts.Total(); got != tt.total {
			t.Errorf("%v.Total() = %d, want %d", tt.counts, got, tt.total)
		}
		if got := tt.counts.OK(); got != tt.ok {
			t.Errorf("%v.OK() = %v, want %v", tt.counts, got, tt.ok)
		}
	}
}
