package table

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
)

var errCutOff = errors.New("the line is cut off: it has no line end")

// Decoder takes single lines of one file of ours apart: the inverse of [Encoder]. It is not safe for concurrent use.
type Decoder struct {
	line bytes.Reader
	csv  *csv.Reader
}

// NewDecoder returns a decoder for a file that has extra other columns.
func NewDecoder(extra int) *Decoder {
	d := &Decoder{}
	d.csv = csv.NewReader(&d.line)
	d.csv.ReuseRecord = true
	d.csv.FieldsPerRecord = len(Columns) + extra
	return d
}

// Decode returns the record and the other cells of a line, which ends in LF: without it, the line may be cut off in its last
// cell, and is refused. The strings may be kept, the slice is reused. What is no row of the file is an error, after which the
// decoder can be used further.
func (d *Decoder) Decode(line []byte) (rec Record, extra []string, err error) {
	// With one line of text at a time, the csv.Reader has nothing left over whatever happens.
	switch bytes.IndexByte(line, '\n') {
	case len(line) - 1:
	case -1:
		return Record{}, nil, errCutOff
	default:
		return Record{}, nil, errors.New("more than one line")
	}
	d.line.Reset(line)
	cells, err := d.csv.Read()
	var parse *csv.ParseError
	switch {
	case errors.Is(err, io.EOF):
		return Record{}, nil, errors.New("the line is empty")
	case errors.As(err, &parse):
		return Record{}, nil, fmt.Errorf("column %d: %w", parse.Column, parse.Err)
	case err != nil:
		return Record{}, nil, err
	}
	return unmarshal(cells), unescapeAll(cells[len(Columns):]), nil
}

func unescapeAll(cells []string) []string {
	for i, c := range cells {
		cells[i] = Unescape(c)
	}
	return cells
}

// RecordReader reads a file of ours.
type RecordReader struct {
	r     *Reader
	extra []string
}

// NewRecordReader reads the header. A file that isn't ours is an [*Error].
func NewRecordReader(r io.Reader) (*RecordReader, error) {
	in, err := NewReader(r, ReaderOptions{})
	if err != nil {
		return nil, err
	}
	header, line := in.Header()
	if !Ours(header) {
		return nil, &Error{
			Line:    line,
			Message: fmt.Sprintf("not a result or a plan: the header begins with %q, not with %q", clip(header[0]), Columns[0]),
			Hint:    "give the file that the reset wrote",
		}
	}
	return &RecordReader{r: in, extra: unescapeAll(header[len(Columns):])}, nil
}

// Extra returns the names of the other columns.
func (r *RecordReader) Extra() []string { return r.extra }

// Read returns the next record, its other cells and the line on which it starts, or io.EOF. The strings may be kept, the slice
// is reused. What is wrong with the file is an [*Error].
func (r *RecordReader) Read() (rec Record, extra []string, line int, err error) {
	cells, line, err := r.r.Read()
	if err != nil {
		return Record{}, nil, 0, err
	}
	return unmarshal(cells), unescapeAll(cells[len(Columns):]), line, nil
}
