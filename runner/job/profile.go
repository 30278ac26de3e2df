package job

import (
	"oktareset/oktaclient"
	"oktareset/runner"
	"oktareset/runner/results"
	"oktareset/runner/roster"
	"oktareset/runner/steps"
)

// enrolling says how each row's factor is enrolled, or nil if none is. The columns that it
// takes must be there.
func (in *input) enrolling() (*steps.Enrolling, error) {
	f := in.opts.What.Enroll
	if f.Type == "" {
		return nil, nil
	}
	return steps.EnrollBy(f, in.file.Columns(), in.emailCell(f))
}

// emailCell returns where the address to enroll stands if it is the column of logins, of a
// plan, too; else nil.
func (in *input) emailCell(f oktaclient.Enrollment) func(runner.Row) string {
	if !oktaclient.ByMail(f.Type) {
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
