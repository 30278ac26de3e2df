package ledger

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"oktareset/runner"
	"oktareset/runner/files"
	"oktareset/runner/results"
)

func TestSecondRunIsKeptOut(t *testing.T) {
	t.Parallel()
	spec := testSpec(t.TempDir(), 1)
	l := mustCreate(t, spec)
	_, err := Create(spec)
	var locked *LockedError
	if !errors.As(err, &locked) {
		t.Fatalf("second Create = %v, want a *LockedError", err)
	}
	want := Holder{RunID: "run1", PID: os.Getpid(), Host: "box", StartedAt: results.Stamp(takenAt)}
	if locked.Holder != want {
		t.Errorf("holder = %+v, want %+v", locked.Holder, want)
	}
	if text := locked.Error(); !strings.Contains(text, `"run1"`) || !strings.Contains(text, "2026-03-01T11:00:00Z") {
		t.Errorf("LockedError = %q, want the run and its start", text)
	}
	must(t, l.Discard())
	l = mustCreate(t, spec)
	must(t, l.Close())
}

func TestLockOfDeadRun(t *testing.T) {
	t.Parallel()
	spec := testSpec(t.TempDir(), 1)
	must(t, os.WriteFile(spec.Path+".lock", []byte("\x00"+strings.Repeat("left behind ", 100)), 0o600))
	l := mustCreate(t, spec)
	if got := readHolder(spec.Path + ".lock"); got.RunID != "run1" {
		t.Errorf("holder of a lock that was left behind = %+v, want the new run", got)
	}
	must(t, l.Close())
}

// Runs that lock, remove and unlock the same file must never both have it: neither if the file is
// removed between the opening and the locking, nor if it is made again.
func TestLockExcludes(t *testing.T) {
	t.Parallel()
	results := testSpec(t.TempDir(), 1).Path
	var inside, got atomic.Int32
	var runs sync.WaitGroup
	for range 8 {
		runs.Go(func() {
			for range 300 {
				l, err := acquire(results, Holder{RunID: "r"})
				var locked *LockedError
				if errors.As(err, &locked) {
					continue
				}
				if err != nil {
					t.Errorf("acquire = %v", err)
					return
				}
				if inside.Add(1) != 1 {
					t.Error("two runs hold the lock")
				}
				got.Add(1)
				inside.Add(-1)
				if err := l.release(); err != nil {
					t.Errorf("release = %v", err)
				}
			}
		})
	}
	runs.Wait()
	if got.Load() == 0 {
		t.Error("nobody ever held the lock")
	}
}

// Somebody deletes the lock file of a run, or replaces it: the ledger's own lock keeps the second
// run out, and at its end the first leaves other lock files alone.
func TestLockFileDeleted(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("an open file can't be deleted")
	}
	for _, replaced := range []bool{false, true} {
		t.Run(fmt.Sprint(replaced), func(t *testing.T) {
			t.Parallel()
			spec := leaveRun(t, t.TempDir())
			l, _ := mustResume(t, resumeSpec(spec, "run2"))
			must(t, os.Remove(spec.Path+".lock"))
			if replaced {
				must(t, os.WriteFile(spec.Path+".lock", nil, 0o600))
			}
			before, err := os.ReadFile(results.ManifestPath(spec.Path))
			must(t, err)
			var locked *LockedError
			if _, _, err := Resume(resumeSpec(spec, "run3"), nil); !errors.As(err, &locked) {
				t.Errorf("Resume without the lock file = %v, want a *LockedError", err)
			}
			if after, _ := os.ReadFile(results.ManifestPath(spec.Path)); string(after) != string(before) {
				t.Error("the run that was kept out has changed the manifest")
			}
			must(t, l.Take(testRow(5), testTaken(5)))

			other, err := acquire(spec.Path, Holder{RunID: "run4"})
			must(t, err)
			must(t, l.Close())
			if _, err := acquire(spec.Path, Holder{RunID: "run5"}); !errors.As(err, &locked) || locked.Holder.RunID != "run4" {
				t.Errorf("acquire after the first run has ended = %v, want a *LockedError of run4", err)
			}
			must(t, other.release())
		})
	}
}

// Renaming results and manifest of a run doesn't let a second run use them under the new name.
func TestResultsRenamed(t *testing.T) {
	t.Parallel()
	spec := leaveRun(t, t.TempDir())
	l, _ := mustResume(t, resumeSpec(spec, "run2"))
	moved := resumeSpec(spec, "run3")
	moved.Path = filepath.Join(filepath.Dir(spec.Path), "old.csv")
	must(t, os.Rename(results.JournalPath(spec.Path), results.JournalPath(moved.Path)))
	must(t, os.Rename(results.ManifestPath(spec.Path), results.ManifestPath(moved.Path)))
	var locked *LockedError
	if _, _, err := Resume(moved, nil); !errors.As(err, &locked) {
		t.Errorf("Resume under the new name = %v, want a *LockedError", err)
	}
	if got := names(t, filepath.Dir(spec.Path)); slices.Contains(got, "old.csv.lock") {
		t.Errorf("files = %q, want no lock of the run that was kept out", got)
	}
	must(t, l.Settle(testResult(5, runner.StatusReset)))
	_, err := l.Finish(testRows(5), results.Ending{})
	must(t, err)
	must(t, l.Close())
	if last, _ := lastStatuses(t, spec.Path); last[5] != runner.StatusReset || last[1] != runner.StatusReset {
		t.Errorf("statuses under the old name = %v, want the results", last)
	}
}

// If runs create and resume the same results at the same time, one at a time has them, and no
// line is lost.
func TestCreateAndResumeRace(t *testing.T) {
	t.Parallel()
	const rows = 40
	spec := testSpec(t.TempDir(), rows)
	var inside, row atomic.Int32
	var runs sync.WaitGroup
	for worker := range 4 {
		runs.Go(func() {
			for try := 0; row.Load() < rows; try++ {
				l, err := Create(spec)
				var exists *ExistsError
				if errors.As(err, &exists) {
					l, _, err = Resume(resumeSpec(spec, fmt.Sprint("run", worker, "-", try)), nil)
				}
				var locked *LockedError
				if errors.As(err, &locked) || errors.Is(err, ErrNothing) {
					continue
				}
				if err != nil {
					t.Errorf("Create or Resume = %v", err)
					return
				}
				if inside.Add(1) != 1 {
					t.Error("two runs have the ledger")
				}
				if n := int(row.Add(1)); n <= rows {
					if err := l.Take(testRow(n), testTaken(n)); err != nil {
						t.Error(err)
					}
				}
				inside.Add(-1)
				if err := l.Close(); err != nil {
					t.Error(err)
				}
			}
		})
	}
	runs.Wait()
	if last, torn := lastStatuses(t, results.JournalPath(spec.Path)); len(last) != rows || torn {
		t.Errorf("%d rows are in the ledger, torn %v; want %d", len(last), torn, rows)
	}
}

// Between opening and locking, the results may become another file: then the locked file isn't
// the one to write.
func TestLockOfAnotherFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "x.csv")
	f, err := os.Create(path)
	must(t, err)
	must(t, os.WriteFile(path+".new", nil, 0o600))
	must(t, os.Rename(path+".new", path))
	if _, err := lockFile(f, nil); !errors.Is(err, errTouched) {
		t.Errorf("lockFile of a file that isn't at its path any more = %v, want %v", err, errTouched)
	}
}

// In a folder where others may write, somebody may have put something else in the lock file's
// place: it isn't overwritten.
func TestLockWritesOverNothing(t *testing.T) {
	t.Parallel()
	const precious = "ssh-ed25519 AAAA"
	for name, plant := range map[string]func(target, lock string) error{
		"symbolic link": os.Symlink,
		"hard link":     os.Link,
		"link to nothing": func(_, lock string) error {
			return os.Symlink(lock+".elsewhere", lock)
		},
		"folder": func(_, lock string) error { return os.Mkdir(lock, 0o700) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if runtime.GOOS == "windows" && name == "hard link" {
				t.Skip("Windows doesn't let a byte be read that is locked")
			}
			spec := testSpec(t.TempDir(), 1)
			target := filepath.Join(t.TempDir(), "authorized_keys")
			must(t, os.WriteFile(target, []byte(precious), 0o600))
			must(t, plant(target, spec.Path+".lock"))
			_, err := Create(spec)
			refused := (*files.RefusedError)(nil)
			if !errors.As(err, &refused) || refused.Hint == "" {
				t.Errorf("Create = %v, want it refused", err)
			}
			if got, err := os.ReadFile(target); err != nil || string(got) != precious {
				t.Errorf("the file is now %q, %v", got, err)
			}
			for _, path := range []string{results.JournalPath(spec.Path), spec.Path + ".lock.elsewhere", results.ManifestPath(spec.Path)} {
				if _, err := os.Lstat(path); err == nil {
					t.Errorf("%s was made", filepath.Base(path))
				}
			}
			if _, err := os.Lstat(spec.Path + ".lock"); err != nil {
				t.Errorf("what was there in the lock's place is gone: %v", err)
			}
		})
	}
}
