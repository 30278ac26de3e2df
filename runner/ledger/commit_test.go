package ledger

import (
	"errors"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"oktareset/runner"
	"oktareset/runner/results"
)

func TestTakeWaitsForTheSync(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := &memFile{}
		l := createMem(t, 1, f)
		f.gate = make(chan struct{})
		returned := false
		go func() {
			returned = l.Take(testRow(1), testTaken(1)) == nil
		}()
		synctest.Wait()
		if data, _ := f.bytes(); !strings.Contains(string(data), "\ntaken,") {
			t.Errorf("ledger while it is synced = %q, want the taken line", data)
		}
		if returned {
			t.Error("Take returned before its line was synced")
		}
		f.gate <- struct{}{}
		synctest.Wait()
		if !returned {
			t.Error("Take didn't return after its line was synced")
		}
		must(t, l.Close())
	})
}

func TestOneSyncForMany(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := &memFile{}
		l := createMem(t, 20, f)
		f.gate = make(chan struct{})
		take := func(n int) {
			if err := l.Take(testRow(n), testTaken(n)); err != nil {
				t.Error(err)
			}
		}
		go take(1)
		synctest.Wait() // its sync is under way
		for n := 2; n <= 9; n++ {
			go func() {
				if err := l.Settle(testResult(n, runner.StatusReset)); err != nil {
					t.Error(err)
				}
				take(n + 10)
			}()
		}
		synctest.Wait()
		f.gate <- struct{}{}
		f.gate <- struct{}{}
		synctest.Wait()
		if writes, syncs := f.counted(); writes != 2 || syncs != 2 {
			t.Errorf("9 takes and 8 settles made %d writes and %d syncs, want 2 and 2", writes, syncs)
		}
		close(f.gate)
		must(t, l.Close())
	})
}

func TestSettleLingers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := &memFile{}
		l := createMem(t, 2, f)
		for n := 1; n <= 2; n++ {
			start := time.Now()
			must(t, l.Settle(testResult(n, runner.StatusFailed)))
			<-time.After(linger - 1)
			if writes, _ := f.counted(); writes != n-1 {
				t.Fatalf("%d writes %v after settle %d, want %d", writes, time.Since(start), n, n-1)
			}
			<-time.After(1)
			synctest.Wait()
			if writes, syncs := f.counted(); writes != n || syncs != n {
				t.Fatalf("%d writes and %d syncs %v after settle %d, want %d", writes, syncs, time.Since(start), n, n)
			}
		}
		must(t, l.Settle(testResult(1, runner.StatusReset)))
		must(t, l.Close())
		if writes, syncs := f.counted(); writes != 3 || syncs != 3 {
			t.Errorf("%d writes and %d syncs after Close, want 3: Close commits what is pending", writes, syncs)
		}
	})
}

func TestPendingIsBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := &memFile{}
		const rows = 100
		l := createMem(t, rows, f)
		f.gate = make(chan struct{})
		settled := 0
		go func() {
			for n := 1; n <= rows; n++ {
				r := testResult(n, runner.StatusSkipped)
				r.Error = strings.Repeat("x", maxPending/10)
				if err := l.Settle(r); err != nil {
					t.Error(err)
				}
				settled++
			}
		}()
		synctest.Wait()
		if settled < 9 || settled > 20 {
			t.Errorf("%d rows of 100 KiB were settled while the disk hung, want 9 to 20", settled)
		}
		close(f.gate)
		synctest.Wait()
		if settled != rows {
			t.Errorf("%d rows settled after the disk went on, want %d", settled, rows)
		}
		must(t, l.Close())
	})
}

func TestFailureIsFinal(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		fail func(f *memFile)
	}{
		{"disk full in the middle of a line", func(f *memFile) { f.room = len(f.data) + 10 }},
		{"disk full between lines", func(f *memFile) { f.room = len(f.data) }},
		{"sync", func(f *memFile) { f.syncErr = errors.New("input/output error") }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f := &memFile{}
			l := createMem(t, 5, f)
			must(t, l.Take(testRow(1), testTaken(1)))
			f.mu.Lock()
			tt.fail(f)
			f.mu.Unlock()

			var broken *WriteError
			if err := l.Take(testRow(2), testTaken(2)); !errors.As(err, &broken) || broken.Path != results.JournalPath(l.Path()) {
				t.Fatalf("Take = %v, want a *WriteError of %q", err, results.JournalPath(l.Path()))
			}
			f.mu.Lock()
			f.room, f.syncErr = 0, nil // room again: nothing may be written after a torn line
			f.mu.Unlock()
			writes, syncs := f.counted()
			if err := l.Take(testRow(3), testTaken(3)); !errors.As(err, &broken) {
				t.Errorf("Take after a failure = %v, want a *WriteError", err)
			}
			if err := l.Settle(testResult(1, runner.StatusReset)); !errors.As(err, &broken) {
				t.Errorf("Settle after a failure = %v, want a *WriteError", err)
			}
			if _, err := l.Finish(testRows(5), results.Ending{}); !errors.As(err, &broken) {
				t.Errorf("Finish after a failure = %v, want a *WriteError", err)
			}
			if err := l.Close(); !errors.As(err, &broken) {
				t.Errorf("Close after a failure = %v, want a *WriteError", err)
			}
			if w, s := f.counted(); w != writes || s != syncs {
				t.Errorf("%d writes and %d syncs after a failure, want none", w-writes, s-syncs)
			}
			m, err := results.ReadManifest(l.Path())
			must(t, err)
			if m.Finished || !strings.Contains(m.Runs[0].Stopped, "write") {
				t.Errorf("manifest after a failure: finished %v, stopped %q", m.Finished, m.Runs[0].Stopped)
			}
			path := t.TempDir() + "/image.journal"
			must(t, os.WriteFile(path, f.data, 0o600))
			if last, _ := lastStatuses(t, path); last[1] != runner.StatusTaken {
				t.Errorf("statuses after a failure = %v, want row 1 taken", last)
			}
		})
	}
}

// A caller that waits for the batch after the failing one must not hear that its line is safe.
func TestFailureReachesTheNextBatch(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := &memFile{}
		l := createMem(t, 9, f)
		f.gate, f.syncErr = make(chan struct{}), errors.New("input/output error")
		var mu sync.Mutex
		failed := 0
		take := func(n int) {
			if l.Take(testRow(n), testTaken(n)) != nil {
				mu.Lock()
				failed++
				mu.Unlock()
			}
		}
		go take(1)
		synctest.Wait()
		for n := 2; n <= 9; n++ {
			go take(n)
		}
		synctest.Wait()
		f.gate <- struct{}{}
		synctest.Wait()
		if failed != 9 {
			t.Errorf("%d of 9 takes failed, want all", failed)
		}
		if err := l.Close(); err == nil {
			t.Error("Close = nil, want the failure")
		}
	})
}

func TestRefusedLines(t *testing.T) {
	t.Parallel()
	l := mustCreate(t, testSpec(t.TempDir(), 2))
	short := testRow(1)
	short.Cells = nil
	tests := []struct {
		name string
		err  error
	}{
		{"row 0", l.Take(testRow(0), testTaken(1))},
		{"row 3 of 2", l.Settle(testResult(3, runner.StatusReset))},
		{"no status", l.Settle(testResult(1, ""))},
		{"foreign status", l.Settle(testResult(1, "ok"))},
		{"missing cell", l.Take(short, testTaken(1))},
		{"no user", l.Take(testRow(1), runner.Taken{At: takenAt})},
		{"no time", l.Take(testRow(1), runner.Taken{UserID: "00u00000000000000001"})},
	}
	for _, tt := range tests {
		if tt.err == nil {
			t.Errorf("%s: no error", tt.name)
		}
	}
	must(t, l.Take(testRow(1), testTaken(1)))
	must(t, l.Close())
	if last, torn := lastStatuses(t, results.JournalPath(l.Path())); len(last) != 1 || torn {
		t.Errorf("statuses = %v, torn %v; want only what was accepted", last, torn)
	}
	if err := l.Settle(testResult(1, runner.StatusReset)); err == nil {
		t.Error("Settle after Close = nil, want an error")
	}
}
