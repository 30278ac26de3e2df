package report

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"

	"oktareset/runner/fault"
	"oktareset/runner/files"
	"oktareset/runner/results"
)

// resultsFile is a result or a plan that a page is made of.
type resultsFile struct {
	path    string
	before  os.FileInfo // when the first byte was read
	sha256  string
	columns []string // the input's, of which results.Entry has Extra
}

// openResults reads the file once, for its SHA-256.
func openResults(path string) (*resultsFile, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("read the results: %w", err)
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("read the results: %q isn't a file", path)
	}
	f := &resultsFile{path: path, before: info}
	f.columns, _ = results.Columns(path) // what is wrong with the file shows when it is read
	f.sha256, err = results.FileSHA256(path)
	return f, err
}

// lines yields one line for each row, then an error if the file was changed since it was opened.
func (f *resultsFile) lines(ctx context.Context) iter.Seq2[Line, error] {
	return func(yield func(Line, error) bool) {
		for e, err := range results.Scan(ctx, f.path) {
			if !yield(Line{Row: e.Row, Record: e.Record, Cells: e.Extra}, err) || err != nil {
				return
			}
		}
		if err := f.unchanged(); err != nil {
			yield(Line{}, err)
		}
	}
}

// unchanged returns an error when the path names another file than at first, or its size or time is
// another.
func (f *resultsFile) unchanged() error {
	after, err := os.Stat(f.path)
	if err != nil {
		return fmt.Errorf("read the results: %w", err)
	}
	if os.SameFile(f.before, after) && after.Size() == f.before.Size() && after.ModTime().Equal(f.before.ModTime()) {
		return nil
	}
	return fault.WithHint(fmt.Errorf("%q was changed while it was read", f.path), "make the page again once the run has ended")
}

// writePage hands write a new file that takes path's place when it is whole, or stdout for "-".
// Only a page may be replaced.
func writePage(stdout io.Writer, path string, write func(io.Writer) error) error {
	if path == "-" {
		return write(stdout)
	}
	if err := replaceable(path); err != nil {
		return err
	}
	draft, err := files.NewDraft(path)
	if err != nil {
		return err
	}
	if err := write(draft); err != nil {
		return fault.Also(err, draft.Discard())
	}
	if err := draft.Replace(); err != nil {
		return fmt.Errorf("write the page: %w", err)
	}
	return nil
}

// replaceable returns an error unless path is free or a page: pages can be made again, other
// files perhaps not.
func replaceable(path string) error {
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return &files.UnwritableError{Path: path, Err: err}
	}
	if info.Mode().IsRegular() {
		f, err := files.Open(path, files.Rule{})
		if err != nil {
			return fmt.Errorf("write the page: %w", err)
		}
		defer f.Close() //nolint:errcheck // it was only read
		begin, err := bufio.NewReader(f).Peek(len(Mark))
		if err == nil && string(begin) == Mark {
			return nil
		}
	}
	return fault.WithHint(fmt.Errorf("%q exists already and isn't a page of oktareset's", path), "choose another file with -o")
}
