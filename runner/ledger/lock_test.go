package ledger

import (
	"errors"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
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
	want := Holder{RunID: "run1", PID: os.Getpid(), Host: "box", StartedAt: stamp(takenAt)}
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
	must(t, os.WriteFile(spec.Path+".lock", []byte(strings.Repeat("left behind ", 100)), 0o600))
	l := mustCreate(t, spec)
	if got := readHolder(spec.Path + ".lock"); got.RunID != "run1" {
		t.Errorf("holder of a lock that was left behind = %+v, want the new run", got)
	}
	must(t, l.Close())
}

// Runs that lock, remove and unlock the same file must never hold it both: neither when the file is removed between the
// opening and the locking, nor when it is made anew.
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
