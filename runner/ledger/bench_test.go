package ledger

import (
	"os"
	"sync"
	"sync/atomic"
	"testing"

	"oktareset/runner"
)

// BenchmarkRows takes and settles rows with 16 workers, then finishes, on a memory file system where there is one: what the
// ledger itself costs a row.
func BenchmarkRows(b *testing.B) {
	dir := b.TempDir()
	if info, err := os.Stat("/dev/shm"); err == nil && info.IsDir() {
		if dir, err = os.MkdirTemp("/dev/shm", "ledger"); err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { _ = os.RemoveAll(dir) })
	}
	l, err := Create(testSpec(dir, b.N))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = l.Close() })
	b.ReportAllocs()
	b.ResetTimer()
	var next atomic.Int64
	var pool sync.WaitGroup
	for range 16 {
		pool.Go(func() {
			for n := int(next.Add(1)); n <= b.N; n = int(next.Add(1)) {
				row := testRow(n)
				if l.Take(row, testTaken(n)) != nil || l.Settle(testResult(n, runner.StatusReset)) != nil {
					b.Error("the ledger failed")
				}
			}
		})
	}
	pool.Wait()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "rows/s")
	start := b.Elapsed()
	if _, err := l.Finish(testRows(b.N), Ending{}); err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64((b.Elapsed()-start).Nanoseconds())/float64(b.N), "finish-ns/row")
}
