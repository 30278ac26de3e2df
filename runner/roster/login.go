package roster

import (
	"slices"
	"strings"
	"unicode"

	"oktareset/runner"
	"oktareset/runner/table"
)

// loginNames are the headers under which exports keep a login beside an ID, as [PlainName] has
// them, the surest first.
var loginNames = []string{"login", "userlogin", "profilelogin", "username", "oktausername"}

// columnOfLogins returns the index of the column that names, in a row that names its user by ID,
// the same user by login; -1 for none. It is believed for what people read only: what is done goes
// by the ID. So of two such columns the first one will do.
func columnOfLogins(header []string, column int) int {
	for _, known := range loginNames {
		i := slices.IndexFunc(header, func(name string) bool { return PlainName(name) == known })
		if i >= 0 && i != column {
			return i
		}
	}
	return -1
}

// Names returns the places of the columns that call a user something a person knows, a login before
// an email address.
func Names(columns []string) []int {
	var found []int
	for _, known := range knownColumns {
		for _, name := range known.names {
			for i, column := range columns {
				if (known.kind == loginColumn || known.kind == mailColumn) && headerName(column) == name {
					found = append(found, i)
				}
			}
		}
	}
	return found
}

// IsIdentifier reports whether a column of this name holds what identifies a user: an ID, a login or
// an email address.
func IsIdentifier(column string) bool {
	kind := kindOf(column)
	return kind == idColumn || kind == loginColumn || kind == mailColumn
}

// planLogin is the column in which a plan has the login that its dry run has looked up.
var planLogin = slices.Index(table.Columns, "login")

// login returns what the row calls a user whom it names by ID, or "".
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
