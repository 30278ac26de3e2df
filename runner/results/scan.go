package results

import (
	"bufio"
	"bytes"
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

// MaxLine bounds a line in bytes: the longest cell that an input may have, 1 MiB, escaped, quoted and copied.
const MaxLine = 32 << 20

// Entry is a line of a ledger.
type Entry struct {
	Row    int
	Status runner.Status
	Record table.Record
	Extra  []string // cells of the input's other columns; only valid until the next entry
	Offset int64    // where the line begins
}

// Tried is what runs had done to the row when they wrote the line. It is nothing for a line that
// leaves the row open, or done: such a row isn't tried once more as if it were new.
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

// TornError says that a ledger ends in the middle of a line: the run died while it wrote it, so nothing that depends on the
// line was sent.
type TornError struct {
	Path   string
	Offset int64 // where the torn line begins, and where the next run has to go on
}

func (e *TornError) Error() string {
	return fmt.Sprintf("%q ends in the middle of a line, at byte %d: the run that wrote it died", e.Path, e.Offset)
}

// statuses are those that a line may have.
var statuses = append([]runner.Status{runner.StatusTaken}, runner.Statuses...)

// Scan reads a ledger or a finished results file line by line. A torn last line comes as a [*TornError], the last thing that
// is yielded; the entries before it count. Any other error means that the file can't be trusted: it is a [*DamageError] when a
// line is damaged.
func Scan(path string) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		f, err := files.Open(path, files.Rule{Links: true})
		if err != nil {
			yield(Entry{}, fmt.Errorf("read the results: %w", err))
			return
		}
		defer f.Close() //nolint:errcheck // it was only read
		s := NewScanner(path, f)
		if err := s.header(); err != nil {
			yield(Entry{}, err)
			return
		}
		for {
			e, err := s.Next()
			if errors.Is(err, io.EOF) || !yield(e, err) || err != nil {
				return
			}
		}
	}
}

// Scanner reads the lines of one file.
type Scanner struct {
	path   string
	in     *bufio.Reader
	Dec    *table.Decoder
	long   []byte // a line that is longer than in's buffer
	Number int    // of the last line read; the header is 1
	begin  int64  // where the last line read begins
	End    int64  // and where it ends
	Rest   []byte // the line without an end, after a [*TornError]
}

// NewScanner returns a scanner of what r holds; path is for its errors.
func NewScanner(path string, r io.Reader) Scanner {
	return Scanner{path: path, in: bufio.NewReaderSize(r, 1<<16)}
}

// header reads the header.
func (s *Scanner) header() error {
	line, err := s.Line()
	if errors.Is(err, io.EOF) {
		return &TornError{Path: s.path}
	}
	if err != nil {
		return err
	}
	records, err := table.NewRecordReader(bytes.NewReader(line))
	if err != nil {
		return fmt.Errorf("read %q: %w", s.path, err)
	}
	s.Dec = table.NewDecoder(len(records.Extra()))
	return nil
}

// Next reads an entry. At the end it returns io.EOF.
func (s *Scanner) Next() (Entry, error) {
	line, err := s.Line()
	if err != nil {
		return Entry{}, err
	}
	e, err := s.entry(line)
	if err == nil {
		return e, nil
	}
	// A power failure may leave the last line at its full length and partly of zeros, which no line of ours has.
	if bytes.IndexByte(line, 0) >= 0 {
		if _, more := s.in.Peek(1); errors.Is(more, io.EOF) {
			return Entry{}, &TornError{Path: s.path, Offset: s.begin}
		}
	}
	return Entry{}, s.damaged(err.Error())
}

// Line reads a line. It is valid until the next call.
func (s *Scanner) Line() ([]byte, error) {
	s.begin, s.Number = s.End, s.Number+1
	line, err := s.in.ReadSlice('\n')
	if errors.Is(err, bufio.ErrBufferFull) {
		s.long = s.long[:0]
		for errors.Is(err, bufio.ErrBufferFull) && len(s.long) <= MaxLine {
			s.long = append(s.long, line...)
			line, err = s.in.ReadSlice('\n')
		}
		s.long = append(s.long, line...)
		line = s.long
	}
	s.End += int64(len(line))
	switch {
	case err == nil:
		return line, nil
	case errors.Is(err, io.EOF) && len(line) > 0:
		s.Rest = line
		return nil, &TornError{Path: s.path, Offset: s.begin}
	case errors.Is(err, io.EOF):
		return nil, io.EOF
	case errors.Is(err, bufio.ErrBufferFull):
		return nil, s.damaged(fmt.Sprintf("it is longer than %d bytes", MaxLine))
	}
	return nil, fmt.Errorf("read the results: %w", err)
}

// damaged is the error for the line last read.
func (s *Scanner) damaged(message string) error {
	return &DamageError{Path: s.path, Line: s.Number, Message: message, Hint: HintOriginal}
}

// entry takes a line apart.
func (s *Scanner) entry(line []byte) (Entry, error) {
	rec, extra, err := s.Dec.Decode(line)
	if err != nil {
		return Entry{}, err
	}
	row, err := strconv.Atoi(rec.Row)
	if err != nil || row < 1 {
		return Entry{}, fmt.Errorf("the row number is %q", rec.Row)
	}
	status := runner.Status(rec.Status)
	if !slices.Contains(statuses, status) {
		return Entry{}, fmt.Errorf("the status is %q", rec.Status)
	}
	return Entry{Row: row, Status: status, Record: rec, Extra: extra, Offset: s.begin}, nil
}
