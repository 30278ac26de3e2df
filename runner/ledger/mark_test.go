package ledger

import (
	"errors"
	"io"
	"os"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"oktareset/runner"
	"oktareset/runner/files"
	"oktareset/runner/results"
)

// marked returns how much of the journal the manifest's file knows, and how long the journal is.
func marked(t *testing.T, l *Ledger) (known, size int64) {
	t.Helper()
	m, err := results.ReadManifest(l.Path())
	must(t, err)
	info, err := os.Stat(results.JournalPath(l.Path()))
	must(t, err)
	return m.Journal.Bytes, info.Size()
}

// However rows come, the manifest knows the journal as of at most ten seconds ago, with few
// writes.
func TestMark(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		var writes atomic.Int64
		d := realDisk
		d.replace = func(path string, write func(io.Writer) error) error {
			writes.Add(1)
			return files.Replace(path, write)
		}
		l, err := create(testSpec(dir, 200), d)
		must(t, err)
		type size struct {
			at    time.Time
			bytes int64
		}
		sizes := []size{{time.Now(), 0}}
		begin := time.Now()
		for n := 1; n <= 200; n++ {
			must(t, l.Take(testRow(n), testTaken(n)))
			synctest.Wait()
			known, bytes := marked(t, l)
			sizes = append(sizes, size{time.Now(), bytes})
			for _, s := range sizes {
				if time.Since(s.at) >= markLimit && known < s.bytes {
					t.Fatalf("row %d: the manifest knows %d bytes, %d were there %v ago", n, known, s.bytes, time.Since(s.at))
				}
			}
			<-time.After(time.Duration(n*n%1700) * time.Millisecond)
		}
		if most := int64(time.Since(begin)/markEvery) + 2; writes.Load() > most {
			t.Errorf("%d writes of the manifest in %v, want at most %d", writes.Load(), time.Since(begin), most)
		}
		<-time.After(2 * markLimit)
		synctest.Wait()
		if known, bytes := marked(t, l); known != bytes {
			t.Errorf("in the end the manifest knows %d bytes of %d", known, bytes)
		}
		before := writes.Load()
		<-time.After(time.Hour)
		synctest.Wait()
		if writes.Load() != before {
			t.Errorf("%d writes of the manifest while nothing happened", writes.Load()-before)
		}
		must(t, l.Close())
	})
}

// A mark that can't be written is tried again. If that fails for ten seconds, no more rows are
// taken; results are still written.
func TestMarkThatFails(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		var fails atomic.Bool
		full := errors.New("no space left on device")
		d := realDisk
		d.replace = func(path string, write func(io.Writer) error) error {
			if fails.Load() {
				return full
			}
			return files.Replace(path, write)
		}
		l, err := create(testSpec(dir, 9), d)
		must(t, err)
		fails.Store(true)
		must(t, l.Take(testRow(1), testTaken(1)))
		<-time.After(markEvery + 2*time.Second)
		must(t, l.Take(testRow(2), testTaken(2)))
		fails.Store(false)
		<-time.After(markAgain + time.Millisecond)
		synctest.Wait()
		if known, size := marked(t, l); known != size {
			t.Errorf("the manifest knows %d bytes of %d", known, size)
		}
		fails.Store(true)
		must(t, l.Take(testRow(3), testTaken(3)))
		<-time.After(markLimit + markAgain)
		var broken *WriteError
		if err := l.Take(testRow(4), testTaken(4)); !errors.As(err, &broken) || !errors.Is(err, full) || broken.Path != l.ManifestPath() {
			t.Errorf("Take without a mark for ten seconds = %v, want a *WriteError of the manifest", err)
		}
		must(t, l.Settle(testResult(3, runner.StatusReset)))
		fails.Store(false)
		must(t, l.Close())
		if last, _ := lastStatuses(t, results.JournalPath(l.Path())); last[3] != runner.StatusReset {
			t.Errorf("row 3 is %q, want reset", last[3])
		}
	})
}

// While a mark is being written, rows are taken.
func TestMarkHoldsNobodyUp(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		slow := make(chan struct{})
		var writes atomic.Int64
		d := realDisk
		d.replace = func(path string, write func(io.Writer) error) error {
			if writes.Add(1) == 2 {
				<-slow
			}
			return files.Replace(path, write)
		}
		l, err := create(testSpec(dir, 2), d)
		must(t, err)
		must(t, l.Take(testRow(1), testTaken(1)))
		<-time.After(markEvery + time.Second)
		if writes.Load() != 2 {
			t.Fatal("no mark is being written")
		}
		begin := time.Now()
		must(t, l.Take(testRow(2), testTaken(2)))
		if took := time.Since(begin); took > 0 {
			t.Errorf("Take waited %v for the mark", took)
		}
		close(slow)
		must(t, l.Close())
	})
}

// A part that isn't synced yet isn't marked.
func TestMarkOfWhatIsSynced(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := &memFile{}
		l := createMem(t, 3, f)
		f.gate = make(chan struct{})
		go func() { _ = l.Take(testRow(1), testTaken(1)) }()
		synctest.Wait()                                      // its sync is under way
		must(t, l.Settle(testResult(2, runner.StatusReset))) // and this one waits for it
		go func() { _ = l.Take(testRow(3), testTaken(3)) }()
		synctest.Wait()
		f.gate <- struct{}{}
		<-time.After(2 * markEvery) // the next sync doesn't end
		data, synced := f.bytes()
		m, err := results.ReadManifest(l.Path())
		must(t, err)
		if want := (results.Mark{Bytes: int64(synced), Sum: string(data[synced-9 : synced-1])}); synced == len(data) || *m.Journal != want {
			t.Errorf("the mark is %+v, want %+v, with %d bytes written", *m.Journal, want, len(data))
		}
		close(f.gate)
		must(t, l.Close())
	})
}
