package roster

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// evidence counts what the cells of a column are.
type evidence struct {
	rows, ids, logins int
	address           bool   // some login has an @
	other             string // the first cell that isn't an ID, and its line
	line              int
}

// fits reports whether at least one cell of a column is what its name says.
func (e *evidence) fits(kind columnKind) bool {
	switch kind {
	case idColumn:
		return e.ids > 0
	case deskColumn: // its cells may also have people's names
		return e.ids > 0 || e.address
	case loginColumn, mailColumn:
		return e.ids+e.logins > 0
	default:
		return true
	}
}

// Survey reads the whole file, decides by its cells which column names the users, and counts it. It
// chooses the first column whose name is known and that has at least one cell as the name says. So
// it passes over a column id of staff numbers. It returns an [*Error], which may wrap [ErrNoRows],
// if it can't read the file to its end, if nobody can be looked up by the column's cells, if the
// file is a result instead of a plan and, without [Options] AllowEmpty, if a plan would reset
// nobody. It returns the end of ctx as it is.
func (f *File) Survey(ctx context.Context) (Survey, error) {
	c := newCensus(f.options)
	all := make([]evidence, len(f.choices.layouts))
	for i, l := range f.choices.layouts {
		s, err := f.count(ctx, c, l, l.kind == idColumn && i < len(f.choices.layouts)-1)
		if err == nil && c.skipped && c.s.IDs > 0 { // it is the column, though its first rows had no ID
			s, err = f.count(ctx, c, l, false)
		}
		if err != nil {
			return Survey{}, err
		}
		all[i] = c.evidence()
		if all[i].rows == 0 || all[i].fits(l.kind) {
			f.warnings = append(f.columnWarnings(i, &all[i]), c.warnings...)
			return s, nil
		}
	}
	i, wrong := f.choices.fallback(all, f.options)
	if wrong != nil {
		return Survey{}, f.located(wrong)
	}
	s, err := f.count(ctx, c, f.choices.layouts[i], false)
	if err != nil {
		return Survey{}, err
	}
	f.warnings = append(f.columnWarnings(i, &all[i]), c.warnings...)
	return s, nil
}

// fallback chooses a column if none has a cell as its name says: one called ID that has addresses,
// or one whose rows are all invalid. Staff numbers are looked up only if the user chose the column.
func (c *choices) fallback(all []evidence, o Options) (int, *Error) {
	if c.none != nil {
		return 0, c.none
	}
	for i, e := range all {
		if c.layouts[i].kind == idColumn && e.address {
			return i, nil
		}
	}
	i := slices.IndexFunc(all, func(e evidence) bool { return e.logins > 0 })
	if i < 0 {
		return 0, nil
	}
	if desk := slices.IndexFunc(c.layouts, func(l layout) bool { return l.kind == deskColumn }); desk >= 0 { // a column ID has the IDs of tickets
		i = desk
	}
	e, l := &all[i], &c.layouts[i]
	name := l.header[l.column]
	hint := "name the column that holds the user ID or login with " + o.columnFlag()
	if !o.List {
		hint += fmt.Sprintf("; --column %s takes these as logins all the same", quote(name))
	}
	return 0, &Error{
		Line: e.line, Message: fmt.Sprintf("%s is no Okta user ID and no address, and neither is any other cell of column %s", quote(e.other), quote(name)), Hint: hint,
	}
}

// columnWarnings returns what the user should know about the choice of a column. e counts its
// cells.
func (f *File) columnWarnings(chosen int, e *evidence) []string {
	l := &f.choices.layouts[chosen]
	if l.header == nil || f.options.Desk {
		return nil
	}
	name := l.header[l.column]
	var passed []string
	for i, other := range f.choices.layouts {
		if i < chosen && other.kind == idColumn {
			passed = append(passed, quote(other.header[other.column]))
		}
	}
	why := "no column with IDs or logins"
	switch len(passed) {
	case 0:
		if f.options.Column != "" {
			why = "column " + quote(name) + " is one of email addresses"
		}
	case 1:
		why = "column " + passed[0] + " has no Okta user ID"
	default:
		why = "the columns " + strings.Join(passed, ", ") + " have no Okta user ID"
	}
	switch {
	case l.kind == mailColumn:
		return []string{fmt.Sprintf("%s, so the email addresses in column %s name the users; each must be both login and email address of a user", why, quote(name))}
	case len(passed) > 0:
		return []string{fmt.Sprintf("%s, so column %s names the users", why, quote(name))}
	case e.ids == 0 && e.logins > 0 && strings.HasSuffix(PlainName(name), "id"):
		return []string{fmt.Sprintf("column %s has no Okta user ID: its cells are looked up as logins; %s names another", quote(name), f.options.columnFlag())}
	}
	return nil
}
