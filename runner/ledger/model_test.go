package ledger

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"oktareset/runner"
	"oktareset/runner/results"
)

// modelRows is how many rows the model's runs work on: few, so that much happens to each.
const modelRows = 4

// modelLine is the content of a line.
type modelLine struct {
	Row    int
	Status runner.Status
	RunID  string
}

// model drives a ledger through runs that end in every way, and knows what the ledger must
// contain.
type model struct {
	t       *testing.T
	choose  choices
	spec    Spec
	run     int
	l       *Ledger
	f       *mortal
	disk    *mortalDisk
	lines   []modelLine    // handed over, in the order of the file
	durable int            // how many of them can no longer be lost
	synced  int64          // bytes of the file that survive a power failure, after a run
	doubts  map[int]string // by row: the run that took it, as returned by Resume
	refused []modelLine    // results handed over after a failure
}

func (m *model) runID() string { return fmt.Sprint("run", m.run) }

// journal returns the journal's path.
func (m *model) journal() string { return results.JournalPath(m.spec.Path) }

// newDisk returns the disk of another process, which dies after this many calls to its journal;
// below 0, it survives.
func (m *model) newDisk(calls int) disk {
	m.f = nil
	open := func(open func(string) (file, error)) func(string) (file, error) {
		return func(path string) (file, error) {
			f, err := open(path)
			if err != nil {
				return nil, err
			}
			info, err := os.Stat(path)
			must(m.t, err)
			m.f = &mortal{file: f, calls: calls, size: info.Size(), synced: min(m.synced, info.Size())}
			return m.f, nil
		}
	}
	d := realDisk
	d.create, d.open = open(d.create), open(d.open)
	m.disk = &mortalDisk{
		disk: d, left: -1,
		dead: func() bool { return m.f != nil && m.f.isDead() },
		die:  func() { m.f.set(func() { m.f.dead = true }) },
	}
	return m.disk.mortal()
}

// create begins the first run.
func (m *model) create() {
	m.run = 1
	l, err := create(m.spec, m.newDisk(-1))
	must(m.t, err)
	must(m.t, l.Update(consented))
	m.l = l
}

// resume begins another run and compares what it finds with what must be there.
func (m *model) resume() {
	m.run++
	spec := resumeSpec(m.spec, m.runID())
	if m.choose.next(8) == 0 { // it dies while it resumes
		calls := m.choose.next(3)
		l, _, err := resume(spec, nil, m.newDisk(calls))
		if err == nil { // it had got further
			must(m.t, l.Close())
			m.run++
			spec = resumeSpec(m.spec, m.runID())
		} else if !errors.Is(err, errDead) {
			m.t.Fatalf("resume of a process that dies = %v", err)
		}
		_, m.synced, _ = m.f.state()
	}
	var lines []modelLine
	l, doubts, err := resume(spec, func(e results.Entry) {
		lines = append(lines, modelLine{e.Row, e.Status, e.Record.RunID})
	}, m.newDisk(-1))
	if err != nil {
		m.t.Fatalf("Resume = %v, want no error", err)
	}
	m.l = l
	if len(lines) < m.durable || len(lines) > len(m.lines) {
		m.t.Fatalf("%d lines are left of %d, of which %d can't be lost", len(lines), len(m.lines), m.durable)
	}
	if want := m.lines[:len(lines)]; !slices.Equal(want, lines) {
		m.t.Fatalf("lines that are left (-want +got):\n%s", cmp.Diff(want, lines))
	}
	m.lines, m.durable = lines, len(lines)
	m.check(doubts)
}

// check compares rows in doubt, last statuses and counts with the lines.
func (m *model) check(doubts []runner.Result) {
	m.t.Helper()
	m.doubts = map[int]string{}
	var want, got []modelLine
	counts := runner.Counts{}
	for n := 1; n <= modelRows; n++ {
		last := m.last(n)
		if s, _ := m.l.Last(n); s != last.Status {
			m.t.Fatalf("Last(%d) = %q, want %q", n, s, last.Status)
		}
		if last.Status != "" {
			counts[last.Status]++
		}
		if last.Status == runner.StatusTaken || last.Status.Open() {
			if last.Status == runner.StatusTaken {
				last.Status = runner.StatusUnknown
			}
			want = append(want, last)
			m.doubts[n] = last.RunID
		}
	}
	for _, d := range doubts {
		got = append(got, modelLine{d.Row.N, d.Status, d.RunID})
		if d.UserID == "" || d.StartedAt.IsZero() || d.Row.Input != testRow(d.Row.N).Input {
			m.t.Fatalf("doubt = %+v, want user, time and row", d)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		m.t.Fatalf("doubts (-want +got):\n%s", diff)
	}
	if got := m.l.Counts(); !cmp.Equal(got, counts) {
		m.t.Fatalf("Counts = %v, want %v", got, counts)
	}
}

func (m *model) last(row int) modelLine {
	for _, line := range slices.Backward(m.lines) {
		if line.Row == row {
			return line
		}
	}
	return modelLine{Row: row}
}

func (m *model) take(n int) {
	if !m.failed() { // otherwise it is refused
		m.lines = append(m.lines, modelLine{n, runner.StatusTaken, m.runID()})
	}
	err := m.l.Take(testRow(n), testTaken(n))
	synctest.Wait() // the writer may have been woken twice
	delete(m.doubts, n)
	if err == nil {
		m.durable = len(m.lines)
	}
}

// failed reports whether the ledger can't be written any more.
func (m *model) failed() bool {
	m.l.commits.mu.Lock()
	defer m.l.commits.mu.Unlock()
	return m.l.commits.err != nil
}

var modelStatuses = []runner.Status{
	runner.StatusReset, runner.StatusFailed, runner.StatusUnknown, runner.StatusNotAttempted, runner.StatusSkipped, runner.StatusPartial,
}

func (m *model) settle(n int) {
	r := testResult(n, modelStatuses[m.choose.next(len(modelStatuses))])
	if m.choose.next(2) == 0 {
		r.RunID = m.doubts[n] // "" unless an earlier run left it in doubt
	}
	line := modelLine{n, r.Status, r.RunID}
	if r.RunID == "" {
		line.RunID = m.runID()
	}
	delete(m.doubts, n)
	if m.l.Settle(r) == nil {
		m.lines = append(m.lines, line)
	} else {
		m.refused = append(m.refused, line)
	}
	synctest.Wait()
}

// finish ends a run in order, or dies at any step of it.
func (m *model) finish() {
	// if it has fewer steps, it survives
	m.disk.left, m.disk.how = m.choose.next(10), m.choose.next(3)
	counts, err := m.l.Finish(testRows(modelRows), results.Ending{})
	if err == nil && counts.Total() != modelRows {
		m.t.Fatalf("Finish = %v, want %d rows", counts, modelRows)
	}
	manifest, readErr := results.ReadManifest(m.spec.Path)
	must(m.t, readErr)
	if manifest.Journal != nil { // the journal counts, and agrees with the results about taken rows
		for n := 1; n <= modelRows; n++ {
			if line := m.last(n); line.Status == runner.StatusTaken {
				m.lines = append(m.lines, modelLine{n, runner.StatusUnknown, line.RunID})
			}
		}
		if manifest.Finished {
			m.durable = len(m.lines)
		}
		m.crash()
		return
	}
	var lines []modelLine
	for n := 1; n <= modelRows; n++ {
		line := m.last(n)
		if line.Status == "" || line.Status.Open() || line.Status == runner.StatusTaken || line.Status == runner.StatusNotAttempted {
			m.t.Fatalf("row %d is %q, and the journal doesn't count any more", n, line.Status)
		}
		lines = append(lines, line)
	}
	_ = m.l.Close()
	m.lines, m.durable, m.synced = lines, len(lines), 0
}

// crash ends the process: a part of what wasn't synced remains, or zeros.
func (m *model) crash() {
	m.f.set(func() { m.f.dead = true })
	_ = m.l.Close()
	data, err := os.ReadFile(m.journal())
	must(m.t, err)
	_, m.synced, _ = m.f.state()
	data = data[:m.synced+int64(m.choose.next(1+min(255, len(data)-int(m.synced))))]
	switch m.choose.next(6) {
	case 0:
		data = append(data[:m.synced:m.synced], make([]byte, m.choose.next(50))...)
	case 1, 2: // pages reach the disk in any order
		tail := data[m.synced:]
		clear(tail[min(m.choose.next(256), len(tail)):])
	case 3:
		tail := data[m.synced:]
		clear(tail[:min(m.choose.next(256), len(tail))])
	}
	must(m.t, os.WriteFile(m.journal(), data, 0o600))
	must(m.t, os.WriteFile(m.spec.Path+".lock", []byte("\x00{left behind"), 0o600))
	m.refused = nil
}

// end ends the run in order, without Finish, and looks for results that are neither in the file
// nor in Unwritten.
func (m *model) end() {
	failed := m.l.Close() != nil
	if m.f.isDead() {
		m.crash()
		return
	}
	data, err := os.ReadFile(m.journal())
	must(m.t, err)
	kept := bytes.Count(data, []byte("\n")) - 2
	var want []modelLine
	for _, line := range slices.Concat(m.lines[kept:], m.refused) {
		if line.Status != runner.StatusTaken {
			want = append(want, line)
		}
	}
	if unwritten := bytes.Count(m.l.Unwritten(), []byte("\n")); unwritten != len(want) || !failed && len(want) > 0 {
		m.t.Fatalf("Unwritten has %d lines, want %d: %+v", unwritten, len(want), want)
	}
	m.refused = nil
	_, m.synced, _ = m.f.state()
	if !failed {
		m.durable = len(m.lines)
	}
}

// step is one thing that happens.
func (m *model) step() {
	row := 1 + m.choose.next(modelRows)
	switch m.choose.next(12) {
	case 0, 1, 2:
		m.take(row)
	case 3, 4, 5:
		m.settle(row)
	case 6:
		<-time.After([]time.Duration{linger, markEvery + linger, 2 * markLimit}[m.choose.next(3)])
		synctest.Wait()
	case 7:
		m.end()
		m.resume()
	case 8:
		m.finish()
		m.resume()
	case 9: // it will die in one of the next calls
		m.f.set(func() { m.f.calls, m.f.keep = m.choose.next(4), m.choose.next(256) })
	case 10:
		m.crash()
		m.resume()
	case 11:
		if !m.f.isDead() {
			m.f.set(func() { m.f.room = m.f.size + int64(m.choose.next(256)) })
		}
	}
	if m.f.isDead() {
		m.crash()
		m.resume()
	}
}

// runModel lets things happen until the choices are used up; then a last run works on all rows
// and finishes.
func runModel(t *testing.T, dir string, data []byte) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		m := &model{t: t, choose: choices{data}, spec: testSpec(dir, modelRows)}
		m.create()
		defer func() { _ = m.l.Close() }()
		for len(m.choose.data) > 0 {
			m.step()
		}
		m.end()
		m.resume()
		want := runner.Counts{}
		for n := 1; n <= modelRows; n++ {
			if _, ok := m.doubts[n]; !ok {
				m.take(n)
				must(t, m.l.Settle(testResult(n, runner.StatusReset)))
				want[runner.StatusReset]++
			} else if m.last(n).Status == runner.StatusPartial {
				want[runner.StatusPartial]++
			} else {
				want[runner.StatusUnknown]++
			}
		}
		counts, err := m.l.Finish(testRows(modelRows), results.Ending{})
		must(t, err)
		must(t, m.l.Close())
		if !cmp.Equal(counts, want) {
			t.Fatalf("counts at the end = %v, want %v", counts, want)
		}
		rows := 0
		for e, err := range results.Scan(t.Context(), m.spec.Path) {
			must(t, err)
			if rows++; e.Row != rows || e.Status == runner.StatusTaken {
				t.Fatalf("line %d of the results is row %d, %s", rows, e.Row, e.Status)
			}
		}
		files := 2
		if counts.Open() {
			files = 3 // the journal stays
		}
		if got := names(t, dir); rows != modelRows || len(got) != files {
			t.Fatalf("%d rows of %d are in the results, and the files %q", rows, modelRows, got)
		}
	})
}

// memoryDir returns a folder in memory if there is one: a sync of a disk takes milliseconds.
func memoryDir(tb testing.TB) string {
	tb.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "ledger")
	if err != nil {
		return tb.TempDir()
	}
	tb.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

func TestModel(t *testing.T) {
	t.Parallel()
	for seed := range uint64(60) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			rnd := rand.New(rand.NewPCG(seed, 1))
			data := make([]byte, 300)
			for i := range data {
				data[i] = byte(rnd.Uint32())
			}
			runModel(t, memoryDir(t), data)
		})
	}
}

func FuzzModel(f *testing.F) {
	f.Add([]byte("take and settle"))
	f.Fuzz(func(t *testing.T, data []byte) {
		runModel(t, memoryDir(t), data[:min(len(data), 400)])
	})
}
