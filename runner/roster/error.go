package roster

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"

	"oktareset/runner"
	"oktareset/runner/console"
	"oktareset/runner/table"
)

// Errors that a caller may find with errors.Is.
var (
	// ErrNoRows is wrapped by the [*Error] of [File.Survey] for a header alone, without
	// [Options] AllowEmpty.
	ErrNoRows = errors.New("no rows under the header")
	// ErrChanged is wrapped by the [*Error] of [File.Rows] when the copy of the input isn't what
	// was surveyed.
	ErrChanged = errors.New("the copy of it that the run reads was changed by another program")
)

// errNoHeader is wrapped by the [*Error] of [Open] for a first row that names a user.
var errNoHeader = errors.New("no header")

// errAudit is about a file that has IDs of users but isn't a list of users to act on.
func errAudit() *Error {
	return &Error{
		Message: "the file is an audit, not a list of users: its rows were reset, and it has users whom no input named",
		Hint:    "give the list itself; those of an audit who are meant go into a file of their own, with a header such as userId",
	}
}

// errAfter is about a file whose users were reset already, and of whom most are back.
func errAfter() *Error {
	return &Error{
		Message: "the file says who is back after a reset: its users were reset already",
		Hint:    "those of them who are meant go into a file of their own, with a header such as userId",
	}
}

// errNotify is about a file whose users were reset already, and who got a mail about it.
func errNotify() *Error {
	return &Error{
		Message: "the file is a list of mails about a reset: its users were reset already, and it has their managers too",
		Hint:    "those of them who are meant go into a file of their own, with a header such as userId",
	}
}

// hintRun is for a file of a run that is given as an input.
const hintRun = "a new run would reset its users a second time; to continue that run: oktareset reset --resume -o NAME"

// errJournal is about a file that only the program itself reads.
func errJournal() *Error {
	return &Error{
		Message: "the file is the journal of a run, not a list of users: a run of its own would reset the same people a second time",
		Hint:    hintRun,
	}
}

// Error says what is wrong with an input file, where, and what its owner can do about it.
type Error struct {
	Path    string
	Line    int    // line of the file, 1 is the first; 0 when it belongs to no line
	Message string // lower case, without path and line
	Hint    string // the next step; "" when there is none
	Err     error  // what errors.Is finds; nil when the message is all there is
}

// Error returns "PATH: line N: MESSAGE".
func (e *Error) Error() string {
	if e.Line == 0 {
		return fmt.Sprintf("%s: %s", e.Path, e.Message)
	}
	return fmt.Sprintf("%s: line %d: %s", e.Path, e.Line, e.Message)
}

// Advice returns e.Hint.
func (e *Error) Advice() string { return e.Hint }

// Unwrap returns e.Err.
func (e *Error) Unwrap() error { return e.Err }

// fileError makes an [*Error] of what reading path returned, unless it is one.
func fileError(path string, err error) *Error {
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	e = &Error{Path: path, Message: err.Error(), Err: err}
	var broken *table.Error
	var system *fs.PathError
	switch {
	case errors.As(err, &broken):
		e.Line, e.Message, e.Hint = broken.Line, broken.Message, broken.Hint
	case errors.Is(err, ErrChanged):
		e.Message, e.Err = ErrChanged.Error(), ErrChanged
		e.Hint = "no row that wasn't surveyed was acted on; move the copy away, and continue with the input itself and --resume"
	case errors.Is(err, fs.ErrNotExist):
		e.Message, e.Hint = "it isn't there", hintMissing(path)
	case errors.As(err, &system):
		e.Message = system.Err.Error() // the message begins with the path already
	}
	return e
}

// hintMissing says what to do about a file that isn't there: its name may be that of a user.
func hintMissing(path string) string {
	id, reason := runner.ParseIdentifier(path)
	user := reason == "" && (id.Kind == runner.KindID || strings.Contains(path, "@") && !strings.ContainsAny(path, `/\`))
	if user && !strings.EqualFold(filepath.Ext(path), ".csv") {
		return "for one user: oktareset reset " + console.ShellFlag("--user", path)
	}
	return "check the name"
}

// located is [fileError] for f. It also sets the path of an [*Error] that has none.
func (f *File) located(err error) *Error {
	e := fileError(f.path, err)
	e.Path = f.path
	if errors.Is(e.Err, table.ErrCells) && !f.options.List && !strings.Contains(e.Hint, "--delimiter") {
		e.Hint += "; with another delimiter, use --delimiter"
	}
	return e
}
