package ledger

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"oktareset/runner"
	"oktareset/runner/journal"
	"oktareset/runner/results"
)

// A crash may leave any number of the written bytes, but all synced ones. Cut anywhere after the
// part that was synced when a Take returned, the ledger has its row.
func TestCrashKeepsWhatTakePromised(t *testing.T) {
	t.Parallel()
	for seed := range uint64(20) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			const rows, workers = 60, 7
			f := &memFile{}
			l := createMem(t, rows, f)
			var mu sync.Mutex
			synced := map[int]int{} // by row: bytes that were synced when its first Take returned
			var pool sync.WaitGroup
			for w := range workers {
				pool.Go(func() {
					rnd := rand.New(rand.NewPCG(seed, uint64(w)))
					for n := w + 1; n <= rows; n += workers {
						for range 1 + rnd.IntN(3) {
							if err := randomStep(l, n, rnd.IntN(3), func() {
								_, end := f.bytes()
								mu.Lock()
								defer mu.Unlock()
								if _, ok := synced[n]; !ok {
									synced[n] = end
								}
							}); err != nil {
								t.Error(err)
							}
						}
					}
				})
			}
			pool.Wait()
			must(t, l.Close())

			data, end := f.bytes()
			if end != len(data) {
				t.Errorf("Close synced %d of %d bytes", end, len(data))
			}
			path := filepath.Join(t.TempDir(), "image.journal")
			rnd := rand.New(rand.NewPCG(seed, 99))
			for range 50 {
				begin, _ := journal.Head(l.runID, "", l.header)
				cut := len(begin) + rnd.IntN(len(data)-len(begin)+1)
				must(t, os.WriteFile(path, data[:cut], 0o600))
				last, torn := lastStatuses(t, path)
				if want := data[cut-1] != '\n'; torn != want {
					t.Errorf("cut at %d: torn = %v, want %v", cut, torn, want)
				}
				for n, end := range synced {
					if end <= cut && last[n] == "" {
						t.Errorf("cut at %d: row %d is lost, its Take had returned with %d bytes synced", cut, n, end)
					}
				}
			}
		})
	}
}

// randomStep settles the row, takes it, or takes and settles it. took is called after each Take.
func randomStep(l *Ledger, n, kind int, took func()) error {
	if kind > 0 {
		if err := l.Take(testRow(n), testTaken(n)); err != nil {
			return err
		}
		took()
	}
	if kind != 1 {
		return l.Settle(testResult(n, runner.StatusReset))
	}
	return nil
}

// The file cut at every byte: the last complete line of each row counts, whatever follows.
func TestEveryCrashImage(t *testing.T) {
	t.Parallel()
	f := &memFile{}
	l := createMem(t, 3, f)
	type line struct {
		row    int
		status runner.Status
	}
	var lines []line // in the order in which one goroutine adds them
	for _, n := range []int{2, 1, 2, 3} {
		must(t, l.Take(testRow(n), testTaken(n)))
		lines = append(lines, line{n, runner.StatusTaken})
		if n != 1 {
			r := testResult(n, runner.StatusReset)
			r.Row.Cells = []string{strings.Repeat("\"\n,", 3)}
			must(t, l.Settle(r))
			lines = append(lines, line{n, runner.StatusReset})
		}
	}
	must(t, l.Close())
	data, _ := f.bytes()
	path := filepath.Join(t.TempDir(), "image.journal")
	for cut := range len(data) + 1 {
		want := map[int]runner.Status{}
		for _, added := range lines[:max(0, bytes.Count(data[:cut], []byte("\n"))-2)] {
			want[added.row] = added.status
		}
		must(t, os.WriteFile(path, data[:cut], 0o600))
		last, torn := lastStatuses(t, path)
		if diff := cmp.Diff(want, last); diff != "" {
			t.Fatalf("cut at %d of %d (-want +got):\n%s", cut, len(data), diff)
		}
		if want := cut > 0 && data[cut-1] != '\n'; torn != want {
			t.Fatalf("cut at %d of %d: torn = %v, want %v", cut, len(data), torn, want)
		}
	}
}

// Lines longer than any buffer come back complete, from Scan and through Finish; an endless line
// isn't read into memory.
func TestLongLines(t *testing.T) {
	t.Parallel()
	l := mustCreate(t, testSpec(t.TempDir(), 3))
	long := strings.Repeat("é,\n", 1<<16)
	for n := 1; n <= 3; n++ {
		r := testResult(n, runner.StatusFailed)
		r.Error = long
		must(t, l.Settle(r))
	}
	_, err := l.Finish(testRows(3), results.Ending{})
	must(t, err)
	n := 0
	for e, err := range results.Scan(t.Context(), l.Path()) {
		must(t, err)
		if n++; e.Row != n || e.Record.Error != long {
			t.Errorf("entry %d: row %d with %d bytes of error, want %d", n, e.Row, len(e.Record.Error), len(long))
		}
	}
	if n != 3 {
		t.Errorf("Scan yields %d entries, want 3", n)
	}

	endless := filepath.Join(t.TempDir(), "x.csv")
	must(t, os.WriteFile(endless, append(l.header, bytes.Repeat([]byte("x"), results.MaxLine+1<<20)...), 0o600))
	for _, err := range results.Scan(t.Context(), endless) {
		if err == nil || !strings.Contains(err.Error(), "longer") {
			t.Errorf("Scan of an endless line yields %v, want that it is too long", err)
		}
	}
}

// A hundred workers on a real file: every row once, in order, whatever they did to it.
func TestManyWorkers(t *testing.T) {
	t.Parallel()
	const workers, each = 100, 20
	l := mustCreate(t, testSpec(t.TempDir(), workers*each))
	var pool sync.WaitGroup
	for w := range workers {
		pool.Go(func() {
			for i := range each {
				n := i*workers + w + 1
				if err := errors.Join(l.Take(testRow(n), testTaken(n)), l.Settle(testResult(n, runner.StatusReset))); err != nil {
					t.Error(err)
				}
			}
		})
	}
	pool.Wait()
	if got := l.Counts()[runner.StatusReset]; got != workers*each {
		t.Errorf("Counts()[reset] = %d, want %d", got, workers*each)
	}
	counts, err := l.Finish(testRows(workers*each), results.Ending{})
	must(t, err)
	if counts[runner.StatusReset] != workers*each || !counts.OK() {
		t.Errorf("counts = %v, want %d reset", counts, workers*each)
	}
	n := 0
	for e, err := range results.Scan(t.Context(), l.Path()) {
		must(t, err)
		if n++; e.Row != n || e.Status != runner.StatusReset {
			t.Fatalf("entry %d is row %d, %s", n, e.Row, e.Status)
		}
	}
	if n != workers*each {
		t.Errorf("%d entries, want %d", n, workers*each)
	}
}
