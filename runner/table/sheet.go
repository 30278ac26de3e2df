package table

import (
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"
	"time"
)

// TimeFormat is how our files write a time: RFC 3339 with milliseconds.
const TimeFormat = "2006-01-02T15:04:05.000Z07:00"

// TimeText returns a time as our files write it, "" for none.
func TimeText(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(TimeFormat)
}

// Sheet writes a CSV with columns of its own in the dialect of our other files. It is not safe
// for concurrent use.
type Sheet struct {
	csv     *csv.Writer
	cells   []string
	subject string
	sum     int // place of the checksum; -1: there is none
}

// NewSheet returns a Sheet after it has written the header.
func NewSheet(w io.Writer, columns []string) (*Sheet, error) {
	s := &Sheet{csv: csv.NewWriter(w), sum: -1}
	return s, s.Write(columns)
}

// SumColumn is the last of our columns in a file that the program replaces when it makes the file
// again. The checksum covers the line and the file's subject. So nobody's notes are lost, and no file
// about another subject.
const SumColumn = "checksum"

// NewSummedSheet is [NewSheet] for a file about a subject, with a checksum in [SumColumn]. Write
// ignores what its cells have in that place.
func NewSummedSheet(w io.Writer, subject string, columns []string) (*Sheet, error) {
	s, err := NewSheet(w, columns)
	s.subject, s.sum = subject, slices.Index(columns, SumColumn)
	return s, err
}

// ErrChanged is the error for a file that isn't as [NewSummedSheet] has it written about the same
// subject.
var ErrChanged = errors.New("it isn't as it was written, or it is about something else")

// ScanSummed yields the lines of a file that [NewSummedSheet] wrote, unescaped. They may be in
// another order, and some may be missing: each one is checked alone. The slice is reused. The last
// error is [ErrChanged] for any other file.
func ScanSummed(r io.Reader, subject string, columns []string) iter.Seq2[[]string, error] {
	return func(yield func([]string, error) bool) {
		in, err := NewReader(r, ReaderOptions{Delimiter: ','})
		if err == nil {
			if header, _ := in.Header(); !slices.Equal(header, appendEscaped(nil, columns)) {
				err = ErrChanged
			}
		}
		sum := slices.Index(columns, SumColumn)
		for err == nil {
			var cells []string
			if cells, _, err = in.Read(); err == nil && cells[sum] != checksum(subject, cells, sum) {
				err = ErrChanged
			}
			if err == nil && !yield(unescapeAll(cells), nil) {
				return
			}
		}
		if broken := (*Error)(nil); errors.As(err, &broken) {
			err = fmt.Errorf("%w: %w", ErrChanged, err)
		}
		if !errors.Is(err, io.EOF) {
			yield(nil, err)
		}
	}
}

// checksum returns the checksum of a line as it is in the file, without the cell that has it.
func checksum(subject string, cells []string, but int) string {
	h := sha256.New()
	for i, cell := range append([]string{subject}, cells...) {
		if i != but+1 {
			_, _ = fmt.Fprintf(h, "%d %s", len(cell), cell) // a hash takes everything
		}
	}
	return hex.EncodeToString(h.Sum(nil)[:8])
}

// Write writes a row. It is buffered: errors may come later, at the latest from [Sheet.Flush].
func (s *Sheet) Write(cells []string) error {
	s.cells = appendEscaped(s.cells[:0], cells)
	if s.sum >= 0 {
		s.cells[s.sum] = checksum(s.subject, s.cells, s.sum)
	}
	return s.csv.Write(s.cells)
}

// Flush writes what is buffered, and returns the first error of all writes.
func (s *Sheet) Flush() error {
	s.csv.Flush()
	return s.csv.Error()
}

// Beside returns the columns of a file: ours, then the input's own. A name that is taken gets input.
// in front, as in results.
func Beside(ours, extra []string) []string {
	names := slices.Clone(ours)
	for _, name := range extra {
		for slices.ContainsFunc(names, func(other string) bool { return strings.EqualFold(other, name) }) {
			name = "input." + name
		}
		names = append(names, name)
	}
	return names
}
