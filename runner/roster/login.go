package roster

import (
	"slices"
	"strings"
	"unicode"

	"oktareset/runner"
	"oktareset/runner/table"
)

// loginNames are the headers that exports use for a login beside an ID, as [PlainName] returns
// them, the most certain first.
var loginNames = []string{"login", "userlogin", "profilelogin", "username", "oktausername"}

// columnOfLogins returns the index of the column with the logins of users whom the rows name by ID,
// or -1. The logins are only for people to read. Requests use the ID. So it doesn't matter if two
// columns have logins: the first one is enough.
func columnOfLogins(header []string, column int) int {
	for _, known := range loginNames {
		i := slices.IndexFunc(header, func(name string) bool { return PlainName(name) == known })
		if i >= 0 && i != column {
			return i
		}
	}
	return -1
}

// planLogin is the column of a plan with the login that its dry run has looked up.
var planLogin = slices.Index(table.Columns, "login")

// login returns the login of a user whom the row names by ID, or "".
func (l *layout) login(cells []string, input string) string {
	if l.named < 0 {
		return ""
	}
	if id, _ := runner.ParseIdentifier(input); id.Kind != runner.KindID {
		return ""
	}
	login := strings.TrimFunc(l.cell(cells[l.named]), unicode.IsSpace)
	if id, reason := runner.ParseIdentifier(login); reason != "" || id.Kind != runner.KindLogin {
		return ""
	}
	return login
}
