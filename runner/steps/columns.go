package steps

import (
	"fmt"
	"strings"

	"oktareset/oktaclient"
	"oktareset/runner"
	"oktareset/runner/fault"
	"oktareset/runner/roster"
)

// profileFields are the columns with the profile of a factor to enroll that needn't be named
// profile.NAME.
var profileFields = []string{"phoneNumber", "phoneExtension", "email"}

// EnrollBy says how each row's factor is enrolled from the columns of its file, and how Okta sends
// the link that activates it; "": it doesn't. login returns a row's email address for a file without
// a column for it; nil: it has none. The columns that the factor needs must exist, and that of the
// phone numbers to which links go.
func EnrollBy(f oktaclient.Enrollment, send oktaclient.Send, names []string, login func(runner.Row) string) (*Enrolling, error) {
	e := &Enrolling{Factor: f, Send: send}
	columns, err := e.profileColumns(names)
	if err != nil {
		return nil, err
	}
	if _, ok := columns["email"]; ok {
		login = nil
	}
	for _, needed := range e.neededFields() {
		if _, ok := columns[needed]; !ok && !(needed == "email" && login != nil) {
			what := "--enroll " + f.String()
			if e.byPhone() && !oktaclient.ByPhone(f.Type) {
				what = "--send " + string(send)
			}
			return nil, fault.Usage("put the users into a file with that column; the result keeps it", "%s needs a column %s", what, needed)
		}
	}
	e.Profile = func(row runner.Row) (map[string]any, error) {
		profile := make(map[string]any, len(columns))
		for field, i := range columns {
			if cell := strings.TrimSpace(row.Cells[i]); cell != "" {
				profile[field] = cell
			}
		}
		if login != nil {
			profile["email"] = login(row)
		}
		return profile, e.checkCells(profile)
	}
	return e, nil
}

// byPhone reports whether each row has a phone number: of the factor, or for the link to it.
func (e *Enrolling) byPhone() bool {
	return oktaclient.ByPhone(e.Factor.Type) || e.Send == oktaclient.SendSMS
}

// checkCells converts a phone number to Okta's form, and refuses what can't be an email address.
func (e *Enrolling) checkCells(profile map[string]any) error {
	if phone, ok := profile["phoneNumber"].(string); ok || e.Send == oktaclient.SendSMS {
		number, err := oktaclient.ParsePhone(phone)
		if err != nil {
			return err
		}
		profile["phoneNumber"] = number
	}
	email, _ := profile["email"].(string)
	if name, domain, ok := strings.Cut(email, "@"); oktaclient.ByMail(e.Factor.Type) && (!ok || name == "" || domain == "") {
		return fmt.Errorf("%q isn't an email address", email)
	}
	return nil
}

// neededFields returns the fields without which nobody can be enrolled.
func (e *Enrolling) neededFields() []string {
	switch {
	case e.byPhone():
		return []string{"phoneNumber"}
	case oktaclient.ByMail(e.Factor.Type):
		return []string{"email"}
	}
	return nil
}

// profileColumns returns the index of the column for each field of the factor's profile.
func (e *Enrolling) profileColumns(columns []string) (map[string]int, error) {
	found := make(map[string]int)
	for i, name := range columns {
		field, ok := e.profileField(name)
		if !ok {
			continue
		}
		if earlier, twice := found[field]; twice {
			return nil, fault.Usage("rename one of them", "columns %q and %q both have the %s of the factor to enroll", columns[earlier], name, field)
		}
		found[field] = i
	}
	return found, nil
}

// profileField returns the profile field of a column: phoneNumber, phoneExtension and email under
// names that may differ in case, spaces, dashes and underscores, others as profile.NAME, where
// NAME is taken literally.
func (e *Enrolling) profileField(column string) (string, bool) {
	field, named := strings.CutPrefix(column, "profile.")
	for _, known := range profileFields {
		if roster.PlainName(field) == strings.ToLower(known) {
			switch known {
			case "email":
				return known, oktaclient.ByMail(e.Factor.Type)
			case "phoneNumber":
				return known, e.byPhone()
			}
			return known, oktaclient.ByPhone(e.Factor.Type)
		}
	}
	// an export has columns of a user's profile, not of a factor's
	return field, named && field != "" && e.neededFields() == nil
}
