package job

import (
	"oktareset/oktaclient"
	"oktareset/runner"
	"oktareset/runner/results"
	"oktareset/runner/roster"
	"oktareset/runner/steps"
)

// enrolling says how each row's factor is enrolled, or nil if none is. The columns that it needs
// must exist.
func (in *input) enrolling() (*steps.Enrolling, error) {
	f := in.opts.What.Enroll
	if f.Type == "" {
		return nil, nil
	}
	return steps.EnrollBy(f, in.opts.What.Send, in.file.Columns(), in.emailCell(f))
}

// emailCell returns a function for the address to enroll if the column of logins, or a plan's,
// has it; otherwise nil.
func (in *input) emailCell(f oktaclient.Enrollment) func(runner.Row) string {
	if !oktaclient.ByMail(f.Type) {
		return nil
	}
	column, cell := in.file.Column(), func(row runner.Row) string { return row.Input }
	if in.file.Plan() { // the first further column is the plan's own input
		column, cell = "", func(row runner.Row) string { return row.Cells[0] }
	}
	if plan := in.planOrigin(); plan != nil { // checkPlan reports an unknown plan
		column = plan.Column
	}
	if !roster.IsMail(column) {
		return nil
	}
	return cell
}

// planOrigin returns what is known about the plan that is the input; nil: it is no plan, or
// nothing is known.
func (in *input) planOrigin() *results.Plan {
	switch {
	case in.plan != nil:
		return in.plan.AsPlan()
	case in.recalled:
		return in.earlier.Plan
	}
	return nil
}
