package results

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strconv"

	"oktareset/runner"
	"oktareset/runner/files"
	"oktareset/runner/table"
)

// MaxLine limits a line, in bytes: the longest possible input cell, 1 MiB, escaped, quoted and
// copied.
const MaxLine = 32 << 20

// Entry is the content of a row's line.
type Entry struct {
	Row    int
	Status runner.Status
	Record table.Record
	Extra  []string // cells of the input's other columns; only valid until the next entry
	Line   []byte   // the line of the results, with its newline; only valid until the next entry
}

// Tried returns what runs had done to the row when they wrote the line. It is zero for a line
// that leaves the row open, or done: such a row is never tried again like a new one.
func (e *Entry) Tried() runner.Tried {
	if e.Status == runner.StatusTaken || e.Status.Open() || e.Status.OK() {
		return runner.Tried{}
	}
	t := runner.Tried{}
	t.Again, _ = runner.SplitAgain(e.Record.Error)
	if n, err := strconv.Atoi(e.Record.Attempts); err == nil {
		t.Attempts = max(n, 0)
	}
	return t
}

// Decode parses a line of results.
func Decode(line []byte, dec *table.Decoder) (Entry, error) {
	rec, extra, err := dec.Decode(line)
	if err != nil {
		return Entry{}, err
	}
	row, err := strconv.Atoi(rec.Row)
	if err != nil || row < 1 {
		return Entry{}, fmt.Errorf("the row number is %q", rec.Row)
	}
	status := runner.Status(rec.Status)
	if !slices.Contains(runner.Statuses, status) {
		return Entry{}, fmt.Errorf("the status is %q", rec.Status)
	}
	return Entry{Row: row, Status: status, Record: rec, Extra: extra, Line: line}, nil
}

// Scan reads results line by line. An error is yielded last: the cause of ctx's end, or one that
// means that the file can't be trusted. For a damaged line that is a [*DamageError].
func Scan(ctx context.Context, path string) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		f, err := files.Open(path, files.Rule{Links: true})
		if err != nil {
			yield(Entry{}, fmt.Errorf("read the results: %w", err))
			return
		}
		defer f.Close() //nolint:errcheck // it was only read
		r, err := NewReader(path, f)
		if err != nil {
			yield(Entry{}, err)
			return
		}
		for e, err := range r.All() {
			if err == nil && ctx.Err() != nil {
				err = context.Cause(ctx)
			}
			if !yield(e, err) || err != nil {
				return
			}
		}
	}
}

// Columns returns the names of the input's other columns in results or a plan, in the order of
// [Entry] Extra.
func Columns(path string) ([]string, error) {
	f, err := files.Open(path, files.Rule{Links: true})
	if err != nil {
		return nil, fmt.Errorf("read the results: %w", err)
	}
	defer f.Close() //nolint:errcheck // it was only read
	r, err := NewReader(path, f)
	if err != nil {
		return nil, err
	}
	return r.Columns(), nil
}

// SHA256 returns the hash of r's content, in hexadecimal.
func SHA256(r io.Reader) (string, error) {
	sum := sha256.New()
	if _, err := io.Copy(sum, r); err != nil {
		return "", fmt.Errorf("read the results: %w", err)
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

// FileSHA256 returns the hash of a file that a person named, in hexadecimal.
func FileSHA256(path string) (string, error) {
	f, err := files.Open(path, files.Rule{Links: true})
	if err != nil {
		return "", fmt.Errorf("read the results: %w", err)
	}
	defer f.Close() //nolint:errcheck // it was only read
	return SHA256(f)
}

// Reader reads the results of one file.
type Reader struct {
	lines   *Lines
	columns []string
	dec     *table.Decoder
}

// NewReader reads the header of results. path is for errors.
func NewReader(path string, in io.Reader) (*Reader, error) {
	lines := NewLines(path, in)
	line, err := lines.Next()
	if errors.Is(err, io.EOF) {
		return nil, lines.Damaged("it is empty")
	}
	if err != nil {
		return nil, err
	}
	records, err := table.NewRecordReader(bytes.NewReader(line))
	if err != nil {
		return nil, fmt.Errorf("read %q: %w", path, err)
	}
	return &Reader{lines: lines, columns: records.Extra(), dec: table.NewDecoder(len(records.Extra()))}, nil
}

// Columns returns the names of the input's other columns.
func (r *Reader) Columns() []string { return r.columns }

// All yields the lines.
func (r *Reader) All() iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		for {
			line, err := r.lines.Next()
			if errors.Is(err, io.EOF) {
				return
			}
			var e Entry
			if err == nil {
				if e, err = Decode(line, r.dec); err != nil {
					err = r.lines.Damaged(err.Error())
				}
			}
			if !yield(e, err) || err != nil {
				return
			}
		}
	}
}

// Lines reads a file line by line.
type Lines struct {
	Number int   // of the last line that was read, from 1
	Begin  int64 // offset of its beginning
	End    int64 // and of its end
	path   string
	in     *bufio.Reader
	long   []byte // for a line longer than in's buffer
}

// NewLines reads the lines of r. path is for errors.
func NewLines(path string, r io.Reader) *Lines {
	return &Lines{path: path, in: bufio.NewReaderSize(r, 1<<16)}
}

// Next reads a line, with its newline. It is valid until the next call. At the end of the file
// the error is io.EOF; for a truncated or too long line it is a [*DamageError].
func (l *Lines) Next() ([]byte, error) {
	l.Begin, l.Number = l.End, l.Number+1
	line, err := l.in.ReadSlice('\n')
	if errors.Is(err, bufio.ErrBufferFull) {
		l.long = l.long[:0]
		for errors.Is(err, bufio.ErrBufferFull) && len(l.long) <= MaxLine {
			l.long = append(l.long, line...)
			line, err = l.in.ReadSlice('\n')
		}
		l.long = append(l.long, line...)
		line = l.long
	}
	l.End += int64(len(line))
	switch {
	case err == nil:
		return line, nil
	case errors.Is(err, io.EOF) && len(line) > 0:
		return nil, l.Damaged("it ends in the middle of a line")
	case errors.Is(err, io.EOF):
		return nil, io.EOF
	case errors.Is(err, bufio.ErrBufferFull):
		return nil, l.Damaged(fmt.Sprintf("it is longer than %d bytes", MaxLine))
	}
	return nil, fmt.Errorf("read %q: %w", l.path, err)
}

// Damaged returns the error for the last line that was read.
func (l *Lines) Damaged(message string) error {
	return &DamageError{Path: l.path, Line: l.Number, Message: message, Hint: HintOriginal}
}
