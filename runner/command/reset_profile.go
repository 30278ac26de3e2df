package command

import (
	"strings"
	"unicode"

	"oktareset/oktaclient"
	"oktareset/runner"
	"oktareset/runner/steps"
)

// profileFields are the columns that hold the profile of a factor to enroll without being called profile.NAME.
var profileFields = []string{"phoneNumber", "phoneExtension", "email"}

// enrolling says how each row's factor is enrolled, or nil if none is. The columns that it takes must be there.
func (r *resetRun) enrolling() (*steps.Enrolling, error) {
	f := r.opts.what.enroll
	if f.Type == "" {
		return nil, nil
	}
	columns, err := profileColumns(f, r.input.Columns())
	if err != nil {
		return nil, err
	}
	byInput := false // the column of logins is the one of addresses
	if _, ok := columns["email"]; f.Type == "email" && !ok {
		byInput = plainColumn(r.input.Column()) == "email"
	}
	for _, needed := range neededFields(f.Type) {
		if _, ok := columns[needed]; !ok && !(needed == "email" && byInput) {
			return nil, usageError("add it to the file; the result keeps it", "--enroll %s needs a column %s", f, needed)
		}
	}
	return &steps.Enrolling{Factor: f, Profile: func(row runner.Row) (map[string]any, error) {
		profile := make(map[string]any, len(columns))
		for field, i := range columns {
			if cell := strings.TrimSpace(row.Cells[i]); cell != "" {
				profile[field] = cell
			}
		}
		if byInput {
			profile["email"] = row.Input
		}
		if phone, ok := profile["phoneNumber"].(string); ok {
			number, err := oktaclient.ParsePhone(phone)
			if err != nil {
				return nil, err
			}
			profile["phoneNumber"] = number
		}
		return profile, nil
	}}, nil
}

func neededFields(factorType string) []string {
	switch factorType {
	case "sms", "call":
		return []string{"phoneNumber"}
	case "email":
		return []string{"email"}
	}
	return nil
}

// profileColumns returns the place of each field of the factor's profile among the columns.
func profileColumns(f oktaclient.Enrollment, columns []string) (map[string]int, error) {
	found := make(map[string]int)
	for i, name := range columns {
		field, ok := profileField(f.Type, name)
		if !ok {
			continue
		}
		if earlier, twice := found[field]; twice {
			return nil, usageError("rename one of them", "columns %q and %q both hold the %s of the factor to enroll", columns[earlier], name, field)
		}
		found[field] = i
	}
	return found, nil
}

// profileField returns the field of a profile that a column holds: phoneNumber, phoneExtension and email under names that differ in case, spaces,
// dashes and underscores, others as profile.NAME, NAME taken as it stands.
func profileField(factorType, column string) (string, bool) {
	field, named := strings.CutPrefix(column, "profile.")
	for _, known := range profileFields {
		if plainColumn(field) == strings.ToLower(known) {
			wanted := known == "email" && factorType == "email" || known != "email" && (factorType == "sms" || factorType == "call")
			return known, wanted
		}
	}
	return field, named && field != ""
}

func plainColumn(name string) string {
	return strings.ToLower(strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || r == '.' || r == '-' || r == '_' {
			return -1
		}
		return r
	}, name))
}
