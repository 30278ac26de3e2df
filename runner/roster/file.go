package roster

import (
	"cmp"
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

// Copy keeps what is read of an input. A [File] writes it once, from start to end, and then only
// reads it.
type Copy interface {
	io.Writer
	io.ReaderAt
}

// source is where an input is read from, once, from start to end.
type source struct {
	io.Reader
	file   *os.File // nil: not a file
	size   int64
	change time.Time
}

// Open opens a file and reads its header. If something is wrong with the file, the error is an
// [*Error]. Open keeps what it reads in memory, at most [MaxInMemory] bytes. The file stays open
// until the survey, or [File.Close].
func Open(path string, o Options) (*File, error) {
	return OpenCopying(path, &memory{path: path}, o)
}

// OpenCopying is [Open] for a file of any length: it writes what it reads to a copy.
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

// regular refuses a file that can't be an input.
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

// Read is [OpenCopying] for an input that isn't a file. path is its name in messages.
func Read(path string, in io.Reader, to Copy, o Options) (*File, error) {
	return newFile(path, source{Reader: in}, to, o)
}

// Reread opens the copy of an earlier [File], of size bytes. path is its name in messages.
func Reread(path string, of io.ReaderAt, size int64, o Options) (*File, error) {
	return newFile(path, source{Reader: io.NewSectionReader(of, 0, size)}, reread{of}, o)
}

// reread is a copy that exists already.
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

// Column returns the name of the column that names the users, as the file has it, or without a
// header its number, as column1. Like Columns and Mail it is certain only after [File.Survey].
func (f *File) Column() string {
	if f.options.NoHeader {
		return columnName(f.layout.column)
	}
	return f.first[f.layout.column]
}

// Place returns the place in [runner.Row.Cells] of the first other column with this name in the
// header, or -1.
func (f *File) Place(named func(header string) bool) int {
	place := slices.IndexFunc(f.layout.others, func(column int) bool { return f.layout.header != nil && named(f.layout.header[column]) })
	if place < 0 {
		return place
	}
	return f.lead() + place
}

// lead returns how many cells of a row come before the file's own.
func (f *File) lead() int {
	if f.options.Verified {
		return len(table.VerifiedColumns)
	}
	return 0
}

// Columns returns the names of the other columns for a result, in the order of [runner.Row.Cells]:
// a column with a name of ours is input.NAME, the second of two with the same name is NAME.2, and
// one without a name has its number.
func (f *File) Columns() []string {
	return slices.Concat(table.VerifiedColumns[:f.lead()], f.layout.names)
}

// Mail reports whether the file names its users by their email addresses. The user found must then
// have the address as login, too.
func (f *File) Mail() bool { return f.layout.kind == mailColumn }

// MailCell returns the address of a row if the column that names the users has addresses; otherwise
// nil. Of a plan, planned is the column that named them.
func (f *File) MailCell(planned string) func(runner.Row) string {
	switch {
	case f.Plan() && IsMail(planned): // the first further column is the plan's own input
		return func(row runner.Row) string { return row.Cells[f.lead()] }
	case !f.Plan() && IsMail(cmp.Or(planned, f.Column())):
		return func(row runner.Row) string { return row.Input }
	}
	return nil
}

// Warnings returns what the user should know before a change though nothing is wrong. Call
// [File.Survey] first.
func (f *File) Warnings() []string { return f.warnings }

// Repeats returns the users whom more than one row names. Call [File.Survey] first.
func (f *File) Repeats() *runner.Repeats { return f.repeats }

// Content returns what was surveyed, from its start. If the copy has changed, its Read returns an
// error that wraps [ErrChanged].
func (f *File) Content() io.Reader { return f.record.content() }

// pass reads the lines of an input, from its start.
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

// begin returns the only pass over the source or, after its end, a pass over the copy.
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

// end makes sure that the source was read to its end, and that it hasn't changed since it was
// opened.
func (f *File) end() error {
	if f.ended {
		return nil
	}
	// The rows may end before the bytes do.
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
