package table

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"
)

const (
	// MaxRow is the longest row of a foreign file, in bytes. It is far more than any export writes,
	// and so little that a quote that nobody closed doesn't load the rest of a huge file into
	// memory.
	MaxRow = 1 << 20
	// maxOwnRow is the longest row of our own files. [Escape] makes at most five bytes of one,
	// quoting only doubles quotes, and three columns have the row's identifier.
	maxOwnRow = 16 * MaxRow

	headSize  = 64 << 10 // bytes in which the delimiter is looked for: longer than any header
	shownText = 60       // characters of a foreign text in a message
)

// ReaderOptions are the options of a [Reader]. With the zero value it detects everything itself.
type ReaderOptions struct {
	Delimiter rune // 0: found in the header
	NoHeader  bool // the first row is one like the others: a | in it may belong to a name
	Skip      int  // lines above the header
}

// Reader reads a CSV file of any dialect that the package comment lists. It is not safe for
// concurrent use.
type Reader struct {
	csv       *csv.Reader
	in        *boundedReader
	lineBase  int // lines before those that csv counts
	delimiter rune
	header    []string
	headLine  int
	foreign   int   // line of the first row that isn't UTF-8; 0: none was read
	err       error // what ended the file
}

// NewReader reads the header. If something is wrong with the file, the error is an [*Error], which
// wraps [ErrEmpty] if the file is empty.
func NewReader(r io.Reader, o ReaderOptions) (*Reader, error) {
	text, err := decodeText(r)
	if err != nil {
		return nil, err
	}
	buffered := bufio.NewReaderSize(text, headSize)
	in := &Reader{in: &boundedReader{r: buffered, limit: MaxRow}, delimiter: o.Delimiter}
	for ; in.lineBase < o.Skip; in.lineBase++ {
		if _, err := buffered.ReadSlice('\n'); err != nil {
			return nil, err
		}
	}
	if err := in.inspect(buffered, o.NoHeader); err != nil {
		return nil, err
	}
	in.csv = csv.NewReader(in.in)
	in.csv.Comma = in.delimiter
	in.csv.ReuseRecord = true

	cells, line, err := in.Read()
	switch {
	case errors.Is(err, io.EOF):
		return nil, &Error{Message: ErrEmpty.Error(), Hint: "give a CSV with a header and one row a user", Err: ErrEmpty}
	case err != nil:
		return nil, err
	}
	in.header, in.headLine = slices.Clone(cells), line
	switch KindOf(in.header) {
	case KindRecords, KindAudit, KindAfter:
		in.in.limit = maxOwnRow
	}
	return in, nil
}

// inspect finds the delimiter in the first line, and refuses a file that csv would misread.
func (r *Reader) inspect(buffered *bufio.Reader, noHeader bool) error {
	head, _ := buffered.Peek(headSize) // an error comes back from the first read
	named, length, ok := sepLine(head)
	if !ok {
		named, length = 0, typeLine(head)
	}
	if length > 0 {
		if r.delimiter == 0 {
			r.delimiter = named
		}
		r.lineBase++
		head = head[length:]
		if _, err := buffered.Discard(length); err != nil {
			return err
		}
	}
	line := scanHeadLine(head)
	if r.delimiter == 0 {
		r.delimiter = line.delimiter(noHeader)
	}
	switch {
	case line.binary:
		return &Error{Line: r.lineBase + 1, Message: "the file holds NUL bytes: it is not text", Hint: saveAsUTF8Hint}
	case line.bareCR:
		return &Error{Line: r.lineBase + 1, Message: "the file's lines end in CR alone", Hint: saveAsUTF8Hint}
	case !validDelimiter(r.delimiter):
		return &Error{Message: fmt.Sprintf("%q can't be a delimiter", r.delimiter), Hint: "use a comma, a semicolon or a tab"}
	}
	return nil
}

func validDelimiter(r rune) bool {
	return r != '"' && r != '\r' && r != '\n' && utf8.ValidRune(r) && r != utf8.RuneError
}

// Header returns the cells of the file's first row, unchanged, and its line.
func (r *Reader) Header() (cells []string, line int) { return r.header, r.headLine }

// Delimiter returns the file's delimiter.
func (r *Reader) Delimiter() rune { return r.delimiter }

// NotUTF8 returns the line of the first row read so far that isn't UTF-8 but, for example,
// Windows-1252. It returns 0 if all rows are UTF-8.
func (r *Reader) NotUTF8() int { return r.foreign }

// Read returns the next row that isn't empty and the line on which it starts, or io.EOF. The
// strings may be kept, the slice is reused. The cells have U+FFFD instead of bytes that aren't
// UTF-8. If something is wrong with the file, the error is an [*Error]. After any error, Read
// returns the same error again.
func (r *Reader) Read() (cells []string, line int, err error) {
	for r.err == nil {
		r.in.read = 0
		cells, err = r.csv.Read()
		switch {
		case r.in.over:
			r.err = r.tooLong(cells, err)
		case (err == nil || errors.Is(err, csv.ErrFieldCount)) && blank(cells):
			if r.header == nil {
				r.csv.FieldsPerRecord = 0 // the header says how many there are
			}
		case err == nil:
			line, _ = r.csv.FieldPos(0)
			line += r.lineBase
			if makeUTF8(cells) && r.foreign == 0 {
				r.foreign = line
			}
			return cells, line, nil
		default:
			r.err = r.explain(cells, err)
		}
	}
	return nil, 0, r.err
}

// blank reports whether a row has nothing in any cell: spreadsheets write cleared rows as
// delimiters alone.
func blank(cells []string) bool {
	for _, cell := range cells {
		if strings.TrimSpace(cell) != "" {
			return false
		}
	}
	return true
}

// makeUTF8 replaces bytes that aren't UTF-8 by U+FFFD, and reports whether there were any.
func makeUTF8(cells []string) (foreign bool) {
	for i, cell := range cells {
		if !utf8.ValidString(cell) {
			cells[i], foreign = strings.ToValidUTF8(cell, string(utf8.RuneError)), true
		}
	}
	return foreign
}

// explain turns an error of csv into ours. cells are those that csv read before the error.
func (r *Reader) explain(cells []string, err error) error {
	var parse *csv.ParseError
	if !errors.As(err, &parse) {
		return err
	}
	e := &Error{Line: r.lineBase + parse.Line, Err: parse.Err, Message: parse.Err.Error()}
	switch {
	case errors.Is(err, csv.ErrFieldCount):
		e.Message = fmt.Sprintf("the row has %s, the header has %d", count(len(cells), "cell"), len(r.header))
		e.Hint = fmt.Sprintf("quote cells that contain the delimiter %q", r.delimiter)
		if len(cells) < len(r.header) {
			e.Hint = fmt.Sprintf("give the row its other cells, and quote cells that contain a line break; the delimiter is %q", r.delimiter)
		}
	case errors.Is(err, csv.ErrBareQuote):
		e.Message = fmt.Sprintf("a quote in a cell that isn't quoted (byte %d of the line)", parse.Column)
		e.Hint = "quote the whole cell and double the quotes in it"
	case errors.Is(err, csv.ErrQuote):
		e.Line = r.lineBase + r.nextFieldLine(cells, parse.StartLine)
		e.Message = "a quoted cell isn't closed, or contains a quote that isn't doubled"
		if end := r.lineBase + parse.Line; end > e.Line {
			e.Message = fmt.Sprintf("the quoted cell that begins here isn't closed and runs on to line %d", end)
		}
		e.Hint = "close the quote, and double the quotes in a quoted cell"
	}
	return e
}

// tooLong returns the error for a row that was cut off. csv returned cells and err for it.
func (r *Reader) tooLong(cells []string, err error) error {
	e := &Error{
		Message: fmt.Sprintf("the row is longer than %d bytes", r.in.limit),
		Hint:    "look for a quote on this line that isn't closed",
	}
	var parse *csv.ParseError
	switch {
	case errors.As(err, &parse):
		e.Line = r.lineBase + r.nextFieldLine(cells, parse.StartLine)
	case len(cells) > 0:
		line, _ := r.csv.FieldPos(0)
		e.Line = r.lineBase + line
	default:
		e.Message, e.Hint = fmt.Sprintf("more than %d blank lines in one place", r.in.limit), "remove them"
	}
	return e
}

// nextFieldLine returns the line on which the field after cells starts.
func (r *Reader) nextFieldLine(cells []string, startLine int) int {
	if len(cells) == 0 {
		return startLine
	}
	last := len(cells) - 1
	line, _ := r.csv.FieldPos(last)
	return line + strings.Count(cells[last], "\n")
}

// count returns "1 cell", "2 cells".
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// boundedReader ends the input once more than limit bytes were read for one row. For csv that is
// the end of the file, so it reports where the row began. csv reads a few kilobytes ahead, but that
// doesn't matter.
type boundedReader struct {
	r     io.Reader
	limit int
	read  int // since the row began
	over  bool
}

func (b *boundedReader) Read(p []byte) (int, error) {
	if b.read > b.limit {
		b.over = true
		return 0, io.EOF
	}
	n, err := b.r.Read(p)
	b.read += n
	return n, err
}
