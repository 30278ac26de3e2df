package job

import (
	"fmt"
	"strings"

	"oktareset/oktaclient"
	"oktareset/runner"
	"oktareset/runner/fault"
	"oktareset/runner/results"
	"oktareset/runner/roster"
	"oktareset/runner/steps"
)

// profileFields are the columns that hold the profile of a factor to enroll without being called profile.NAME.
var profileFields = []string{"phoneNumber", "phoneExtension", "email"}

// enrolling says how each row's factor is enrolled, or nil if none is. The columns that it takes must be there.
func (in *input) enrolling() (*steps.Enrolling, error) {
	f := in.opts.What.Enroll
	if f.Type == "" {
		return nil, nil
	}
	columns, err := profileColumns(f, in.file.Columns())
	if err != nil {
		return nil, err
	}
	email := in.emailCell(f, columns)
	for _, needed := range neededFields(f.Type) {
		if _, ok := columns[needed]; !ok && !(needed == "email" && email != nil) {
			return nil, fault.Usage("put the users into a file with that column; the result keeps it", "--enroll %s needs a column %s", f, needed)
		}
	}
	return &steps.Enrolling{Factor: f, Profile: func(row runner.Row) (map[string]any, error) {
		profile := make(map[string]any, len(columns))
		for field, i := range columns {
			if cell := strings.TrimSpace(row.Cells[i]); cell != "" {
				profile[field] = cell
			}
		}
		if email != nil {
			profile["email"] = email(row)
		}
		return profile, checkCells(f, profile)
	}}, nil
}

// checkCells puts a phone number into Okta's form, and refuses what can't be an address.
func checkCells(f oktaclient.Enrollment, profile map[string]any) error {
	if phone, ok := profile["phoneNumber"].(string); ok {
		number, err := oktaclient.ParsePhone(phone)
		if err != nil {
			return err
		}
		profile["phoneNumber"] = number
	}
	email, _ := profile["email"].(string)
	if name, domain, ok := strings.Cut(email, "@"); f.Type == "email" && (!ok || name == "" || domain == "") {
		return fmt.Errorf("%q is no email address", email)
	}
	return nil
}

// emailCell returns where the address to enroll stands if it is the column of logins, of a plan, too; nil if it has a column of its own.
func (in *input) emailCell(f oktaclient.Enrollment, columns map[string]int) func(runner.Row) string {
	if _, ok := columns["email"]; ok || f.Type != "email" {
		return nil
	}
	column, cell := in.file.Column(), func(row runner.Row) string { return row.Input }
	if in.file.Plan() { // whose own input comes first
		column, cell = "", func(row runner.Row) string { return row.Cells[0] }
	}
	if plan := in.planOrigin(); plan != nil { // checkPlan says what is wrong with one that isn't known
		column = plan.Column
	}
	if !roster.IsMail(column) {
		return nil
	}
	return cell
}

// planOrigin is what is known of the plan that the input is; nil: it is none, or nothing is known.
func (in *input) planOrigin() *results.Plan {
	switch {
	case in.plan != nil:
		return in.plan.AsPlan()
	case in.recalled:
		return in.earlier.Plan
	}
	return nil
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
			return nil, fault.Usage("rename one of them", "columns %q and %q both hold the %s of the factor to enroll", columns[earlier], name, field)
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
		if roster.PlainName(field) == strings.ToLower(known) {
			wanted := known == "email" && factorType == "email" || known != "email" && (factorType == "sms" || factorType == "call")
			return known, wanted
		}
	}
	return field, named && field != "" && neededFields(factorType) == nil // an export has more of a user's profile than a factor's
}
