package table

import (
	"bytes"
	"errors"
	"io"
)

// ctrlZ ends a text file of DOS. Windows' copy a+b still writes one.
const ctrlZ = "\x1a"

// cleanReader drops what programs leave around the texts that they put together: a byte order mark
// at the start of a line, any number of them at the start of the text, and Ctrl-Z at the end.
type cleanReader struct {
	r       io.Reader
	buf     []byte // memory for what was read
	ready   []byte // of buf: what is clean and was not returned yet
	held    []byte // the end of what was read, which may be the start of a mark, or the last Ctrl-Z
	midLine bool   // what comes next doesn't start a line
	err     error
}

const cleanSize = 32 << 10

func newCleanReader(r io.Reader) *cleanReader {
	return &cleanReader{r: r, buf: make([]byte, 0, 2*cleanSize)}
}

func (c *cleanReader) Read(p []byte) (int, error) {
	for len(c.ready) == 0 {
		if c.err != nil {
			return 0, c.err
		}
		c.fill()
	}
	n := copy(p, c.ready)
	c.ready = c.ready[n:]
	return n, nil
}

// fill reads once and cleans what came.
func (c *cleanReader) fill() {
	start := len(c.held)
	c.buf = append(c.buf[:0], c.held...)
	n, err := c.r.Read(c.buf[start : start+cleanSize])
	c.buf, c.err = c.buf[:start+n], err
	text, held := c.buf, []byte(nil)
	switch {
	case err == nil:
		text, held = split(text)
	case errors.Is(err, io.EOF):
		text = text[:endOfText(text)]
	}
	c.held = append(c.held[:0], held...)
	c.ready = c.withoutMarks(text)
}

// split cuts off the end of text whose meaning depends on what follows.
func split(text []byte) (known, held []byte) {
	end := endOfText(text)
	if end < len(text) && len(text)-end <= cleanSize { // more of them are no end of a text
		return text[:end], text[end:]
	}
	for n := min(len(utf8BOM)-1, len(text)); n > 0; n-- {
		if string(text[len(text)-n:]) == utf8BOM[:n] {
			return text[:len(text)-n], text[len(text)-n:]
		}
	}
	return text, nil
}

// endOfText returns where text ends, if nothing follows: before a Ctrl-Z behind which nothing
// stands but more of them and line ends.
func endOfText(text []byte) int {
	last := len(bytes.TrimRight(text, ctrlZ+"\r\n"))
	if first := bytes.IndexByte(text[last:], ctrlZ[0]); first >= 0 {
		return last + first
	}
	return len(text)
}

// withoutMarks drops, in place, the marks at the starts of lines.
func (c *cleanReader) withoutMarks(text []byte) []byte {
	kept := text[:0]
	for len(text) > 0 {
		if !c.midLine && bytes.HasPrefix(text, []byte(utf8BOM)) {
			text = text[len(utf8BOM):]
			continue
		}
		end := len(text)
		if next := bytes.Index(text[1:], []byte(utf8BOM)); next >= 0 {
			end = 1 + next
		}
		kept = append(kept, text[:end]...)
		c.midLine = text[end-1] != '\n'
		text = text[end:]
	}
	return kept
}
