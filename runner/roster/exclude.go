package roster

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"oktareset/runner"
)

// Exclusions is a file of users who are to be left alone.
type Exclusions struct {
	Path    string
	SHA256  string // of the file's bytes, in hex
	Warning string // what the user should know before a change though nothing is wrong; "" for nothing
	Users   []Excluded
}

// Excluded is a user of [Exclusions]. No two of a file have the same identifier.
type Excluded struct {
	User runner.Identifier
	Line int // line of the file on which the first row starts that names the user; 1 is the first
}

// hintExclusions is about the forms that a file of exclusions may have: no flag says anything about it.
const hintExclusions = "give a CSV with a header such as login, or a file of one ID or login a line"

// ReadExclusions reads a file of users who are to be left alone: a list as [Open] takes it, or one column of IDs and logins without a
// header. Any doubt is an [*Error], because a line that is passed over is a user who isn't protected: a row that names nobody, a file that
// names nobody at all, a file of ours, of which only some rows are meant. The end of ctx is returned as it is.
func ReadExclusions(ctx context.Context, path string) (Exclusions, error) {
	f, err := openExclusions(path)
	if err != nil {
		return Exclusions{}, forExclusions(err)
	}
	defer f.Close() //nolint:errcheck // only read
	if f.Plan() {
		return Exclusions{}, &Error{
			Path: path, Message: "is a plan or a result: it doesn't say which of its rows are to be left alone",
			Hint: "copy the user_id of those who are to be left alone into a file of their own",
		}
	}
	survey, err := f.Survey(ctx)
	if err != nil {
		return Exclusions{}, forExclusions(err)
	}
	x := Exclusions{Path: path, SHA256: survey.SHA256, Warning: f.Warning(), Users: make([]Excluded, 0, survey.Distinct)}
	known := make(map[runner.Key]bool, survey.Distinct)
	for row, err := range f.Rows() {
		if err != nil {
			return Exclusions{}, err
		}
		id, reason := runner.ParseIdentifier(row.Input)
		if reason != "" {
			return Exclusions{}, &Error{
				Path: path, Line: row.Line, Message: fmt.Sprintf("%s names nobody (%s): who is to be left alone?", quote(row.Input), reason),
				Hint: "give an ID or the whole login in every row, or remove the row",
			}
		}
		if !known[id.Key()] {
			known[id.Key()] = true
			x.Users = append(x.Users, Excluded{User: id, Line: row.Line})
		}
	}
	return x, nil
}

// openExclusions opens a list of users, with a header or, if it has one column only, without.
func openExclusions(path string) (*File, error) {
	f, err := Open(path, Options{})
	if !errors.Is(err, errNoHeader) {
		return f, err
	}
	bare, bareErr := Open(path, Options{NoHeader: true})
	switch {
	case bareErr != nil:
		return nil, bareErr
	case len(bare.first) > 1: // which of them names the users would be a guess
		return nil, errors.Join(err, bare.Close())
	}
	return bare, nil
}

// forExclusions gives an error of [Open] or [File.Survey] a hint without flags that are about the input.
func forExclusions(err error) error {
	var e *Error
	if !errors.As(err, &e) {
		return err
	}
	switch {
	case errors.Is(err, ErrNoRows):
		e.Hint = "name those who are to be left alone, or leave out the file"
	case strings.Contains(e.Hint, "--"), strings.Contains(e.Hint, " - "), e.Hint == "":
		e.Hint = hintExclusions
	}
	return e
}
