package steps

import (
	"slices"

	"oktareset/runner"
)

// Options say what is done to each user.
type Options struct {
	DryRun bool
	// leave users with an admin role alone; a call for each row in the reset's own bucket
	SkipAdmins bool
	// list the factors before the change, in the result; a call for each row in the reset's own
	// bucket
	RecordFactors bool
	Verify        bool         // reset only users who have proved who they are
	Unenroll      []FactorType // unenroll only these; none: reset all factors
	// with Unenroll: also forget the phone number of an sms or call as a way of recovery
	RemoveRecovery bool
	Then           []runner.Reason // reasons of later steps, as in [runner.StepOf]
	Enroll         *Enrolling      // last: enroll a factor
	Limit          *Limit          // users to begin before the run ends; nil: all
	RunID          string          // of this run, as in its User-Agent
	// many are expected to be forbidden, so that ten at the start mean nothing
	Forbidden bool
	Mail      bool // rows name users by their email addresses
}

// Plan is the steps of a run, in order.
type Plan struct {
	Steps []runner.Step // with their full names

	opts    Options
	changes int // how many of the steps change something
}

// NewPlan chooses the steps. The first change is the reset of all factors, or the unenrollment of
// some.
func NewPlan(o Options) *Plan {
	p := &Plan{opts: o}
	for _, s := range runner.Steps {
		if !o.choose(s) {
			continue
		}
		switch {
		case s.Changes && s.Open == runner.ReasonUnenroll:
			s.Name = o.unenrollName()
		case s.Changes && s.Open == runner.ReasonEnroll:
			s.Name = o.Enroll.name()
		case s.Changes && s.Open == runner.ReasonSend:
			s.Name = "send the activation link by " + string(o.Enroll.Send)
		}
		p.Steps = append(p.Steps, s)
		if s.Changes {
			p.changes++
		}
	}
	return p
}

// choose reports whether a step is done.
func (o *Options) choose(s runner.Step) bool {
	switch {
	case s.Flag != "":
		return slices.Contains(o.Then, s.Open)
	case s.Changes && s.Open == runner.StepReset:
		return len(o.Unenroll) == 0
	case s.Changes && s.Open == runner.ReasonUnenroll, s.Name == runner.StepChooseFactors:
		return len(o.Unenroll) > 0
	case s.Changes && s.Open == runner.ReasonEnroll, s.Name == runner.StepCheckProfile, s.Name == runner.StepCheckPolicy:
		return o.Enroll != nil
	case s.Changes && s.Open == runner.ReasonSend:
		return o.Enroll != nil && o.Enroll.Send != ""
	case s.Name == runner.StepSkipAdmins:
		return o.SkipAdmins
	case s.Name == runner.StepRecordFactors:
		return o.RecordFactors
	case s.Name == runner.StepVerify:
		return o.Verify
	}
	return true
}

// Names returns the names of the steps, in order. A dry run's names leave out the steps that
// change something: those are in Planned.
func (p *Plan) Names() []string {
	return p.names(func(s runner.Step) bool { return !s.Changes || !p.opts.DryRun })
}

// Planned returns the names of the steps that change something, in order.
func (p *Plan) Planned() []string { return p.names(func(s runner.Step) bool { return s.Changes }) }

func (p *Plan) names(which func(runner.Step) bool) []string {
	var names []string
	for _, s := range p.Steps {
		if which(s) {
			names = append(names, s.Name)
		}
	}
	return names
}

// Calls returns how many calls in the reset's bucket a row with a user ID needs at least.
func (p *Plan) Calls() int {
	return p.calls(func(s runner.Step) bool { return !s.Changes || !p.opts.DryRun })
}

// CallsOfRun is [Plan.Calls] for the run that changes the users, of which a dry run makes a plan.
func (p *Plan) CallsOfRun() int { return p.calls(func(runner.Step) bool { return true }) }

func (p *Plan) calls(which func(runner.Step) bool) int {
	n := 0
	for _, s := range p.Steps {
		if which(s) {
			n += s.Calls
		}
	}
	return n
}

// AfterReset returns the reason of a partial row in which only the reset is known to be done; ""
// if there is no later step.
func (p *Plan) AfterReset() runner.Reason {
	for _, s := range p.Steps {
		if s.Changes && !s.First {
			return s.Open
		}
	}
	return ""
}
