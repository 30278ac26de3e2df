package roster

import (
	"slices"
	"strings"

	"oktareset/runner"
)

// Person is what a row's cells say of its user, for people to read and to write to. Anything may
// be missing.
type Person struct {
	Login   string
	Mail    string
	Name    string
	Manager Manager
}

// Manager is what a row's cells say of its user's manager.
type Manager struct {
	Name string
	Mail string
	ID   string // what Okta finds the manager by: an ID, or a login
}

// field is what a column says of a person.
type field int

const (
	wholeName field = iota
	firstName
	lastName
	managerAny // Okta's attribute manager is free text: the cell decides
	managerName
	managerMail
	managerID
	fields
)

// personColumns are the headers under which exports keep what is known of a person besides
// [knownColumns], as [PlainColumn] has them, the surest first.
var personColumns = [fields][]string{
	wholeName:   {"displayname", "fullname", "namefullname", "name", "employeename", "realname"},
	firstName:   {"firstname", "givenname", "namegivenname", "forename"},
	lastName:    {"lastname", "surname", "familyname", "namefamilyname", "sn"},
	managerAny:  {"manager", "supervisor"},
	managerName: {"managername", "managerdisplayname", "managerfullname", "supervisorname"},
	managerMail: {"manageremail", "manageremailaddress", "managermail", "managerworkemail", "supervisoremail"},
	managerID:   {"managerid", "managerlogin", "managerusername", "manageruserprincipalname", "managerupn"},
}

// PlainColumn returns the name of an input's column, as results have it, without what doesn't
// count: see [PlainName].
func PlainColumn(column string) string {
	return strings.TrimPrefix(headerName(strings.TrimPrefix(column, "input.")), "profile")
}

// IsPersonal reports whether a column says who a user is: by an identifier or by a name.
func IsPersonal(column string) bool {
	plain := PlainColumn(column)
	switch kindOf(plain) {
	case idColumn, loginColumn, mailColumn:
		return true
	}
	return slices.ContainsFunc(personColumns[:managerAny], func(known []string) bool { return slices.Contains(known, plain) })
}

// People returns a function that reads what the cells of an input's columns say of a row's user.
// The column that identifies the users isn't among these columns: results have it as input.
func People(columns []string) func(cells []string) Person {
	plain := make([]string, len(columns))
	for i, column := range columns {
		plain[i] = PlainColumn(column)
	}
	places := func(known []string) (found []int) {
		for _, name := range known {
			for i := range plain {
				if plain[i] == name {
					found = append(found, i)
				}
			}
		}
		return found
	}
	var of [fields][]int
	for f, known := range personColumns {
		of[f] = places(known)
	}
	var logins, mails []int
	for _, known := range knownColumns {
		switch known.kind {
		case loginColumn:
			logins = places(known.names)
		case mailColumn:
			mails = places(known.names)
		}
	}
	return func(cells []string) Person {
		p := Person{Login: firstCell(cells, logins), Mail: firstCell(cells, mails)}
		p.Name = fullName(firstCell(cells, of[wholeName]), firstCell(cells, of[firstName]), firstCell(cells, of[lastName]))
		p.Manager = Manager{firstCell(cells, of[managerName]), firstCell(cells, of[managerMail]), firstCell(cells, of[managerID])}
		p.Manager.add(firstCell(cells, of[managerAny]))
		return p
	}
}

// firstCell returns the first of the cells at these places that isn't empty.
func firstCell(cells []string, places []int) string {
	for _, i := range places {
		if i < len(cells) {
			if cell := strings.TrimSpace(cells[i]); cell != "" {
				return cell
			}
		}
	}
	return ""
}

// fullName returns the name that people call somebody. Directories write a whole name in many
// ways, so first and last name are preferred. One of them alone is used if there is nothing else.
func fullName(whole, first, last string) string {
	if whole != "" && (first == "" || last == "") {
		return whole
	}
	return strings.TrimSpace(first + " " + last)
}

// add adds what a cell says that may be an ID, an address or a name. Columns with one kind of
// these are surer.
func (m *Manager) add(cell string) {
	to := &m.Name
	if id, reason := runner.ParseIdentifier(cell); reason == "" && id.Kind == runner.KindID {
		to = &m.ID
	} else if reason == "" && strings.Contains(cell, "@") && !strings.ContainsAny(cell, " ,;<") {
		to = &m.Mail
	}
	if *to == "" {
		*to = cell
	}
}
