package results

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"iter"
	"strings"

	"oktareset/runner/fault"
	"oktareset/runner/files"
	"oktareset/runner/table"
)

// List is a file that a command writes about results: an audit, or who is back. It is made again
// and again, so an earlier one is replaced. But it is only replaced if it is about the same results
// and as it was written: whatever somebody noted in it isn't lost.
type List struct {
	path    string
	subject string // the results' first run, which stays the same when they are resumed
	columns []string
}

// ListPath returns where a command writes its list: users.NAME.csv beside users.results.csv.
func ListPath(results, command string) string {
	return strings.TrimSuffix(Stem(results), ".results") + "." + command + ".csv"
}

// NewList is a list at path about results, with columns of ours and then those of the input.
func NewList(path string, m *Manifest, ours, input []string) *List {
	return &List{path: path, subject: m.Runs[0].RunID, columns: table.Beside(ours, input)}
}

// Scan yields the lines of the list. An error is yielded last: the cause of ctx's end, or one that
// wraps [table.ErrChanged] if the file isn't this list, and [fs.ErrNotExist] if there is none.
func (l *List) Scan(ctx context.Context) iter.Seq2[[]string, error] {
	return func(yield func([]string, error) bool) {
		f, err := files.Open(l.path, files.Rule{Ours: true})
		if err != nil {
			yield(nil, err)
			return
		}
		defer f.Close() //nolint:errcheck // it was only read
		for cells, err := range table.ScanSummed(f, l.subject, l.columns) {
			if err == nil && ctx.Err() != nil {
				err = context.Cause(ctx)
			}
			if !yield(cells, err) || err != nil {
				return
			}
		}
	}
}

// Writable refuses a path that can't be written, and one with any file but an earlier version of
// the list.
func (l *List) Writable(ctx context.Context) error {
	if err := l.replaceable(ctx); err != nil {
		return err
	}
	d, err := files.NewDraft(l.path)
	if err != nil {
		return err
	}
	return d.Discard()
}

func (l *List) replaceable(ctx context.Context) error {
	if err := files.Absent(l.path); !errors.Is(err, fs.ErrExist) {
		return err
	}
	for _, err := range l.Scan(ctx) {
		switch {
		case errors.Is(err, table.ErrChanged):
			return fault.WithHint(&files.ExistsError{Path: l.path}, hintList)
		case errors.Is(err, fs.ErrNotExist): // it was moved meanwhile
			return nil
		case err != nil:
			return err
		}
	}
	return nil
}

// hintList says why an existing file isn't replaced.
const hintList = "choose another file with -o, or move it away: this command replaces only a list that it wrote itself about these results, and only if " +
	"nobody has changed it"

// Write writes the list in place of an earlier version.
func (l *List) Write(ctx context.Context, write func(*table.Sheet) error) error {
	if err := l.replaceable(ctx); err != nil {
		return Refused(err)
	}
	return files.Replace(l.path, func(w io.Writer) error {
		sheet, err := table.NewSummedSheet(w, l.subject, l.columns)
		if err == nil {
			err = write(sheet)
		}
		if err != nil {
			return err
		}
		return sheet.Flush()
	})
}
