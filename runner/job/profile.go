package job

import (
	"strings"

	"oktareset/oktaclient"
	"oktareset/runner"
	"oktareset/runner/fault"
	"oktareset/runner/results"
	"oktareset/runner/roster"
	"oktareset/runner/steps"
)

// enrolling says how each row's factor is enrolled, or nil if none is. The columns that it takes must be there.
func (in *input) enrolling() (*steps.Enrolling, error) {
	f := in.opts.What.Enroll
	if f.Type == "" {
		return nil, nil
	}
	columns, err := steps.ProfileColumns(f, in.file.Columns())
	if err != nil {
		return nil, err
	}
	email := in.emailCell(f, columns)
	for _, needed := range steps.NeededFields(f.Type) {
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
		return profile, steps.CheckCells(f, profile)
	}}, nil
}

// emailCell returns where the address to enroll stands if it is the column of logins, of a plan, too; nil if it has a column of its own.
func (in *input) emailCell(f oktaclient.Enrollment, columns map[string]int) func(runner.Row) string {
	if _, ok := columns["email"]; ok || !oktaclient.ByMail(f.Type) {
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
