package ledger

import (
	"errors"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"oktareset/runner"
	"oktareset/runner/journal"
	"oktareset/runner/results"
	"oktareset/runner/table"
)

// When the disk fills up, every result is either in the file or in Unwritten, complete, once and
// in order, wherever the disk ends.
func TestUnwrittenOfFullDisk(t *testing.T) {
	t.Parallel()
	const rows = 6
	lines := settledLines(t, rows)
	for room := range len(strings.Join(lines, "")) + rows*(len("settled,,,,")+journal.SumLength) + 1 {
		synctest.Test(t, func(t *testing.T) {
			f := &memFile{}
			l := createMem(t, rows+2, f)
			if got := l.Unwritten(); got != nil {
				t.Errorf("Unwritten of a new ledger = %q, want nothing", got)
			}
			f.room = len(f.data) + max(room, 1)
			for n := 1; n < rows; n++ { // one batch, and nobody waits for it
				must(t, l.Settle(testResult(n, runner.StatusReset)))
			}
			if err := l.Take(testRow(rows+1), testTaken(rows+1)); err == nil && room < len(lines[0]) {
				t.Error("Take on a full disk = nil, want an error")
			}
			_ = l.Settle(testResult(rows, runner.StatusReset)) // after the failure, or as the one that fails
			_ = l.Close()

			data, end := f.bytes()
			var missing []string
			for _, line := range lines {
				_, rest, ok := strings.Cut(string(data[:end]), ","+strings.TrimSuffix(line, "\n")+",")
				if !ok || len(rest) < journal.SumLength {
					missing = append(missing, line)
				}
			}
			if want := strings.Join(missing, ""); string(l.Unwritten()) != want {
				t.Errorf("room %d: Unwritten = %q, want %q", room, l.Unwritten(), want)
			}
		})
	}
}

// settledLines returns the lines for the rows 1 to n settled as reset.
func settledLines(t *testing.T, n int) []string {
	t.Helper()
	l := createMem(t, n, &memFile{})
	var lines []string
	for i := 1; i <= n; i++ {
		res := testResult(i, runner.StatusReset)
		rec := l.resultRecord(&res)
		line, err := table.NewEncoder(l.columns).Append(nil, &rec, res.Row.Cells)
		must(t, err)
		lines = append(lines, string(line))
	}
	must(t, l.Close())
	return lines
}

// After a failed sync, neither its lines nor the waiting ones are known to be on the disk; rows
// that were only taken have no result to lose.
func TestUnwrittenAfterFailedSync(t *testing.T) {
	t.Parallel()
	lines := settledLines(t, 5)
	synctest.Test(t, func(t *testing.T) {
		f := &memFile{}
		l := createMem(t, 7, f)
		must(t, l.Settle(testResult(1, runner.StatusReset)))
		must(t, l.Take(testRow(6), testTaken(6)))
		f.gate, f.syncErr = make(chan struct{}), errors.New("input/output error")
		must(t, l.Settle(testResult(2, runner.StatusReset)))
		go func() { _ = l.Take(testRow(7), testTaken(7)) }()
		synctest.Wait() // its sync is under way
		must(t, l.Settle(testResult(3, runner.StatusReset)))
		if got := l.Unwritten(); got != nil {
			t.Errorf("Unwritten before the failure = %q, want nothing", got)
		}
		f.gate <- struct{}{}
		synctest.Wait()
		if got := string(l.Unwritten()); got != lines[1]+lines[2] {
			t.Errorf("Unwritten = %q, want the rows 2 and 3", got)
		}
		for n := 4; n <= 5; n++ {
			var broken *WriteError
			if err := l.Settle(testResult(n, runner.StatusReset)); !errors.As(err, &broken) {
				t.Errorf("Settle after the failure = %v, want a *WriteError", err)
			}
			if n == 4 {
				_ = l.Close()
			}
		}
		if got, want := string(l.Unwritten()), strings.Join(lines[1:], ""); got != want {
			t.Errorf("Unwritten at the end = %q, want %q", got, want)
		}
	})
}

// Another program moves, replaces or changes the results while a run writes them: no more rows
// are taken, and at the end everything is in its place.
func TestTouchedLedger(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		touch func(t *testing.T, path string)
		lost  bool // what was written is lost
	}{
		{"moved", func(t *testing.T, path string) { must(t, os.Rename(path, path+".old")) }, false},
		{"removed", func(t *testing.T, path string) { must(t, os.Remove(path)) }, false},
		{"replaced, as an editor saves", func(t *testing.T, path string) {
			text, err := os.ReadFile(path)
			must(t, err)
			must(t, os.WriteFile(path+"~", text, 0o600))
			must(t, os.Rename(path+"~", path))
		}, false},
		{"appended to", func(t *testing.T, path string) { appendTo(t, path, "6,note\n") }, false},
		{"cut off", func(t *testing.T, path string) { must(t, os.Truncate(path, 50)) }, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			spec := testSpec(t.TempDir(), 4)
			l := mustCreate(t, spec)
			must(t, l.Update(consented))
			must(t, l.Settle(testResult(4, runner.StatusReset)))
			must(t, l.Take(testRow(1), testTaken(1)))
			tt.touch(t, results.JournalPath(spec.Path))
			must(t, l.Settle(testResult(1, runner.StatusReset)))
			for n := 2; n <= 3; n++ {
				var broken *WriteError
				if err := l.Take(testRow(n), testTaken(n)); !errors.As(err, &broken) || !errors.Is(err, errTouched) {
					t.Errorf("Take(%d) = %v, want a *WriteError of another program", n, err)
				}
				must(t, l.Settle(testResult(n, runner.StatusNotAttempted)))
			}
			counts, err := l.Finish(testRows(4), results.Ending{})
			if tt.lost { // nobody can find them again
				if m, _ := results.ReadManifest(spec.Path); err == nil || m.Finished {
					t.Errorf("Finish = %v, finished %v; want an error", err, m.Finished)
				}
				return
			}
			must(t, err)
			if counts[runner.StatusReset] != 2 || counts[runner.StatusNotAttempted] != 2 {
				t.Errorf("counts = %v, want 2 reset and 2 not attempted", counts)
			}
			must(t, l.Close())
			if last, _ := lastStatuses(t, spec.Path); last[1] != runner.StatusReset || len(last) != 4 {
				t.Errorf("statuses = %v, want all 4 rows", last)
			}
			l, _ = mustResume(t, resumeSpec(spec, "run2")) // the journal is back
			if last, _ := l.Last(4); last != runner.StatusReset {
				t.Errorf("after a resume, row 4 is %q, want reset", last)
			}
		})
	}
}

func TestSettleUnknownNeedsWhatTakeNeeds(t *testing.T) {
	t.Parallel()
	l := mustCreate(t, testSpec(t.TempDir(), 1))
	nobody, never := testResult(1, runner.StatusUnknown), testResult(1, runner.StatusUnknown)
	nobody.UserID, never.StartedAt = "", time.Time{}
	for _, r := range []runner.Result{nobody, never} {
		if err := l.Settle(r); err == nil {
			t.Errorf("Settle(%+v) = nil, want an error: nothing could be proved of it", r)
		}
	}
}
