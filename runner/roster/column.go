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

// Options say how to read a list of users whose header doesn't say it. The zero value suits
// most files.
type Options struct {
	Column    string // header of the column that names the users, or with NoHeader its number, 1 is the first; "": found out
	Delimiter rune   // 0: found out
	NoHeader  bool   // the first line is a row

	AllowEmpty bool // a header alone, or a plan that would reset nobody, is no error: there is nothing to do

	// Verified adds [table.VerifiedColumns], which the run fills, before the file's other columns.
	Verified bool

	// List is of what isn't the input of a reset. Hints name no flag of the input's then, but the
	// one that sets Column.
	List       bool
	ColumnFlag string // with List: as --exclude-column
	// Desk is of a list that a service desk may have written: columns are taken, too, by the names
	// that it gives to the person a ticket is about, and an ID may be the ticket's.
	Desk bool
}

// columnFlag is the flag that names the column of the users.
func (o Options) columnFlag() string {
	if o.List {
		return o.ColumnFlag
	}
	return "--column"
}

// columnKind is what a column holds, as its name has it.
type columnKind int

const (
	anyColumn   columnKind = iota // the user has chosen it, or there is no other
	idColumn                      // Okta user IDs
	loginColumn                   // logins
	mailColumn                    // email addresses, which are logins in most orgs
	deskColumn                    // whatever service desks call people by
)

// knownColumns are the headers under which exports keep a user's identifier, as [headerName] has
// them, the surest first. A test has a sample of each exporter.
var knownColumns = []struct {
	kind  columnKind
	names []string
}{
	// userId: Okta's API, this program, Postman's runner; User ID: Rockstar, Okta's reports; id:
	// the API's users; Okta ID, Okta User ID: HR systems that Okta feeds.
	{idColumn, []string{"userid", "id", "oktaid", "oktauserid"}},
	// Login, user.login, profile.login: Rockstar, Okta's reports and API; Username: Rockstar, the
	// Admin Console; Okta Username: Okta's reports on apps; userPrincipalName, UPN: Entra, Active
	// Directory; sAMAccountName: Active Directory.
	{loginColumn, []string{"login", "userlogin", "profilelogin", "username", "oktausername", "userprincipalname", "upn", "samaccountname"}},
	// email: Okta's reports; Email Address [Required]: Google Workspace; Primary email: Rockstar,
	// and GAM as primaryEmail; Mail: Entra, Active Directory; Work Email: HR systems; user.email:
	// the API.
	{mailColumn, []string{"email", "emailaddress", "primaryemail", "mail", "workemail", "useremail"}},
	// Requester: Zendesk, ServiceDesk Plus; Requester Email: Zendesk, Freshservice; Reporter: Jira;
	// caller_id, and Caller with labels: ServiceNow's incidents; requested_for: its requests;
	// affected_user, user: its other tables. An address is surer than what may be a name of people.
	{deskColumn, []string{
		"requesteremail", "reporteremail", "calleremail", "calleridemail", "calleridusername", "requestedforemail", "requestedforusername",
		"affecteduseremail", "requester", "reporter", "caller", "callerid", "requestedfor", "affecteduser", "user",
	}},
}

// PlainName returns a header without what doesn't count in it: case, spaces, dots, dashes and
// underscores.
func PlainName(header string) string {
	return strings.ToLower(strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || r == '.' || r == '-' || r == '_' {
			return -1
		}
		return r
	}, header))
}

// headerName is [PlainName], without the mark that Google's forms put behind what must be filled
// in.
func headerName(header string) string { return strings.TrimSuffix(PlainName(header), "[required]") }

// kindOf is what a column of this name holds.
func kindOf(header string) columnKind {
	for _, known := range knownColumns {
		if slices.Contains(known.names, headerName(header)) {
			return known.kind
		}
	}
	return anyColumn
}

// IsMail reports whether a column of this name holds email addresses.
func IsMail(header string) bool { return kindOf(header) == mailColumn }

// layout says which cell of a row is what.
type layout struct {
	plan    bool
	escaped bool // the cells are escaped: a plan, or an export of users
	kind    columnKind
	column  int      // the identifier's
	named   int      // the one with the login beside an ID; -1: none
	others  []int    // the cells that are copied
	names   []string // their names in a result
	header  []string // the file's first row; nil if that is a user
}

// choices are the columns that may name the users, by the header, the surest first. The cells
// decide; see [File.Survey].
type choices struct {
	layouts []layout
	none    *Error // what is wrong if none of them fits; nil: the cells say it
}

// newChoices finds the columns of a file by its first row. Errors have no path and no line yet.
func newChoices(first []string, o Options) (choices, *Error) {
	kind := table.KindOf(first)
	switch {
	case kind == table.KindRecords:
		l, err := planLayout(first, o)
		return choices{layouts: []layout{l}}, err
	case kind == table.KindAudit:
		return choices{}, errAudit()
	case kind == table.KindAfter:
		return choices{}, errAfter()
	case kind == table.KindNotify:
		return choices{}, errNotify()
	case kind == table.KindJournal:
		return choices{}, errJournal()
	case o.NoHeader:
		l, err := bareLayout(first, o)
		return choices{layouts: []layout{l}}, err
	case o.Column != "":
		column, err := namedColumn(first, o)
		if err != nil {
			return choices{}, err
		}
		l := headerLayout(first, column)
		if l.kind != mailColumn { // an address is one, whoever has chosen the column
			l.kind = anyColumn
		}
		return choices{layouts: []layout{l}}, nil
	}
	return knownChoices(first, o)
}

// headerLayout is the layout of a file whose header names the users' column.
func headerLayout(header []string, column int) layout {
	l := layout{
		escaped: table.KindOf(header) == table.KindExport, kind: kindOf(header[column]), column: column, named: columnOfLogins(header, column), header: header,
	}
	l.others, l.names = otherColumns(header, column)
	return l
}

// planLayout is the layout of a file of ours: by user_id, with the plan's own input and login
// among the copied cells.
func planLayout(header []string, o Options) (layout, *Error) {
	if o.Column != "" || o.NoHeader {
		hint := "leave out " + o.columnFlag()
		if !o.List {
			hint += " and --no-header"
		}
		return layout{}, &Error{Message: "the header is that of a plan, whose rows are taken by user_id", Hint: hint}
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
	if kind := kindOf(first[l.column]); kind != anyColumn && kind != deskColumn {
		return layout{}, &Error{
			Message: fmt.Sprintf("the file has a header: %q", first[l.column]), Hint: "leave out --no-header",
		}
	}
	l.others, l.names = otherColumns(make([]string, len(first)), l.column)
	return l, nil
}

// knownChoices returns the columns that name the users by [knownColumns].
func knownChoices(header []string, o Options) (c choices, err *Error) {
	for _, known := range knownColumns {
		if known.kind == deskColumn && !o.Desk {
			continue
		}
		for _, plain := range known.names {
			found := matches(header, func(name string) bool { return headerName(name) == plain })
			switch {
			case len(found) == 1:
				c.layouts = append(c.layouts, headerLayout(header, found[0]))
				continue
			case len(found) == 0:
				continue
			case len(c.layouts) == 0:
				return choices{}, ambiguous(header, found, o)
			}
			c.none = ambiguous(header, found, o)
			return c, nil
		}
	}
	if len(c.layouts) > 0 {
		return c, nil
	}
	return choices{}, noColumn(header, o)
}

// noColumn says that no column of a header is known.
func noColumn(header []string, o Options) *Error {
	for _, cell := range header {
		if id, _ := runner.ParseIdentifier(cell); id.Kind == runner.KindID || strings.Contains(cell, "@") {
			hint := "put a header such as login above the first row"
			if !o.List {
				hint = "use --no-header, or " + hint
			}
			return &Error{Message: fmt.Sprintf("%s stands where the header should be", quote(cell)), Hint: hint, Err: errNoHeader}
		}
	}
	message := errNoColumn.Error() + ": the header has " + quoteAll(header)
	if o.List && !o.Desk && len(header) == 1 && !strings.ContainsFunc(header[0], unicode.IsSpace) {
		message = quote(header[0]) + " is neither a known header nor a whole login: a short name isn't enough"
	}
	return &Error{Message: message, Hint: "name the column that holds the user ID or login with " + o.columnFlag(), Err: errNoColumn}
}

// namedColumn returns the index of the column that the user named.
func namedColumn(header []string, o Options) (int, *Error) {
	found := matches(header, func(name string) bool { return name == o.Column })
	if len(found) == 0 {
		found = matches(header, func(name string) bool { return PlainName(name) == PlainName(o.Column) })
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		hint := fmt.Sprintf("give %s one of these", o.columnFlag())
		if !o.List {
			hint += "; for a file without a header, use --no-header"
		}
		return 0, &Error{Message: fmt.Sprintf("no column %s: the header has %s", quote(o.Column), quoteAll(header)), Hint: hint, Err: errNoSuchColumn}
	}
	return 0, ambiguous(header, found, o)
}

func matches(header []string, match func(string) bool) (found []int) {
	for i, name := range header {
		if match(name) {
			found = append(found, i)
		}
	}
	return found
}

func ambiguous(header []string, found []int, o Options) *Error {
	a, b := found[0], found[1]
	hint := "say which one with " + o.columnFlag()
	if header[a] == header[b] {
		hint = "rename one of them"
	}
	return &Error{
		Message: fmt.Sprintf("columns %d and %d may both name the users: %s and %s", a+1, b+1, quote(header[a]), quote(header[b])),
		Hint:    hint,
	}
}
