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

// EnrollBy says how each row's factor is enrolled from the columns of its file. login returns a
// row's email address for a file without a column for it; nil: it has none. The columns that the
// factor needs must exist.
func EnrollBy(f oktaclient.Enrollment, names []string, login func(runner.Row) string) (*Enrolling, error) {
	columns, err := profileColumns(f, names)
	if err != nil {
		return nil, err
	}
	if _, ok := columns["email"]; ok {
		login = nil
	}
	for _, needed := range neededFields(f.Type) {
		if _, ok := columns[needed]; !ok && !(needed == "email" && login != nil) {
			return nil, fault.Usage("put the users into a file with that column; the result keeps it", "--enroll %s needs a column %s", f, needed)
		}
	}
	return &Enrolling{Factor: f, Profile: func(row runner.Row) (map[string]any, error) {
		profile := make(map[string]any, len(columns))
		for field, i := range columns {
			if cell := strings.TrimSpace(row.Cells[i]); cell != "" {
				profile[field] = cell
			}
		}
		if login != nil {
			profile["email"] = login(row)
		}
		return profile, checkCells(f, profile)
	}}, nil
}

// checkCells converts a phone number to Okta's form, and refuses what can't be an email address.
func checkCells(f oktaclient.Enrollment, profile map[string]any) error {
	if phone, ok := profile["phoneNumber"].(string); ok {
		number, err := oktaclient.ParsePhone(phone)
		if err != nil {
			return err
		}
		profile["phoneNumber"] = number
	}
	email, _ := profile["email"].(string)
	if name, domain, ok := strings.Cut(email, "@"); oktaclient.ByMail(f.Type) && (!ok || name == "" || domain == "") {
		return fmt.Errorf("%q isn't an email address", email)
	}
	return nil
}

// neededFields returns the profile fields without which a factor of a type can't be enrolled.
func neededFields(factorType string) []string {
	switch {
	case oktaclient.ByPhone(factorType):
		return []string{"phoneNumber"}
	case oktaclient.ByMail(factorType):
		return []string{"email"}
	}
	return nil
}

// profileColumns returns the index of the column for each field of the factor's profile.
func profileColumns(f oktaclient.Enrollment, columns []string) (map[string]int, error) {
	found := make(map[string]int)
	for i, name := range columns {
		field, ok := profileField(f.Type, name)
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
func profileField(factorType, column string) (string, bool) {
	field, named := strings.CutPrefix(column, "profile.")
	for _, known := range profileFields {
		if roster.PlainName(field) == strings.ToLower(known) {
			wanted := known == "email" && oktaclient.ByMail(factorType) || known != "email" && oktaclient.ByPhone(factorType)
			return known, wanted
		}
	}
	// an export has columns of a user's profile, not of a factor's
	return field, named && field != "" && neededFields(factorType) == nil
}
