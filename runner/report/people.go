package report

import (
	"slices"
	"strings"

	"oktareset/runner/roster"
)

// maxCells is how many columns of the input a page shows besides people's names.
const maxCells = 2

// Headers under which exports keep what people know of a user, as [plainHeader] has them.
var (
	wholeNames = []string{"displayname", "fullname", "name", "employeename", "realname"}
	firstNames = []string{"firstname", "givenname", "forename"}
	lastNames  = []string{"lastname", "surname", "familyname", "sn"}
	placeNames = []string{
		"department", "dept", "division", "team", "organization", "businessunit", "costcenter", "company", "location", "office", "city",
		"country", "title", "jobtitle", "position", "manager", "managername", "manageremail",
	}
)

// people says where the input's columns have what people know of a user.
type people struct {
	logins []int    // columns with a login or an email address, the surest first
	name   []int    // one with the name, or two with its parts
	cells  []int    // others that are shown
	header []string // their names
}

// plainHeader is the header of an input's column, as a result names it, without what doesn't count.
func plainHeader(column string) string {
	return strings.TrimPrefix(roster.PlainName(strings.TrimPrefix(column, "input.")), "profile")
}

// newPeople chooses among the input's columns.
func newPeople(columns []string) people {
	own := make([]string, len(columns))
	for i, column := range columns {
		own[i] = strings.TrimPrefix(column, "input.")
	}
	p := people{logins: roster.Names(own)}
	find := func(known []string) int {
		for _, name := range known {
			if i := slices.IndexFunc(columns, func(c string) bool { return plainHeader(c) == name }); i >= 0 {
				return i
			}
		}
		return -1
	}
	whole, first, last := find(wholeNames), find(firstNames), find(lastNames)
	switch {
	case whole >= 0:
		p.name = []int{whole}
	case first >= 0 && last >= 0:
		p.name = []int{first, last}
	}
	show := func(i int) {
		if i >= 0 && len(p.cells) < maxCells && !slices.Contains(p.cells, i) {
			p.cells, p.header = append(p.cells, i), append(p.header, own[i])
		}
	}
	for _, known := range placeNames {
		show(find([]string{known}))
	}
	for i, name := range own {
		if !roster.IsIdentifier(name) && i != whole && i != first && i != last {
			show(i)
		}
	}
	return p
}

// who is what the input's cells of a row say of its user.
type who struct {
	named string   // a login or an email address
	name  string   // of the person
	cells []string // others that are shown
}

// who reads the cells of a row.
func (p *people) who(cells []string) who {
	at := func(i int) string {
		if i < len(cells) {
			return strings.TrimSpace(cells[i])
		}
		return ""
	}
	var w who
	for _, i := range p.logins {
		if w.named = at(i); w.named != "" {
			break
		}
	}
	var name []string
	for _, i := range p.name {
		name = append(name, at(i))
	}
	w.name = strings.TrimSpace(strings.Join(name, " "))
	for _, i := range p.cells {
		w.cells = append(w.cells, at(i))
	}
	return w
}
