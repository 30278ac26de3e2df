package table

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"

	"oktareset/runner"
)

var errCutOff = errors.New("the line is cut off: it has no line end")

// Decoder parses single lines of one file of ours: the inverse of [Encoder]. It is not safe for
// concurrent use.
type Decoder struct {
	line  bytes.Reader
	csv   *csv.Reader // for lines with quotes
	cells []string    // of a line without, reused
}

// NewDecoder returns a decoder for a file that has extra other columns.
func NewDecoder(extra int) *Decoder {
	d := &Decoder{}
	d.csv = csv.NewReader(&d.line)
	d.csv.ReuseRecord = true
	d.csv.FieldsPerRecord = len(Columns) + extra
	d.cells = make([]string, len(Columns)+extra)
	return d
}

// Decode returns the record and the other cells of a line, which must end in LF. A line without LF
// may be cut off in its last cell, and is refused. The strings may be kept, the slice is reused. If
// the line isn't a row of the file, Decode returns an error, and the decoder can still be used.
func (d *Decoder) Decode(line []byte) (rec Record, extra []string, err error) {
	if end := bytes.IndexByte(line, '\n'); end < 0 {
		return Record{}, nil, errCutOff
	} else if end < len(line)-1 {
		return Record{}, nil, errors.New("more than one line")
	}
	cells, ok := d.split(line)
	if !ok {
		if cells, err = d.parse(line); err != nil {
			return Record{}, nil, err
		}
	}
	return unmarshal(cells), unescapeAll(cells[len(Columns):]), nil
}

// split parses the usual line: one without quotes, with the right number of cells. It leaves all
// others to [Decoder.parse].
func (d *Decoder) split(line []byte) (cells []string, ok bool) {
	if bytes.IndexByte(line, '"') >= 0 || bytes.IndexByte(line, '\r') >= 0 {
		return nil, false
	}
	rest, last := string(line[:len(line)-1]), len(d.cells)-1
	for i := range last {
		end := strings.IndexByte(rest, ',')
		if end < 0 {
			return nil, false
		}
		d.cells[i], rest = rest[:end], rest[end+1:]
	}
	d.cells[last] = rest
	return d.cells, strings.IndexByte(rest, ',') < 0
}

// parse parses any line. The csv.Reader gets one line of text at a time, so nothing is left over
// after an error.
func (d *Decoder) parse(line []byte) (cells []string, err error) {
	d.line.Reset(line)
	cells, err = d.csv.Read()
	var parse *csv.ParseError
	switch {
	case errors.Is(err, io.EOF):
		return nil, errors.New("the line is empty")
	case errors.As(err, &parse):
		return nil, fmt.Errorf("column %d: %w", parse.Column, parse.Err)
	}
	return cells, err
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
			Message: fmt.Sprintf("not a result or a plan: the header begins with %q, not with %q", runner.Cut(header[0], shownText), Columns[0]),
			Hint:    "give the file that the reset wrote",
		}
	}
	return &RecordReader{r: in, extra: unescapeAll(header[len(Columns):])}, nil
}

// Extra returns the names of the other columns.
func (r *RecordReader) Extra() []string { return r.extra }

// Read returns the next record, its other cells and the line on which it starts, or io.EOF. The
// strings may be kept, the slice is reused. If something is wrong with the file, the error is an
// [*Error].
func (r *RecordReader) Read() (rec Record, extra []string, line int, err error) {
	cells, line, err := r.r.Read()
	if err != nil {
		return Record{}, nil, 0, err
	}
	return unmarshal(cells), unescapeAll(cells[len(Columns):]), line, nil
}
