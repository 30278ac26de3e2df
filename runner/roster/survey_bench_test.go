package roster

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"
)

// benchmarkRows is the size of input that the program is built for.
const benchmarkRows = 1_000_000

// writeBenchmark makes a file of users, as an export has them, named by ids, by logins, or by
// logins beside the numbers of a column called ID.
func writeBenchmark(b *testing.B, by string) string {
	b.Helper()
	path := filepath.Join(b.TempDir(), "users.csv")
	file, err := os.Create(path)
	if err != nil {
		b.Fatal(err)
	}
	w := bufio.NewWriter(file)
	header := map[string]string{"ids": "userId,name,department\n", "logins": "login,name,department\n", "numbers": "ID,login,name\n"}[by]
	_, _ = w.WriteString(header)
	for row := range benchmarkRows {
		i := row * 7919 % 1_000_003 // no row twice, as both are prime, and in no order that sorting or caching could use
		format := map[string]string{
			"ids": "00u1%016[1]d,User Number %[1]d,Customer Operations\n", "logins": "user.%[1]d@example.com,User Number %[1]d,Customer Operations\n",
			"numbers": "%[1]d,user.%[1]d@example.com,User Number %[1]d\n",
		}[by]
		_, _ = fmt.Fprintf(w, format, i)
	}
	if err := errors.Join(w.Flush(), file.Close()); err != nil {
		b.Fatal(err)
	}
	return path
}

// bareRead reads path with nothing but encoding/csv and returns the number of rows.
func bareRead(b *testing.B, path string) int {
	b.Helper()
	file, err := os.Open(path)
	if err != nil {
		b.Fatal(err)
	}
	defer file.Close()
	r := csv.NewReader(file)
	r.ReuseRecord = true
	for n := 0; ; n++ {
		if _, err := r.Read(); errors.Is(err, io.EOF) {
			return n
		} else if err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkSurvey reports how many times as long as a bare read the survey takes with its copy, and
// the memory it keeps meanwhile.
func BenchmarkSurvey(b *testing.B) {
	for _, name := range []string{"ids", "logins", "numbers"} {
		b.Run(name, func(b *testing.B) {
			path := writeBenchmark(b, name)
			var bare, surveyed time.Duration
			for b.Loop() {
				start := time.Now()
				bareRead(b, path)
				bare += time.Since(start)

				start = time.Now()
				to, err := os.CreateTemp(filepath.Dir(path), "copy")
				if err != nil {
					b.Fatal(err)
				}
				f, err := OpenCopying(path, to, Options{})
				if err != nil {
					b.Fatal(err)
				}
				s, err := f.Survey(b.Context())
				if err != nil || s.Distinct != benchmarkRows {
					b.Fatalf("Survey() = %+v, %v", s, err)
				}
				surveyed += time.Since(start)
				if err := errors.Join(f.Close(), to.Close(), os.Remove(to.Name())); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(surveyed)/float64(bare), "×bare")
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			b.ReportMetric(float64(m.HeapSys)/(1<<20), "MiB-heap")
		})
	}
}

// BenchmarkBareCSV is what [BenchmarkSurvey] is measured against.
func BenchmarkBareCSV(b *testing.B) {
	path := writeBenchmark(b, "ids")
	for b.Loop() {
		bareRead(b, path)
	}
}

// BenchmarkRows reports how many times as long as a bare read it takes to yield every row.
func BenchmarkRows(b *testing.B) {
	path := writeBenchmark(b, "ids")
	f, err := Open(path, Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	if _, err := f.Survey(b.Context()); err != nil {
		b.Fatal(err)
	}
	var bare, yielded time.Duration
	for b.Loop() {
		start := time.Now()
		bareRead(b, path)
		bare += time.Since(start)
		start = time.Now()
		for _, err := range f.Rows() {
			if err != nil {
				b.Fatal(err)
			}
		}
		yielded += time.Since(start)
	}
	b.ReportMetric(float64(yielded)/float64(bare), "×bare")
}
