package ledger

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"oktareset/runner"
	"oktareset/runner/files"
)

// The ledger ends in the middle of its last line: at every byte, and with the zeros that a power failure leaves.
func TestResumeOfTornLine(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	spec := leaveRun(t, dir)
	files := snapshot(t, dir)
	whole := files["users.results.csv"]
	last := strings.LastIndex(strings.TrimSuffix(whole, "\n"), "\n") + 1
	var tails []string
	for cut := last; cut <= len(whole); cut++ {
		tails = append(tails, whole[last:cut])
	}
	tails = append(tails, strings.Repeat("\x00", 100), whole[last:last+9]+"\x00\x00\n", whole[last:]+"\x00")
	for i, tail := range tails {
		must(t, os.WriteFile(spec.Path, []byte(whole[:last]+tail), 0o600))
		must(t, os.WriteFile(ManifestPath(spec.Path), []byte(files["users.results.json"]), 0o600))
		l, doubts, err := Resume(resumeSpec(spec, "run2"), nil)
		must(t, err)
		want := runner.Status("")
		if strings.HasPrefix(tail, whole[last:]) {
			want = runner.StatusFailed
		}
		if got, _ := l.Last(4); got != want || len(doubts) != 2 {
			t.Fatalf("tail %d: Last(4) = %q with %d doubts, want %q and 2", i, got, len(doubts), want)
		}
		must(t, l.Settle(testResult(5, runner.StatusReset)))
		must(t, l.Close())
		if statuses, torn := lastStatuses(t, spec.Path); torn || statuses[5] != runner.StatusReset || statuses[4] != want {
			t.Fatalf("tail %d: after a further line, statuses = %v, torn %v", i, statuses, torn)
		}
	}
}

// A run may die between the manifest and the whole header, before it had consent.
func TestResumeOfTornHeader(t *testing.T) {
	t.Parallel()
	spec := testSpec(t.TempDir(), 1)
	must(t, mustCreate(t, spec).Close())
	header, err := os.ReadFile(spec.Path)
	must(t, err)
	manifest, err := os.ReadFile(ManifestPath(spec.Path))
	must(t, err)
	heads := [][]byte{bytes.Repeat([]byte{0}, len(header)), bytes.Repeat([]byte{0}, 7)}
	for cut := range header {
		heads = append(heads, header[:cut])
	}
	for _, head := range heads {
		must(t, os.WriteFile(spec.Path, head, 0o600))
		must(t, os.WriteFile(ManifestPath(spec.Path), manifest, 0o600))
		l, doubts, err := Resume(resumeSpec(spec, "run2"), nil)
		if err != nil || len(doubts) > 0 {
			t.Fatalf("Resume with the header %q = %v, %v", head, doubts, err)
		}
		must(t, l.Take(testRow(1), testTaken(1)))
		must(t, l.Close())
		if last, torn := lastStatuses(t, spec.Path); torn || last[1] != runner.StatusTaken {
			t.Fatalf("after the header %q: statuses %v, torn %v", head, last, torn)
		}
	}
	for _, foreign := range []string{"hello", "row,input,user", strings.Repeat("\x00", len(header)+1)} {
		must(t, os.WriteFile(spec.Path, []byte(foreign), 0o600))
		_, _, err := Resume(resumeSpec(spec, "run3"), nil)
		var damage *DamageError
		if text, _ := os.ReadFile(spec.Path); !errors.As(err, &damage) || string(text) != foreign {
			t.Errorf("Resume of %q after a run = %v, the file is %q; want a *DamageError and no change", foreign, err, text)
		}
	}
}

// Finish may be cut short anywhere: while it writes the new file, before and after the renaming, and in the manifest.
func TestResumeAfterCrashInFinish(t *testing.T) {
	t.Parallel()
	crash := errors.New("crash")
	halfway := func(path string, write func(io.Writer) error) error {
		f, err := os.Create(path + ".4711.tmp")
		return errors.Join(err, write(&limited{w: f, n: 400}), f.Close(), crash)
	}
	tests := []struct {
		name    string
		results func(path string, write func(io.Writer) error) error
		other   func(path string, write func(io.Writer) error) error // for the manifest
		ordered bool
	}{
		{"half a new file", halfway, nil, false},
		{"before the renaming", func(path string, write func(io.Writer) error) error {
			return errors.Join(files.Replace(path+".4711.tmp", write), crash)
		}, nil, false},
		{"after the renaming", files.Replace, func(string, func(io.Writer) error) error { return crash }, true},
		{"half a new manifest", files.Replace, halfway, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			spec := leaveRun(t, dir)
			l, _ := mustResume(t, resumeSpec(spec, "run2"))
			l.replace = func(path string, write func(io.Writer) error) error {
				switch {
				case path == l.path:
					return tt.results(path, write)
				case tt.other != nil:
					return tt.other(path, write)
				}
				return crash // it died: nothing was noted
			}
			if _, err := l.Finish(testRows(5), Ending{}); !errors.Is(err, crash) {
				t.Fatalf("Finish = %v, want the crash", err)
			}
			must(t, l.Close())

			l, doubts := mustResume(t, resumeSpec(spec, "run3"))
			if got := names(t, dir); len(got) != 3 {
				t.Errorf("files = %q, want none that Finish left behind", got)
			}
			if last, _ := l.Last(2); len(doubts) != 2 || (last == runner.StatusUnknown) != tt.ordered {
				t.Errorf("doubts = %+v, want rows 2 and 3, in input order %v", doubts, tt.ordered)
			}
			counts, err := l.Finish(testRows(5), Ending{})
			must(t, err)
			want := runner.Counts{
				runner.StatusReset: 1, runner.StatusUnknown: 2, runner.StatusFailed: 1, runner.StatusNotAttempted: 1,
			}
			if !cmp.Equal(counts, want) {
				t.Errorf("counts = %v, want %v", counts, want)
			}
		})
	}
}

func TestTemporaryFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	spec := testSpec(dir, 1)
	ours := []string{"users.results.csv.12.tmp", "users.results.json.3456.tmp"}
	foreign := []string{"users.results.csv.tmp", "users.results.csv.1a.tmp", "users.csv.12.tmp", "users.results.csv.12.tmp.bak"}
	for _, name := range slices.Concat(ours, foreign) {
		must(t, os.WriteFile(filepath.Join(dir, name), nil, 0o600))
	}
	must(t, mustCreate(t, spec).Close())
	got := names(t, dir)
	for _, name := range ours {
		if slices.Contains(got, name) {
			t.Errorf("%q is still there", name)
		}
	}
	for _, name := range foreign {
		if !slices.Contains(got, name) {
			t.Errorf("%q was removed, and isn't ours", name)
		}
	}
}
