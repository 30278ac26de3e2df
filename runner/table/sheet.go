package table

import (
	"encoding/csv"
	"io"
	"slices"
	"strings"
)

// TimeFormat is how our files write a time: RFC 3339 with milliseconds.
const TimeFormat = "2006-01-02T15:04:05.000Z07:00"

// Sheet writes a CSV with columns of its own in the dialect of our other files. It is not safe
// for concurrent use.
type Sheet struct {
	csv   *csv.Writer
	cells []string
}

// NewSheet returns a Sheet after it has written the header.
func NewSheet(w io.Writer, columns []string) (*Sheet, error) {
	s := &Sheet{csv: csv.NewWriter(w)}
	return s, s.Write(columns)
}

// Write writes a row. It is buffered: errors may come later, at the latest from [Sheet.Flush].
func (s *Sheet) Write(cells []string) error {
	s.cells = appendEscaped(s.cells[:0], cells)
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
