package roster

import (
	"errors"
	"strings"

	"oktareset/runner/table"
)

// errNoColumn is wrapped by the [*Error] of [Open] for a header in which nothing names the users.
var errNoColumn = errors.New("no column names the users")

// errNoSuchColumn is wrapped by the [*Error] of [Open] for a header without the column that was
// named.
var errNoSuchColumn = errors.New("no such column")

// maxTitle is how many lines may be above a header that is still recognized.
const maxTitle = 20

// belowTitle returns the error for a file whose header is below a title or other lines, as in
// reports, else nil. wrong says why the first row isn't a header.
func (f *File) belowTitle(in *table.Reader, wrong error) *Error {
	first, line := in.Header()
	title := filled(first) == 1 // also above a single column
	switch {
	case errors.Is(wrong, errNoHeader): // it names somebody, as the row of a list without a header does
		title = false
	case !errors.Is(wrong, errNoColumn) && !errors.Is(wrong, errNoSuchColumn):
		return nil
	}
	if f.record.flush() != nil { // nothing more is written: the file is refused
		return nil
	}
	for skip := line; skip <= maxTitle; skip++ {
		r, err := table.NewReader(f.record.content(), table.ReaderOptions{Delimiter: f.options.Delimiter, Skip: skip})
		if err != nil {
			continue // a quote of the title, perhaps, that is closed in a later line
		}
		header, at := r.Header()
		if _, wrong := newChoices(header, f.options); wrong == nil && (title || filled(first) < filled(header) || in.Delimiter() != r.Delimiter()) {
			return &Error{
				Line: at, Message: "the header is here, below " + quote(strings.TrimSpace(strings.Join(first, " "))),
				Hint: "remove the lines above it",
			}
		}
	}
	return nil
}

// filled returns how many cells of a row aren't empty.
func filled(cells []string) int {
	n := 0
	for _, cell := range cells {
		if strings.TrimSpace(cell) != "" {
			n++
		}
	}
	return n
}
