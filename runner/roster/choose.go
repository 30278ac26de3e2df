package roster

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// evidence is what the cells of a column say of what they are.
type evidence struct {
	rows, ids, logins int
	address           bool   // some login has an @
	other             string // the first cell that is no ID, and its line
	line              int
}

// fits reports whether at least one cell of a column is what its name says.
func (e *evidence) fits(kind columnKind) bool {
	switch kind {
	case idColumn:
		return e.ids > 0
	case deskColumn: // people are called by their names there, too
		return e.ids > 0 || e.address
	case loginColumn, mailColumn:
		return e.ids+e.logins > 0
	default:
		return true
	}
}

// Survey reads the whole file, decides by its cells which column names the users, and counts it.
// The first column fits whose name is known and of whose cells at least one is what the name says:
// a column id of staff numbers is passed over. What is wrong with the file is an [*Error],
// [ErrNoRows] among it: a file that isn't read to its end, a column that nothing can be looked up
// by, a result in place of a plan and, without [Options] AllowEmpty, a plan without a row that
// would be reset. The end of ctx is returned as it is.
func (f *File) Survey(ctx context.Context) (Survey, error) {
	c := newCensus(f.options)
	all := make([]evidence, len(f.choices.layouts))
	for i, l := range f.choices.layouts {
		s, err := f.count(ctx, c, l, l.kind == idColumn && i < len(f.choices.layouts)-1)
		if err == nil && c.skipped && c.s.IDs > 0 { // it is the one, though it didn't begin so
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

// fallback chooses a column though no cell of any is what its name says: one called ID that holds
// addresses, or one that nobody can be looked up by, whose rows are invalid. Staff numbers are
// looked up only if the user chose them.
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
	if desk := slices.IndexFunc(c.layouts, func(l layout) bool { return l.kind == deskColumn }); desk >= 0 { // an ID is the ticket's
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

// columnWarnings say what the user should know of the choice of a column. e is what its cells say.
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
		why = "column " + passed[0] + " holds no Okta user ID"
	default:
		why = "the columns " + strings.Join(passed, ", ") + " hold no Okta user ID"
	}
	switch {
	case l.kind == mailColumn:
		return []string{fmt.Sprintf("%s: taking column %s as logins; whoever is found must have it as login and as email address", why, quote(name))}
	case len(passed) > 0:
		return []string{fmt.Sprintf("%s: taking column %s", why, quote(name))}
	case e.ids == 0 && e.logins > 0 && strings.HasSuffix(PlainName(name), "id"):
		return []string{fmt.Sprintf("column %s holds no Okta user ID: its cells are looked up as logins; %s names another", quote(name), f.options.columnFlag())}
	}
	return nil
}
