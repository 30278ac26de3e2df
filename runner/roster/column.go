package roster

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"oktareset/runner"
	"oktareset/runner/table"
)

// Options say how to read a list of users whose header doesn't say it. The zero value suits most files.
type Options struct {
	Column    string // header of the column that names the users, or with NoHeader its number, 1 is the first; "": found out
	Delimiter rune   // 0: found out
	NoHeader  bool   // the first line is a row

	AllowEmpty bool // a header alone, or a plan that would reset nobody, is no error: there is nothing to do
}

// emailName is the header whose column holds logins only in orgs that use the email address as the login.
const emailName = "email"

// knownNames are the headers under which exports keep a user's identifier, as [PlainName] has them, the surest first: IDs, then
// logins, then the email address.
var knownNames = []string{"userid", "id", "oktaid", "login", "userlogin", "profilelogin", "username", emailName}

// PlainName returns a header without what doesn't count in it: case, spaces, dots, dashes and underscores.
func PlainName(header string) string {
	return strings.ToLower(strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || r == '.' || r == '-' || r == '_' {
			return -1
		}
		return r
	}, header))
}

// layout says which cell of a row is what.
type layout struct {
	plan    bool
	escaped bool     // the cells are escaped: a plan, or an export of users
	column  int      // the identifier's
	named   int      // the one with the login beside an ID; -1: none
	others  []int    // the cells that are copied
	names   []string // their names in a result
	warning string
}

// newLayout finds the columns of a file by its first row. Errors have no path and no line yet.
func newLayout(first []string, o Options) (layout, *Error) {
	kind := table.KindOf(first)
	switch {
	case kind == table.KindRecords:
		return planLayout(first, o)
	case kind == table.KindAudit:
		return layout{}, errAudit()
	case o.NoHeader:
		return bareLayout(first, o)
	}
	l := layout{escaped: kind == table.KindExport}
	var err *Error
	if o.Column != "" {
		l.column, err = namedColumn(first, o.Column)
	} else {
		l.column, err = knownColumn(first)
	}
	if err != nil {
		return layout{}, err
	}
	if o.Column == "" && PlainName(first[l.column]) == emailName {
		l.warning = fmt.Sprintf("no column with IDs or logins: taking column %q as logins", first[l.column])
	}
	l.others, l.names = otherColumns(first, l.column)
	l.named = loginColumn(first, l.column)
	return l, nil
}

// planLayout is the layout of a file of ours: by user_id, with the plan's own input and login among the copied cells.
func planLayout(header []string, o Options) (layout, *Error) {
	if o.Column != "" || o.NoHeader {
		return layout{}, &Error{
			Message: "the header is that of a plan, whose rows are taken by user_id", Hint: "leave out --column and --no-header",
		}
	}
	l := layout{plan: true, escaped: true, column: slices.Index(table.Columns, "user_id"), named: planLogin}
	l.others = []int{slices.Index(table.Columns, "input"), slices.Index(table.Columns, "login")}
	names := []string{header[l.others[0]], header[l.others[1]]}
	for i, name := range header[len(table.Columns):] {
		l.others = append(l.others, len(table.Columns)+i)
		names = append(names, table.Unescape(name))
	}
	l.names = distinctNames(names, l.others)
	return l, nil
}

// bareLayout is the layout of a file without a header.
func bareLayout(first []string, o Options) (layout, *Error) {
	l := layout{named: -1}
	if o.Column != "" {
		n, err := strconv.Atoi(o.Column)
		if err != nil || n < 1 || n > len(first) {
			return layout{}, &Error{
				Message: fmt.Sprintf("no column %q: without a header, columns are numbers from 1 to %d", o.Column, len(first)),
				Hint:    "give --column a number",
			}
		}
		l.column = n - 1
	}
	if slices.Contains(knownNames, PlainName(first[l.column])) {
		return layout{}, &Error{
			Message: fmt.Sprintf("the file has a header: %q", first[l.column]), Hint: "leave out --no-header",
		}
	}
	l.others, l.names = otherColumns(make([]string, len(first)), l.column)
	return l, nil
}

// knownColumn returns the index of the column that names the users, by [knownNames].
func knownColumn(header []string) (int, *Error) {
	for _, known := range knownNames {
		found := matches(header, func(name string) bool { return PlainName(name) == known })
		if len(found) > 1 {
			return 0, ambiguous(header, found)
		}
		if len(found) == 1 {
			return found[0], nil
		}
	}
	for _, cell := range header {
		if id, _ := runner.ParseIdentifier(cell); id.Kind == runner.KindID || strings.Contains(cell, "@") {
			return 0, &Error{
				Message: fmt.Sprintf("%s stands where the header should be", quote(cell)),
				Hint:    "use --no-header, or put a header such as login above the first row",
				Err:     errNoHeader,
			}
		}
	}
	return 0, &Error{
		Message: "no column names the users: the header has " + quoteAll(header),
		Hint:    "name the column that holds the user ID or login with --column",
	}
}

// namedColumn returns the index of the column that the user named.
func namedColumn(header []string, want string) (int, *Error) {
	found := matches(header, func(name string) bool { return name == want })
	if len(found) == 0 {
		found = matches(header, func(name string) bool { return PlainName(name) == PlainName(want) })
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		return 0, &Error{
			Message: fmt.Sprintf("no column %s: the header has %s", quote(want), quoteAll(header)),
			Hint:    "give --column one of these; for a file without a header, use --no-header",
		}
	}
	return 0, ambiguous(header, found)
}

func matches(header []string, match func(string) bool) (found []int) {
	for i, name := range header {
		if match(name) {
			found = append(found, i)
		}
	}
	return found
}

func ambiguous(header []string, found []int) *Error {
	a, b := found[0], found[1]
	hint := "say which one with --column"
	if header[a] == header[b] {
		hint = "rename one of them"
	}
	return &Error{
		Message: fmt.Sprintf("columns %d and %d may both name the users: %s and %s", a+1, b+1, quote(header[a]), quote(header[b])),
		Hint:    hint,
	}
}
