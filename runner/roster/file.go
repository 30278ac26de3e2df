package roster

import (
	"errors"
	"io"
	"os"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"oktareset/runner"
	"oktareset/runner/files"
	"oktareset/runner/table"
)

// File is an open input. Its methods may not be used concurrently.
type File struct {
	path     string
	source   source
	options  Options
	record   *recorder // of what was read
	reading  *pass     // the only pass over the source, until the survey begins
	ended    bool      // all of the source was read: the copy is whole
	first    []string  // the file's first row
	choices  choices
	layout   layout // the first of choices, until the survey has decided
	warnings []string
	surveyed *Survey
	repeats  *runner.Repeats
}

// Copy gets what is read of an input, and gives it back. A [File] writes it from start to end,
// once, and then only reads it.
type Copy interface {
	io.Writer
	io.ReaderAt
}

// source is what an input is read from, once, from start to end.
type source struct {
	io.Reader
	file   *os.File // nil: not a file
	size   int64
	change time.Time
}

// Open opens a file and reads its header. What is wrong with it is an [*Error]. What is read is
// kept in memory, and no more of it than [MaxInMemory]. The file stays open until the survey, or
// [File.Close].
func Open(path string, o Options) (*File, error) {
	return OpenCopying(path, &memory{path: path}, o)
}

// OpenCopying is [Open] for a file of any length: what is read of it goes to a copy.
func OpenCopying(path string, to Copy, o Options) (*File, error) {
	info, err := os.Stat(path)
	if err == nil {
		err = regular(path, info.Mode(), o)
	}
	if err != nil {
		return nil, fileError(path, err)
	}
	file, err := files.Open(path, files.Rule{Links: true})
	if err != nil {
		return nil, fileError(path, err)
	}
	if info, err = file.Stat(); err == nil {
		err = regular(path, info.Mode(), o)
	}
	if err != nil {
		return nil, errors.Join(fileError(path, err), file.Close())
	}
	return newFile(path, source{Reader: file, file: file, size: info.Size(), change: info.ModTime()}, to, o)
}

// regular refuses what can't be an input.
func regular(path string, mode os.FileMode, o Options) error {
	switch {
	case mode.IsDir():
		return &Error{Path: path, Message: "is a directory", Hint: "name the CSV file in it"}
	case !mode.IsRegular() && o.List:
		return &Error{Path: path, Message: "is not a regular file", Hint: "give a file"}
	case !mode.IsRegular():
		return &Error{Path: path, Message: "is not a regular file", Hint: "pipe the rows in and use - as the file"}
	}
	return nil
}

// Read is [OpenCopying] for what comes from elsewhere. path is what messages call it.
func Read(path string, in io.Reader, to Copy, o Options) (*File, error) {
	return newFile(path, source{Reader: in}, to, o)
}

// Reread opens the copy of an earlier [File], of size bytes. path is what messages call it.
func Reread(path string, of io.ReaderAt, size int64, o Options) (*File, error) {
	return newFile(path, source{Reader: io.NewSectionReader(of, 0, size)}, reread{of}, o)
}

// reread is a copy that is there already.
type reread struct{ io.ReaderAt }

func (reread) Write(b []byte) (int, error) { return len(b), nil }

func newFile(path string, from source, to Copy, o Options) (*File, error) {
	o.Column = strings.ToValidUTF8(o.Column, string(utf8.RuneError)) // as the header's cells are
	f := &File{path: path, source: from, options: o, record: newRecorder(to)}
	if err := f.readLayout(); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

func (f *File) readLayout() error {
	p, err := f.pass(io.TeeReader(f.source, f.record))
	if err != nil {
		return f.located(err)
	}
	first, line := p.in.Header()
	c, wrong := newChoices(first, f.options)
	if wrong != nil {
		wrong.Line = line
		if p.in.NotUTF8() > 0 {
			wrong.Hint = "save the file as CSV UTF-8, which its header isn't; then, if need be, " + wrong.Hint
		}
		if below := f.belowTitle(p.in, wrong); below != nil {
			wrong = below
		}
		return f.located(wrong)
	}
	if c.none != nil {
		c.none.Line = line
	}
	f.reading, f.first, f.choices, f.layout = p, first, c, c.layouts[0]
	return nil
}

// Close closes the file that the input is read from. The copy belongs to the caller.
func (f *File) Close() error {
	if f.source.file == nil {
		return nil
	}
	err := f.source.file.Close()
	f.source.file = nil
	return err
}

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

// Place returns the place in [runner.Row.Cells] of the first other column that a header names so,
// or -1.
func (f *File) Place(named func(header string) bool) int {
	return slices.IndexFunc(f.layout.others, func(column int) bool { return f.layout.header != nil && named(f.layout.header[column]) })
}

// Columns returns the names of the other columns, in the order of [runner.Row.Cells], as they
// may stand in a result: a column with a name of ours is input.NAME, the second of two with one
// name is NAME.2, one without a name is called by its number.
func (f *File) Columns() []string { return f.layout.names }

// Mail reports whether the users are named by their email addresses: whoever is found must have the
// address as login, too.
func (f *File) Mail() bool { return f.layout.kind == mailColumn }

// Warnings returns what the user should know before a change though nothing is wrong, by the
// [File.Survey] that comes before.
func (f *File) Warnings() []string { return f.warnings }

// Repeats returns the users whom more than one row names, by the [File.Survey] that comes before.
func (f *File) Repeats() *runner.Repeats { return f.repeats }

// Content returns what was surveyed, from its start. Its Read returns an error that wraps
// [ErrChanged] rather than anything else.
func (f *File) Content() io.Reader { return f.record.content() }

// pass takes an input apart, from its start.
type pass struct {
	in    *table.Reader
	n     int      // data lines read
	first []string // the first data line when the file has no header, until it was read
}

func (f *File) pass(in io.Reader) (*pass, error) {
	r, err := table.NewReader(in, table.ReaderOptions{Delimiter: f.options.Delimiter, NoHeader: f.options.NoHeader})
	if err != nil {
		return nil, err
	}
	p := &pass{in: r}
	if f.options.NoHeader {
		p.first, _ = r.Header()
	}
	return p, nil
}

// next returns the next data line's cells, valid until the next call, and the line on which it
// starts, or io.EOF.
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

// begin returns the only pass over the source or, once that has come to its end, one over the copy.
func (f *File) begin() (*pass, error) {
	switch p := f.reading; {
	case p != nil:
		f.reading = nil
		return p, nil
	case !f.ended:
		return nil, errHalfRead
	}
	return f.pass(f.Content())
}

// end makes sure that all of the source was read, and that it is what it was when it was opened.
func (f *File) end() error {
	if f.ended {
		return nil
	}
	// What ends the rows need not be the end of the bytes.
	if _, err := io.Copy(io.Discard, io.TeeReader(f.source, f.record)); err != nil {
		return err
	}
	if err := f.record.flush(); err != nil {
		return err
	}
	s := &f.source
	if s.file == nil {
		f.ended = true
		return nil
	}
	info, err := s.file.Stat()
	if err != nil {
		return err
	}
	if info.Size() != s.size || f.record.size != s.size || !info.ModTime().Equal(s.change) {
		return &Error{
			Message: "the file was changed while it was read: half of it may be what it was before", Hint: "begin once it is written to its end",
		}
	}
	f.ended = true
	return f.Close()
}
