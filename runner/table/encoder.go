package table

import (
	"encoding/csv"
	"fmt"
)

// Encoder writes the lines of one file of ours. It is not safe for concurrent use.
type Encoder struct {
	extra []string // names of the other columns
	row   cellWriter
	out   appender
	csv   *csv.Writer
}

// NewEncoder returns an encoder for a file whose other columns are extra.
func NewEncoder(extra []string) *Encoder {
	e := &Encoder{extra: extra}
	e.csv = csv.NewWriter(&e.out)
	return e
}

// AppendHeader appends the header line to dst.
func (e *Encoder) AppendHeader(dst []byte) ([]byte, error) {
	e.row.cells = append(e.row.cells[:0], Columns...)
	return e.appendRow(dst, e.extra)
}

// Append appends a line with rec and its other cells to dst. There must be as many other cells as
// the file has other columns. The line has only one LF, at its end.
func (e *Encoder) Append(dst []byte, rec *Record, extra []string) ([]byte, error) {
	if len(extra) != len(e.extra) {
		return dst, fmt.Errorf("row %s: %d other cells, the file has %d other columns", rec.Row, len(extra), len(e.extra))
	}
	if err := marshal(rec, &e.row); err != nil {
		return dst, fmt.Errorf("row %s: %w", rec.Row, err)
	}
	return e.appendRow(dst, extra)
}

// appendRow appends our cells from e.row as they are, and escapes and appends the other ones.
func (e *Encoder) appendRow(dst []byte, extra []string) ([]byte, error) {
	e.row.cells = appendEscaped(e.row.cells, extra)
	e.out.line = dst
	err := e.csv.Write(e.row.cells)
	e.csv.Flush()
	line := e.out.line
	e.out.line = nil
	return line, err
}

// appender is the [io.Writer] that appends to a slice; it never fails.
type appender struct{ line []byte }

func (a *appender) Write(p []byte) (int, error) {
	a.line = append(a.line, p...)
	return len(p), nil
}
