package roster

import (
	"crypto/sha256"
	"errors"
	"hash"
	"io"
	"os"
	"slices"

	"oktareset/runner"
	"oktareset/runner/table"
)

// File is an open input. Its methods may not be used concurrently.
type File struct {
	path     string
	file     *os.File
	options  Options
	first    []string // the file's first row
	choices  choices
	layout   layout // the first of choices, until the survey has decided
	warnings []string
	surveyed *Survey
	repeats  *runner.Repeats
}

// Open opens the file and reads its header. What is wrong with it is an [*Error]. The file stays open until [File.Close].
func Open(path string, o Options) (*File, error) {
	// A pipe can't be read twice, and opening one may wait for ever.
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return nil, fileError(path, err)
	case info.IsDir():
		return nil, &Error{Path: path, Message: "is a directory", Hint: "name the CSV file in it"}
	case !info.Mode().IsRegular():
		hint := "pipe the rows in and use - as the file"
		if o.List {
			hint = "give a file"
		}
		return nil, &Error{Path: path, Message: "is not a regular file", Hint: hint}
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, fileError(path, err)
	}
	f := &File{path: path, file: file, options: o}
	if err := f.readLayout(); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return f, nil
}

func (f *File) readLayout() error {
	size, err := f.size()
	if err != nil {
		return err
	}
	p, err := f.pass(size)
	if err != nil {
		return err
	}
	first, line := p.in.Header()
	c, wrong := newChoices(first, f.options)
	if wrong != nil {
		wrong.Line = line
		return f.located(wrong)
	}
	if c.none != nil {
		c.none.Line = line
	}
	f.first, f.choices, f.layout = first, c, c.layouts[0]
	return nil
}

// Close closes the file.
func (f *File) Close() error { return f.file.Close() }

// Path returns the path that was opened.
func (f *File) Path() string { return f.path }

// Plan reports whether the file is a plan: what a dry run wrote.
func (f *File) Plan() bool { return f.layout.plan }

// Column returns the name of the column that names the users, as it stands in the file; without a
// header its number, as column1. Like Columns and Mail it is certain after [File.Survey] only.
func (f *File) Column() string {
	if f.options.NoHeader {
		return columnName(f.layout.column)
	}
	return f.first[f.layout.column]
}

// Columns returns the names of the other columns, in the order of [runner.Row.Cells], as they may stand in a result: a column
// with a name of ours is input.NAME, the second of two with one name is NAME.2, one without a name is called by its number.
func (f *File) Columns() []string { return f.layout.names }

// Mail reports whether the users are named by their email addresses: whoever is found must have the
// address as login, too.
func (f *File) Mail() bool { return f.layout.kind == mailColumn }

// Warnings returns what the user should know before a change though nothing is wrong, by the
// [File.Survey] that comes before.
func (f *File) Warnings() []string { return f.warnings }

// Repeats returns the users whom more than one row names, by the [File.Survey] that comes before.
func (f *File) Repeats() *runner.Repeats { return f.repeats }

// size returns the file's length in bytes.
func (f *File) size() (int64, error) {
	info, err := f.file.Stat()
	if err != nil {
		return 0, f.located(err)
	}
	return info.Size(), nil
}

// pass reads the file once, from the start.
type pass struct {
	in    *table.Reader
	hash  hash.Hash // of what was read
	n     int       // data lines read
	first []string  // the first data line when the file has no header, until it was read
}

// pass starts to read the first size bytes of the file: what is added meanwhile, perhaps half a line, is never seen.
func (f *File) pass(size int64) (*pass, error) {
	p := &pass{hash: sha256.New()}
	bytes := io.TeeReader(io.NewSectionReader(f.file, 0, size), p.hash)
	in, err := table.NewReader(bytes, table.ReaderOptions{Delimiter: f.options.Delimiter})
	if err != nil {
		return nil, f.located(err)
	}
	p.in = in
	first, _ := in.Header()
	if f.first != nil && !slices.Equal(first, f.first) {
		return nil, f.changed()
	}
	if f.options.NoHeader {
		p.first = first
	}
	return p, nil
}

// next returns the next data line's cells, valid until the next call, and the line on which it starts, or io.EOF.
func (p *pass) next() (cells []string, line int, err error) {
	if p.first != nil {
		cells, line = p.in.Header()
		p.first = nil
	} else if cells, line, err = p.in.Read(); err != nil {
		return nil, 0, err
	}
	p.n++
	return cells, line, nil
}

func (f *File) changed() *Error {
	return &Error{Path: f.path, Message: ErrChanged.Error(), Hint: "leave the file alone during a run", Err: ErrChanged}
}
