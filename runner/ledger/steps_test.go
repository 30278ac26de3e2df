package ledger

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"oktareset/runner"
	"oktareset/runner/results"
)

// between is the work of a run that may die between any two of its steps.
type between struct {
	name  string
	leave func(t *testing.T, dir string) Spec // by earlier runs
	act   func(spec Spec, d disk) error
	want  map[int]runner.Status   // of the last lines, before and after
	more  map[int][]runner.Status // lines that may have been written
}

// leaveOpen leaves finished results with open rows, and their journal.
func leaveOpen(t *testing.T, dir string) Spec {
	t.Helper()
	spec := leaveRun(t, dir)
	finishRun(t, spec, "run2")
	return spec
}

// leaveDone leaves finished results without open rows.
func leaveDone(t *testing.T, dir string) Spec {
	t.Helper()
	spec := leaveRun(t, dir)
	settleAll(t, spec, "run2")
	return spec
}

// goOn resumes, calls work, and ends with end.
func goOn(work func(l *Ledger) error, end func(l *Ledger) error) func(Spec, disk) error {
	return func(spec Spec, d disk) error {
		l, _, err := resume(resumeSpec(spec, "run3"), nil, d)
		if err != nil {
			return err
		}
		if err = work(l); err == nil {
			err = end(l)
		}
		return errors.Join(err, l.Close())
	}
}

func rest(*Ledger) error { return nil }

func finish(l *Ledger) error {
	_, err := l.Finish(testRows(5), results.Ending{})
	return err
}

func betweens() []between {
	left := map[int]runner.Status{1: runner.StatusReset, 2: runner.StatusTaken, 3: runner.StatusUnknown, 4: runner.StatusFailed}
	done := map[int]runner.Status{1: runner.StatusFailed, 2: runner.StatusReset, 3: runner.StatusFailed, 4: runner.StatusReset, 5: runner.StatusFailed}
	open := maps.Clone(left) // once the results say so
	open[2] = runner.StatusUnknown
	taken := map[int][]runner.Status{5: {runner.StatusTaken}}
	ended := map[int][]runner.Status{2: {runner.StatusUnknown}}
	takenEnded := map[int][]runner.Status{2: {runner.StatusUnknown}, 5: {runner.StatusTaken, runner.StatusUnknown}}
	takes := func(l *Ledger) error { return l.Take(testRow(5), testTaken(5)) }
	settles := func(l *Ledger) error {
		var err error
		for n := 1; n <= 5; n++ {
			err = errors.Join(err, l.Settle(testResult(n, runner.StatusReset)))
		}
		return err
	}
	all := map[int][]runner.Status{}
	for n := 1; n <= 5; n++ {
		all[n] = []runner.Status{runner.StatusReset}
	}
	return []between{
		{"a run that broke off is taken up", leaveRun, goOn(takes, rest), left, taken},
		{"it ends with open rows", leaveRun, goOn(rest, finish), left, ended},
		{"it takes one and ends", leaveRun, goOn(takes, finish), left, takenEnded},
		{"it ends with none", leaveRun, goOn(settles, finish), left, all},
		{"results with open rows are taken up", leaveOpen, goOn(takes, rest), open, taken},
		{"they are, and end again", leaveOpen, goOn(rest, finish), open, nil},
		{"they are, and end with none", leaveOpen, goOn(settles, finish), open, all},
		{"they are, and given up", leaveOpen, goOn(rest, (*Ledger).Discard), open, nil},
		{"results without are taken up", leaveDone, goOn(takes, rest), done, taken},
		{"they are, and end with an open row", leaveDone, goOn(takes, finish), done, takenEnded},
		{"they are, and end again as they were", leaveDone, goOn(rest, finish), done, nil},
		{"they are, and given up again", leaveDone, goOn(rest, (*Ledger).Discard), done, nil},
	}
}

// A run may die before, in the middle of, and after each operation on a file. Exactly one of the
// remaining files counts, and the next run finds in it what was done.
func TestDeathBetweenSteps(t *testing.T) {
	t.Parallel()
	for _, tt := range betweens() {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			for how := range 3 {
				for left := 0; ; left++ {
					dir := memoryDir(t)
					spec := tt.leave(t, dir)
					dead := false
					d := mortalDisk{disk: realDisk, left: left, how: how, dead: func() bool { return dead }, die: func() { dead = true }}
					if err := tt.act(spec, d.mortal()); dead != errors.Is(err, errDead) {
						t.Fatalf("with death in step %d it ended with %v, dead %v", left, err, dead)
					}
					checkLeft(t, fmt.Sprintf("death %d in step %d", how, left), spec, &tt)
					if !dead {
						break
					}
				}
			}
		})
	}
}

// checkLeft checks the files that a run has left, as their readers do, and resumes them.
func checkLeft(t *testing.T, when string, spec Spec, tt *between) {
	t.Helper()
	checkCounts(t, when, spec.Path)
	last := map[int]runner.Status{}
	l, open, err := Resume(resumeSpec(spec, "run4"), func(e results.Entry) { last[e.Row] = e.Status })
	if err != nil {
		t.Fatalf("%s: Resume = %v; files %q", when, err, names(t, filepath.Dir(spec.Path)))
	}
	wantOpen := 0
	for n, got := range last {
		if want, more := tt.want[n], tt.more[n]; got != want && !slices.Contains(more, got) {
			t.Errorf("%s: row %d is %q, want %q or %q", when, n, got, want, more)
		}
		if got == runner.StatusTaken || got.Open() {
			wantOpen++
		}
	}
	for n := range tt.want {
		if last[n] == "" {
			t.Errorf("%s: row %d is lost", when, n)
		}
	}
	if len(open) != wantOpen {
		t.Errorf("%s: %d rows are open, want %d", when, len(open), wantOpen)
	}
	for n := 1; n <= 5; n++ {
		must(t, l.Settle(testResult(n, runner.StatusReset)))
	}
	if _, err := os.Lstat(spec.Path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%s: results stand beside a journal that has gone on: %v", when, err)
	}
	_, err = l.Finish(testRows(5), results.Ending{})
	must(t, err)
	must(t, l.Close())
	if diff := cmp.Diff([]string{"users.results.csv", "users.results.json"}, names(t, filepath.Dir(spec.Path))); diff != "" {
		t.Errorf("%s: files in the end (-want +got):\n%s", when, diff)
	}
	checkCounts(t, when, spec.Path)
}

// checkCounts checks what readers of results rely on: if the manifest calls them finished, they
// exist and match. A file that it doesn't know never exists.
func checkCounts(t *testing.T, when, path string) {
	t.Helper()
	m, err := results.ReadManifest(path)
	must(t, err)
	text, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) && !m.Finished {
		return
	}
	must(t, err)
	sum := sha256.Sum256(text)
	known := m.Result
	if !m.Finished {
		known = m.Outdated
	}
	if known == nil || known.SHA256 != hex.EncodeToString(sum[:]) {
		t.Errorf("%s: the results aren't %+v, finished %v", when, known, m.Finished)
	}
}

// A journal that no longer counts may come back after a power failure, or be unfinished: the
// results count.
func TestJournalBesideResultsThatCount(t *testing.T) {
	t.Parallel()
	for name, left := range map[string]string{
		"of an earlier run": "oktareset journal,1,run1,abc,00000000\n", "empty": "", "zeros": "\x00\x00\x00", "half a head": "oktareset jo",
	} {
		spec := leaveDone(t, t.TempDir())
		must(t, os.WriteFile(results.JournalPath(spec.Path), []byte(left), 0o600))
		l, _, err := Resume(resumeSpec(spec, "run3"), nil)
		if err != nil {
			t.Errorf("Resume beside a journal, %s = %v", name, err)
			continue
		}
		if s, _ := l.Last(2); s != runner.StatusReset {
			t.Errorf("row 2 is %q, want reset", s)
		}
		must(t, l.Close())
	}
	spec := leaveDone(t, t.TempDir())
	must(t, os.WriteFile(results.JournalPath(spec.Path), []byte("precious"), 0o600))
	before := snapshot(t, filepath.Dir(spec.Path))
	var damage *results.DamageError
	if _, _, err := Resume(resumeSpec(spec, "run3"), nil); !errors.As(err, &damage) || damage.Path != results.JournalPath(spec.Path) || damage.Hint != "move it away" {
		t.Errorf("Resume beside a file of somebody's = %v, want a *DamageError", err)
	}
	if diff := cmp.Diff(before, snapshot(t, filepath.Dir(spec.Path))); diff != "" {
		t.Errorf("files after a refusal (-before +after):\n%s", diff)
	}
}

// If the results are missing, or somebody has replaced them, no run removes or overwrites
// anything.
func TestResultsOfOthers(t *testing.T) {
	t.Parallel()
	spec := leaveOpen(t, t.TempDir())
	must(t, os.Remove(spec.Path)) // the journal counts
	l, open := mustResume(t, resumeSpec(spec, "run3"))
	if len(open) != 2 {
		t.Errorf("%d rows are open, want 2", len(open))
	}
	must(t, os.WriteFile(spec.Path, []byte("precious"), 0o600))
	must(t, l.Settle(testResult(5, runner.StatusReset)))
	var finish *FinishError
	if _, err := l.Finish(testRows(5), results.Ending{}); !errors.As(err, &finish) {
		t.Errorf("Finish over a file of somebody's = %v, want a *FinishError", err)
	}
	must(t, l.Close())
	if text, _ := os.ReadFile(spec.Path); string(text) != "precious" {
		t.Errorf("the file of somebody is now %q", text)
	}
	must(t, os.Remove(spec.Path))
	l, _ = mustResume(t, resumeSpec(spec, "run4"))
	if s, _ := l.Last(5); s != runner.StatusReset {
		t.Errorf("row 5 is %q, want reset", s)
	}
	must(t, l.Close())

	// They are changed after the run has checked them, and before its first line.
	spec = leaveOpen(t, t.TempDir())
	l, _ = mustResume(t, resumeSpec(spec, "run3"))
	must(t, os.Remove(spec.Path))
	must(t, os.WriteFile(spec.Path, []byte("precious"), 0o600))
	var broken *WriteError
	if err := l.Take(testRow(5), testTaken(5)); !errors.As(err, &broken) || !errors.Is(err, errTouched) {
		t.Errorf("Take = %v, want a *WriteError", err)
	}
	must(t, l.Close())
	if text, _ := os.ReadFile(spec.Path); string(text) != "precious" {
		t.Errorf("the file of somebody is now %q", text)
	}
}

// If results can't be written, the journal has everything, and the next run writes them.
func TestFinishAfterAFullDisk(t *testing.T) {
	t.Parallel()
	spec := leaveRun(t, t.TempDir())
	l, _ := mustResume(t, resumeSpec(spec, "run2"))
	l.disk.publish = func(string, func(io.Writer) error, func() error) error { return errors.New("no space left on device") }
	if _, err := l.Finish(testRows(5), results.Ending{}); err == nil {
		t.Error("Finish = nil, want an error")
	}
	must(t, l.Close())
	finishRun(t, spec, "run3")
	if last, _ := lastStatuses(t, spec.Path); len(last) != 5 || last[1] != runner.StatusReset {
		t.Errorf("statuses = %v, want all 5 rows", last)
	}
}

// While a row is open, journal and results agree about each row.
func TestJournalSaysWhatTheResultsSay(t *testing.T) {
	t.Parallel()
	spec := leaveRun(t, t.TempDir())
	l, _ := mustResume(t, resumeSpec(spec, "run2"))
	late := testTaken(4)
	late.Step = runner.ReasonSessions
	must(t, l.Take(testRow(4), late))
	must(t, finish(l))
	must(t, l.Close())
	said, torn := lastStatuses(t, results.JournalPath(spec.Path))
	want, _ := lastStatuses(t, spec.Path)
	if delete(want, 5); torn || !cmp.Equal(said, want) || want[2] != runner.StatusUnknown || want[4] != runner.StatusPartial {
		t.Errorf("the journal says %v, the results %v", said, want)
	}
	l, open := mustResume(t, resumeSpec(spec, "run3"))
	if s, _ := l.Last(2); s != runner.StatusUnknown || len(open) != 3 || open[2].Open.Step != runner.ReasonSessions || !open[2].Open.InDoubt() {
		t.Errorf("row 2 is %q, and open are %+v", s, open)
	}
}
