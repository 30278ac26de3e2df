package ledger

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"testing"

	"oktareset/runner"
	"oktareset/runner/results"
)

// BenchmarkRows takes and settles rows with 16 workers, then finishes, on a memory file system if
// there is one: the ledger's own cost for a row.
func BenchmarkRows(b *testing.B) {
	l, err := Create(testSpec(memoryDir(b), b.N))
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
	if _, err := l.Finish(testRows(b.N), results.Ending{}); err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64((b.Elapsed()-start).Nanoseconds())/float64(b.N), "finish-ns/row")
}

// BenchmarkResume opens what a run over 100,000 rows has left: the journal of a broken run, or
// finished results, from which a resume makes one. bare only reads the same file with
// encoding/csv.
func BenchmarkResume(b *testing.B) {
	const rows = 100_000
	for name, finish := range map[string]bool{"journal": false, "results": true} {
		b.Run(name, func(b *testing.B) {
			spec := testSpec(memoryDir(b), rows)
			l, err := Create(spec)
			if err != nil {
				b.Fatal(err)
			}
			for n := 1; n <= rows; n++ {
				if !finish && n%16 == 0 { // otherwise each would wait for a sync
					err = l.Take(testRow(n), testTaken(n))
				}
				if err := errors.Join(err, l.Settle(testResult(n, runner.StatusReset))); err != nil {
					b.Fatal(err)
				}
			}
			path := results.JournalPath(spec.Path)
			if finish {
				path = spec.Path
				_, err = l.Finish(testRows(rows), results.Ending{})
			}
			if err := errors.Join(err, l.Close()); err != nil {
				b.Fatal(err)
			}
			b.Run("bare", func(b *testing.B) { benchmarkBare(b, path) })
			b.Run("resume", func(b *testing.B) {
				b.ReportAllocs()
				runs := 0
				for b.Loop() {
					runs++
					l, _, err := Resume(resumeSpec(spec, fmt.Sprint("resume", runs)), func(results.Entry) {})
					if err != nil {
						b.Fatal(err)
					}
					if err := l.Discard(); err != nil {
						b.Fatal(err)
					}
				}
			})
		})
	}
}

func benchmarkBare(b *testing.B, path string) {
	for b.Loop() {
		f, err := os.Open(path)
		if err != nil {
			b.Fatal(err)
		}
		in := csv.NewReader(bufio.NewReader(f))
		in.ReuseRecord, in.FieldsPerRecord = true, -1
		for err == nil {
			_, err = in.Read()
		}
		_ = f.Close()
	}
}
