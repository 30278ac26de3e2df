package job

import (
	"oktareset/oktaclient"
	"oktareset/runner"
	"oktareset/runner/results"
	"oktareset/runner/steps"
)

// enrolling says how each row's factor is enrolled, or nil if none is. The columns that it needs
// must exist.
func (in *input) enrolling() (*steps.Enrolling, error) {
	f := in.opts.What.Enroll
	if f.Type == "" {
		return nil, nil
	}
	var mail func(runner.Row) string
	if oktaclient.ByMail(f.Type) {
		planned := ""
		if plan := in.planOrigin(); plan != nil { // checkPlan reports an unknown plan
			planned = plan.Column
		}
		mail = in.file.MailCell(planned)
	}
	return steps.EnrollBy(f, in.opts.What.Send, in.file.Columns(), mail)
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
