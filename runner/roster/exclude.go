package roster

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"oktareset/runner"
)

// Exclusions is a file of users who are to be left alone.
type Exclusions struct {
	Path     string
	SHA256   string   // of the file's bytes, in hex
	Column   string   // or columns, that name the users
	Mail     bool     // they are named by their email addresses: see [File.Mail]
	Warnings []string // what the user should know before a change though nothing is wrong
	Users    []Excluded
}

// Excluded is a line of [Exclusions] that names somebody whom no earlier line names.
type Excluded struct {
	Names []runner.Identifier // one or, from a file with a column of IDs and one of logins, two
	Line  int                 // of the file; 1 is the first
}

// hintExclusions is about the forms that a file of exclusions may have.
const hintExclusions = "give a CSV with a header such as login, a file of one ID or whole login a line, or the column with --exclude-column"

// ReadExclusions reads a file of users who are to be left alone: a list that [Open] accepts, or one
// column of IDs and logins without a header. column is the one that names the users. Without it, a
// line names somebody by an ID, a login or both. Any doubt is an [*Error], because a line that is
// passed over is a user who isn't protected: a row that names nobody, a file that names nobody at
// all, or a file of ours, of which only some rows are meant. It returns the end of ctx as it is.
func ReadExclusions(ctx context.Context, path, column string) (Exclusions, error) {
	f, err := openExclusions(path, column)
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
	x := Exclusions{Path: path, SHA256: survey.SHA256, Column: f.Column(), Mail: f.Mail(), Warnings: f.Warnings(), Users: make([]Excluded, 0, survey.Distinct)}
	logins := f.loginsBeside()
	if logins >= 0 {
		x.Column += ", " + f.first[f.layout.others[logins]]
	}
	known := make(map[runner.Key]bool, survey.Distinct)
	for row, err := range f.Rows() {
		if err != nil {
			return Exclusions{}, err
		}
		if row.Header {
			continue
		}
		cells := []string{row.Input}
		if logins >= 0 {
			cell, _ := unformula(row.Cells[logins])
			cells = append(cells, cell)
		}
		names, err := whom(cells)
		if err != nil {
			err.Path, err.Line = path, row.Line
			return Exclusions{}, err
		}
		if isNew := slices.ContainsFunc(names, func(id runner.Identifier) bool { return !known[id.Key()] }); !isNew {
			continue
		}
		for _, id := range names {
			known[id.Key()] = true
		}
		x.Users = append(x.Users, Excluded{Names: names, Line: row.Line})
	}
	if len(x.Users) == 0 {
		return Exclusions{}, forExclusions(&Error{Path: path, Message: ErrNoRows.Error(), Err: ErrNoRows})
	}
	return x, nil
}

// whom returns the identifiers by which the cells of a line name somebody. A cell may be empty if
// another one names somebody.
func whom(cells []string) (names []runner.Identifier, wrong *Error) {
	for i, cell := range cells {
		id, reason := runner.ParseIdentifier(cell)
		switch {
		case reason == "":
			if !slices.Contains(names, id) {
				names = append(names, id)
			}
		case reason != runner.ReasonEmpty, i == len(cells)-1 && len(names) == 0:
			return nil, &Error{
				Message: fmt.Sprintf("%s names nobody: %s", quote(cell), runner.WhyNobody(cell, reason)),
				Hint:    "give an ID or the whole login in every row, or remove the row",
			}
		}
	}
	return names, nil
}

// loginsBeside returns the place of the logins in a row's cells if the file names its users by IDs
// and also has their logins, else -1.
func (f *File) loginsBeside() int {
	if f.layout.kind != idColumn {
		return -1
	}
	i := slices.IndexFunc(f.choices.layouts, func(l layout) bool { return l.kind == loginColumn })
	if i < 0 {
		return -1
	}
	return slices.Index(f.layout.others, f.choices.layouts[i].column)
}

// openExclusions opens a list of users. A list with only one column may have no header.
func openExclusions(path, column string) (*File, error) {
	o := Options{Column: column, List: true, ColumnFlag: "--exclude-column"}
	f, err := Open(path, o)
	if !errors.Is(err, errNoHeader) {
		return f, err
	}
	o.NoHeader = true
	bare, bareErr := Open(path, o)
	switch {
	case bareErr != nil:
		return nil, bareErr
	case len(bare.first) > 1: // to choose one of them would be a guess
		return nil, errors.Join(err, bare.Close())
	}
	return bare, nil
}

// forExclusions gives an error of [Open] or [File.Survey] the hint that fits a file of exclusions.
func forExclusions(err error) error {
	var e *Error
	if !errors.As(err, &e) {
		return err
	}
	switch {
	case errors.Is(err, ErrNoRows):
		e.Hint = "name those who are to be left alone, or leave out the file"
	case e.Hint == "", errors.Is(err, errNoColumn), errors.Is(err, errNoHeader):
		e.Hint = hintExclusions
	}
	return e
}
