package ledger

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"iter"
	"path/filepath"
	"strconv"
	"time"

	"oktareset/runner"
	"oktareset/runner/journal"
	"oktareset/runner/results"
	"oktareset/runner/table"
)

// FinishError says that the results couldn't be written. The journal stays as it is, complete and
// valid.
type FinishError struct {
	Path string // of the results
	Err  error  // of the input, of the disk, or of the count of rows
}

func (e *FinishError) Error() string {
	return fmt.Sprintf("write the results %q: %v; what was done is in %q, and --resume writes them", e.Path, e.Err, results.JournalPath(e.Path))
}

// Unwrap returns the cause.
func (e *FinishError) Unwrap() error { return e.Err }

// Finish ends the run: it writes the results, one line for each row of the input, in input order,
// declares them finished in the manifest, and returns how many rows ended in each status. A row
// without a line is not_attempted; one in doubt is unknown, or partial if it was taken for a step
// after the reset. If no row is open, the journal is removed, and the results count. rows are all
// rows of the input, in order. No Take or Settle may follow; Close must.
//
// If a write failed before, Finish returns that [*WriteError] and changes nothing. If the input
// can't be read again, the rows don't match, the disk is full, or the results' name is in use, it
// returns a [*FinishError]; if another program has changed the journal, a [*results.DamageError].
// In all these cases the manifest says that the results aren't finished, and the counts are those
// of [Ledger.Counts].
func (l *Ledger) Finish(rows iter.Seq2[runner.Row, error], end results.Ending) (runner.Counts, error) {
	want, err := l.beginFinish()
	if err != nil {
		return nil, err
	}
	if err = l.commits.stop(); err != nil {
		return l.Counts(), l.unfinished(end, err)
	}
	l.marks.stop()
	if err = l.restore(); err == nil {
		err = l.clear()
	}
	out := newResultsWriter(l)
	if err == nil {
		err = l.disk.publish(l.path, func(w io.Writer) error { return out.all(w, rows, want) }, func() error {
			return l.Update(func(m *results.Manifest) { m.Outdated = out.result() })
		})
	}
	stays := out.counts.Open() && !l.manifest.Sandbox // a rehearsal is never resumed
	if err == nil && stays {
		err = l.settleTaken()
	}
	if err != nil {
		var damage *results.DamageError
		if !errors.As(err, &damage) {
			err = &FinishError{Path: l.path, Err: err}
		}
		return l.Counts(), l.unfinished(end, err)
	}
	err = l.Update(func(m *results.Manifest) {
		m.Run().Ending, m.Run().FinishedAt = end, time.Now()
		m.Counts, m.Run().Counts, m.Finished = out.counts, out.counts, true
		m.Result, m.Outdated = out.result(), nil
		if !stays {
			m.Journal = nil
		}
	})
	if err == nil {
		err = l.dropJournal()
	}
	return out.counts, err
}

// restore puts the journal back if another program has moved or replaced it while the run wrote
// it: the open file still has everything that was written.
func (l *Ledger) restore() error {
	end := l.commits.durable.end
	if l.file.Intact(end) == nil {
		return nil
	}
	path := results.JournalPath(l.path)
	whole := newReplay(l, &l.manifest, len(l.commits.index.places))
	whole.lines = results.NewLines(path, io.NewSectionReader(l.file, 0, end))
	for text := []byte{0}; text != nil; {
		var err error
		if text, err = whole.next(); err != nil {
			return err
		}
	}
	if whole.at.end != end {
		return damaged(path, "another program has changed it while the run wrote it")
	}
	if err := l.disk.replace(path, func(w io.Writer) error {
		_, err := io.Copy(w, io.NewSectionReader(l.file, 0, end))
		return err
	}); err != nil {
		return fmt.Errorf("put the journal back: %w", err)
	}
	f, err := l.disk.open(path)
	if err != nil {
		return fmt.Errorf("put the journal back: %w", err)
	}
	old := l.file
	l.file = f
	return old.Close()
}

// settleTaken adds to the journal, for each row that is still taken, its line of the results:
// from then on, both agree.
func (l *Ledger) settleTaken() error {
	path := results.JournalPath(l.path)
	lines, dec := journal.Reader{Path: path, File: l.file}, table.NewDecoder(len(l.columns))
	w := bulk{file: l.file, at: l.commits.durable}
	for i, p := range l.commits.index.places {
		if p.status() != runner.StatusTaken {
			continue
		}
		line, err := lines.At(p.offset())
		if err != nil {
			return err
		}
		rec, _, err := dec.Decode(line.Row)
		if err != nil {
			return err
		}
		l.commits.index.set(i+1, runner.Status(rec.Status), w.next())
		if err := w.add(journal.AppendOpen(nil, journal.Settled, line.Open), line.Row); err != nil {
			return fmt.Errorf("write %q: %w", path, err)
		}
	}
	if err := errors.Join(w.flush(), l.file.Sync()); err != nil {
		return fmt.Errorf("write %q: %w", path, err)
	}
	l.commits.mu.Lock()
	defer l.commits.mu.Unlock()
	l.commits.durable = w.at
	return nil
}

// dropJournal removes the journal once the manifest no longer counts it. A file with its name
// that isn't the journal stays.
func (l *Ledger) dropJournal() error {
	if l.manifest.Journal != nil || l.file.Intact(l.commits.durable.end) != nil {
		return nil
	}
	if err := l.file.Close(); err != nil { // Windows doesn't remove an open file
		return err
	}
	if err := l.disk.remove(results.JournalPath(l.path)); err != nil {
		return fmt.Errorf("remove the journal, which nobody needs any more: %w", err)
	}
	return nil
}

// beginFinish returns how many rows the survey counted, and refuses a second Finish.
func (l *Ledger) beginFinish() (rows int, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.finished || l.closed {
		return 0, errClosed
	}
	l.finished = true
	return l.manifest.Input.Rows, nil
}

// unfinished records in the manifest that the run ended without finished results, because of err,
// which it returns.
func (l *Ledger) unfinished(end results.Ending, err error) error {
	if end.Stopped == "" {
		end.Stopped = err.Error()
	}
	noted := l.Update(func(m *results.Manifest) {
		m.Run().Ending, m.Run().FinishedAt = end, time.Now()
		m.Counts = l.Counts()
		m.Run().Counts = m.Counts
	})
	if noted != nil {
		return fmt.Errorf("%w; %w", err, noted)
	}
	return err
}

// resultsWriter makes results from the journal.
type resultsWriter struct {
	ledger *Ledger
	out    io.Writer // the new file and sum
	sum    hash.Hash
	lines  journal.Reader
	enc    *table.Encoder
	dec    *table.Decoder
	buf    []byte
	counts runner.Counts
	row    int // the last row written
	found  int // rows that had a line
}

func newResultsWriter(l *Ledger) *resultsWriter {
	return &resultsWriter{
		ledger: l, sum: sha256.New(), lines: journal.Reader{Path: results.JournalPath(l.path), File: l.file},
		enc: table.NewEncoder(l.columns), dec: table.NewDecoder(len(l.columns)), counts: runner.Counts{},
	}
}

// result returns the manifest's entry for the results.
func (r *resultsWriter) result() *results.Result {
	return &results.Result{File: filepath.Base(r.ledger.path), SHA256: hex.EncodeToString(r.sum.Sum(nil)), Rows: r.counts.Total()}
}

// all writes the header and the line of every row, and compares their number with the survey's,
// want, and the journal's.
func (r *resultsWriter) all(w io.Writer, rows iter.Seq2[runner.Row, error], want int) error {
	r.out = io.MultiWriter(w, r.sum)
	if _, err := r.out.Write(r.ledger.header); err != nil {
		return err
	}
	for row, err := range rows {
		if err != nil {
			return fmt.Errorf("read the input again: %w", err)
		}
		if err := r.one(row); err != nil {
			return fmt.Errorf("row %d: %w", row.N, err)
		}
	}
	index := &r.ledger.commits.index
	if got := r.counts.Total(); got != want {
		return fmt.Errorf("the input has %d rows, the survey had counted %d", got, want)
	}
	if known := index.rows().Total(); r.found != known {
		return fmt.Errorf("the input has %d of the %d rows that the journal has", r.found, known)
	}
	return nil
}

// one writes the line of one row.
func (r *resultsWriter) one(row runner.Row) error {
	index := &r.ledger.commits.index
	if row.N <= r.row || row.N > len(index.places) {
		return fmt.Errorf("it isn't between the last row, %d, and the highest, %d", r.row, len(index.places))
	}
	r.row = row.N
	p := index.places[row.N-1]
	line, status, err := r.line(row, p)
	if err != nil {
		return err
	}
	if p != 0 {
		r.found++
	}
	r.counts[status]++
	if p != 0 {
		if err := r.tell(row, status, line); err != nil {
			return err
		}
	}
	_, err = r.out.Write(line)
	return err
}

// tell passes a row to the notice if it is wanted.
func (r *resultsWriter) tell(row runner.Row, s runner.Status, line []byte) error {
	n := r.ledger.notice
	if n.Wants == nil || !n.Wants(s) {
		return nil
	}
	rec, _, err := r.dec.Decode(line)
	if err == nil {
		n.Row(row, &rec)
	}
	return err
}

// line returns the row's final line and status. p is the row's place in the journal.
func (r *resultsWriter) line(row runner.Row, p place) (line []byte, s runner.Status, err error) {
	if p == 0 {
		rec := r.ledger.resultRecord(&runner.Result{Row: row, Status: runner.StatusNotAttempted})
		r.buf, err = r.enc.Append(r.buf[:0], &rec, row.Cells)
		return r.buf, runner.StatusNotAttempted, err
	}
	l, err := r.lines.At(p.offset())
	if err != nil {
		return nil, "", err
	}
	r.buf = append(strconv.AppendInt(r.buf[:0], int64(row.N), 10), ',')
	if !bytes.HasPrefix(l.Row, r.buf) {
		return nil, "", damaged(r.lines.Path, "its line isn't where the run wrote it: another program has changed the file")
	}
	if p.status() != runner.StatusTaken {
		return l.Row, p.status(), nil
	}
	rec, _, err := r.dec.Decode(l.Row)
	return l.Row, runner.Status(rec.Status), err
}
