package journal

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"oktareset/runner/results"
)

// Reader reads single lines of a journal. It checks each against the sum of the line before, and
// so detects changed lines.
type Reader struct {
	Path string // for errors
	File io.ReaderAt
	buf  []byte
}

// lineSize is how much is read for a line at first: several lines of usual length.
const lineSize = 4 << 10

// At returns the line that begins at an offset. It is valid until the next call.
func (r *Reader) At(offset int64) (Line, error) {
	if r.buf == nil {
		r.buf = make([]byte, lineSize)
	}
	for {
		n, err := r.File.ReadAt(r.buf, offset-SumLength)
		if n > SumLength {
			if end := bytes.IndexByte(r.buf[SumLength:n], '\n'); end >= 0 {
				return r.parse(r.buf[:SumLength], r.buf[SumLength:SumLength+end+1])
			}
		}
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			return Line{}, fmt.Errorf("read the journal at byte %d: %w", offset, err)
		}
		r.buf = make([]byte, 2*len(r.buf))
	}
}

// parse checks and parses a line after the sum of the line before.
func (r *Reader) parse(before, text []byte) (Line, error) {
	s, ok := ParseSum(before)
	text, _, err := s.Check(text)
	if err == nil && ok {
		var l Line
		if l, err = Parse(text); err == nil {
			return l, nil
		}
	}
	return Line{}, &results.DamageError{
		Path: r.Path, Message: "a line isn't as the run wrote it: another program has changed the file", Hint: results.HintJournal,
	}
}
