package report

import (
	"cmp"
	"slices"
	"strings"

	"oktareset/runner/roster"
)

// maxCells is how many columns of the input a page shows besides people's names.
const maxCells = 2

// placeNames are the headers under which exports keep where somebody works, as [roster.PlainColumn]
// has them, the first to be shown first.
var placeNames = []string{
	"department", "dept", "division", "team", "organization", "businessunit", "costcenter", "company", "location", "office", "city",
	"country", "title", "jobtitle", "position", "manager", "managername", "manageremail",
}

// people says where the input's columns have what people know of a user.
type people struct {
	read   func(cells []string) roster.Person
	cells  []int    // columns that are shown besides the name
	header []string // their names
}

// newPeople chooses among the input's columns.
func newPeople(columns []string) people {
	p := people{read: roster.People(columns)}
	show := func(i int) {
		if i >= 0 && len(p.cells) < maxCells && !slices.Contains(p.cells, i) {
			p.cells, p.header = append(p.cells, i), append(p.header, strings.TrimPrefix(columns[i], "input."))
		}
	}
	for _, known := range placeNames {
		show(slices.IndexFunc(columns, func(c string) bool { return roster.PlainColumn(c) == known }))
	}
	for i, column := range columns {
		if !roster.IsPersonal(column) {
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
	person := p.read(cells)
	w := who{named: cmp.Or(person.Login, person.Mail), name: person.Name}
	for _, i := range p.cells {
		cell := ""
		if i < len(cells) {
			cell = strings.TrimSpace(cells[i])
		}
		w.cells = append(w.cells, cell)
	}
	return w
}
