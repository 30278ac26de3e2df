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
	"oktareset/runner/results"
	"oktareset/runner/table"
)

// FinishError says that the ledger couldn't be put into input order. It stays as it is, complete and valid, with its lines
// in the order in which things happened, the last line of a row counting.
type FinishError struct {
	Path string // of the results
	Err  error  // what went wrong: of the input, of the disk, or of the count of rows
}

func (e *FinishError) Error() string {
	return fmt.Sprintf("put %q into input order: %v; it is complete, but in the order in which things happened", e.Path, e.Err)
}

// Unwrap returns the cause.
func (e *FinishError) Unwrap() error { return e.Err }

// Finish ends the run: it puts one line for each row of the input into input order, replaces the ledger by that atomically,
// says so in the manifest, and returns how many rows ended in each status. A row without a line is not_attempted; one in
// doubt is unknown, or partial if it was taken for a later step than the reset. rows are all rows of the input, in order. No Take or Settle may follow; Close must.
//
// When a write had failed before, it returns that [*WriteError] and changes nothing. When the input can't be read again or
// the rows don't match, or the disk is full, it returns a [*FinishError]; when another program has changed the ledger, a
// [*DamageError]. In all these cases the manifest says that the results aren't finished, and the counts are those of [Ledger.Counts].
func (l *Ledger) Finish(rows iter.Seq2[runner.Row, error], end Ending) (runner.Counts, error) {
	want, err := l.beginFinish()
	if err != nil {
		return nil, err
	}
	if err := l.commits.stop(); err != nil {
		return l.Counts(), l.unfinished(end, err)
	}
	var out *rewrite
	err = l.replace(l.path, func(w io.Writer) error {
		out = newRewrite(l, w)
		if err := out.all(rows, want); err != nil {
			return err
		}
		return l.file.Close() // Windows renames nothing over an open file
	})
	if err != nil {
		var damage *DamageError
		if !errors.As(err, &damage) {
			err = &FinishError{Path: l.path, Err: err}
		}
		return l.Counts(), l.unfinished(end, err)
	}
	err = l.Update(func(m *Manifest) {
		m.Run().Ending, m.Run().FinishedAt = end, time.Now()
		m.Counts, m.Run().Counts, m.Finished = out.counts, out.counts, true
		m.Result = &Result{File: filepath.Base(l.path), SHA256: hex.EncodeToString(out.sum.Sum(nil)), Rows: out.counts.Total()}
	})
	return out.counts, err
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

// unfinished notes in the manifest that the run ended and its results aren't finished, because of err, which it returns.
func (l *Ledger) unfinished(end Ending, err error) error {
	if end.Stopped == "" {
		end.Stopped = err.Error()
	}
	noted := l.Update(func(m *Manifest) {
		m.Run().Ending, m.Run().FinishedAt = end, time.Now()
		m.Counts = l.Counts()
		m.Run().Counts = m.Counts
	})
	if noted != nil {
		return fmt.Errorf("%w; %w", err, noted)
	}
	return err
}

// rewrite is the ledger on its way into input order.
type rewrite struct {
	ledger *Ledger
	out    io.Writer // the new file and sum
	sum    hash.Hash
	lines  lineReader
	enc    *table.Encoder
	dec    *table.Decoder
	buf    []byte
	counts runner.Counts
	row    int // the last row written
	found  int // rows that had a line
}

func newRewrite(l *Ledger, w io.Writer) *rewrite {
	sum := sha256.New()
	return &rewrite{
		ledger: l, out: io.MultiWriter(w, sum), sum: sum, lines: lineReader{file: l.file},
		enc: table.NewEncoder(l.columns), dec: table.NewDecoder(len(l.columns)), counts: runner.Counts{},
	}
}

// all writes the header and the line of every row, and holds their number against the survey's, want, and the ledger.
func (r *rewrite) all(rows iter.Seq2[runner.Row, error], want int) error {
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
		return fmt.Errorf("the input has %d of the %d rows that the ledger has", r.found, known)
	}
	return nil
}

// one writes the line of one row.
func (r *rewrite) one(row runner.Row) error {
	index := &r.ledger.commits.index
	if row.N <= r.row || row.N > len(index.marks) {
		return fmt.Errorf("it isn't between the last row, %d, and the highest, %d", r.row, len(index.marks))
	}
	r.row = row.N
	m := index.marks[row.N-1]
	line, status, err := r.line(row, m)
	if err != nil {
		return err
	}
	if m != 0 {
		r.found++
	}
	r.counts[status]++
	_, err = r.out.Write(line)
	return err
}

// line returns the row's final line and status. m is what the ledger has of it.
func (r *rewrite) line(row runner.Row, m mark) (line []byte, s runner.Status, err error) {
	if m == 0 {
		rec := r.ledger.resultRecord(&runner.Result{Row: row, Status: runner.StatusNotAttempted})
		r.buf, err = r.enc.Append(r.buf[:0], &rec, row.Cells)
		return r.buf, runner.StatusNotAttempted, err
	}
	line, err = r.lines.at(m.offset())
	if err != nil {
		return nil, "", err
	}
	r.buf = append(strconv.AppendInt(r.buf[:0], int64(row.N), 10), ',')
	if !bytes.HasPrefix(line, r.buf) {
		return nil, "", &DamageError{
			Path: r.ledger.path, Hint: results.HintOriginal,
			Message: "its line isn't where the run wrote it: another program has changed the file",
		}
	}
	if m.status() != runner.StatusTaken {
		return line, m.status(), nil
	}
	rec, cells, err := r.dec.Decode(line)
	if err != nil {
		return nil, "", err
	}
	settleDoubt(&rec)
	r.buf, err = r.enc.Append(r.buf[:0], &rec, cells)
	return r.buf, runner.Status(rec.Status), err
}

// lineReader reads single lines of a file.
type lineReader struct {
	file io.ReaderAt
	buf  []byte
}

// lineSize is how much is read for a line at first: several usual ones.
const lineSize = 4 << 10

// at returns the line that begins at an offset, with its end. It is valid until the next call.
func (r *lineReader) at(offset int64) ([]byte, error) {
	if r.buf == nil {
		r.buf = make([]byte, lineSize)
	}
	for {
		n, err := r.file.ReadAt(r.buf, offset)
		if i := bytes.IndexByte(r.buf[:n], '\n'); i >= 0 {
			return r.buf[:i+1], nil
		}
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			return nil, fmt.Errorf("read the ledger at byte %d: %w", offset, err)
		}
		r.buf = make([]byte, 2*len(r.buf))
	}
}
