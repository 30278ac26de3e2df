package job

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"oktareset/oktaclient"
	"oktareset/runner"
	"oktareset/runner/console"
	"oktareset/runner/fault"
	"oktareset/runner/results"
	"oktareset/runner/steps"
)

// This file is about plans as inputs. A plan is accepted only complete, and as it was written and
// approved; the flags that it was made with apply to its run too.

// readPlan reads the manifest of an input that is a plan. checkPlan reports what is wrong with
// it; a resume doesn't need it, because the results record their plan.
func (in *input) readPlan() {
	if !in.file.Plan() || in.recalled {
		return
	}
	m, err := results.ReadManifest(in.paths.input)
	if err != nil {
		in.planErr = err
		return
	}
	in.plan = &m
}

// checkPlan refuses, before its run begins, a plan that is incomplete, was changed, or was made
// for another org or with flags that don't match. It uses the plan's ticket.
func (t *task) checkPlan(ctx context.Context) error {
	if !t.file.Plan() {
		return nil
	}
	if t.plan == nil {
		hint := "make a new plan with --dry-run"
		if errors.Is(t.planErr, fs.ErrNotExist) {
			hint = "keep the .json beside the plan, or make a new plan with --dry-run"
		}
		return fault.Usage(hint, "the plan's org isn't known: %w", t.planErr)
	}
	if err := t.meetOrg(ctx); err != nil {
		return err
	}
	t.WarnOfOrg(t.plan, t.paths.input)
	for _, check := range []func(*results.Manifest) error{t.checkWritten, t.checkWhole, t.checkPlannedOrg, t.checkPlannedSteps, t.checkTicket, t.checkPlannedExclusions} {
		if err := check(t.plan); err != nil {
			return err
		}
	}
	if t.opts.Ticket == "" {
		t.opts.Ticket = t.plan.Ticket
	}
	return nil
}

// checkWritten refuses a file that isn't byte for byte the plan that a dry run has written.
func (t *task) checkWritten(m *results.Manifest) error {
	if !m.DryRun {
		return fault.Usage("keep the .json of the dry run beside its plan, or make a new plan with --dry-run", "%q isn't of a plan",
			results.ManifestPath(t.paths.shown))
	}
	if m.Finished && (m.Result == nil || m.Result.SHA256 != t.survey.SHA256) {
		return fault.Usage("make a new plan with --dry-run, of a file without those who are not to be reset",
			"%s isn't the plan that was made: it was changed since", t.paths.shown)
	}
	return nil
}

// checkWhole refuses an incomplete plan: its approver would approve less than the input names,
// and nobody sees the rest.
func (t *task) checkWhole(m *results.Manifest) error {
	why, command := results.NotPlanned(t.reach(m), t.paths.shown)
	switch {
	case why == "":
		return nil
	case command == "":
		return fault.Usage("make it again with --dry-run --sandbox, and let it end", "%s isn't a complete plan: %s", t.paths.shown, why)
	}
	return fault.Usage("complete it: "+command, "%s isn't a complete plan: %s", t.paths.shown, why)
}

func (t *task) checkPlannedOrg(m *results.Manifest) error {
	const again = "make a new plan with --dry-run"
	switch host := t.client.Org().Host(); {
	case m.Sandbox && !t.opts.Sandbox:
		return fault.Usage(again+", without --sandbox", "%s is the plan of a rehearsal: it was made for the stand-in org, not for %s", t.paths.shown, host)
	case !m.Sandbox && t.opts.Sandbox:
		return fault.Usage("rehearse with a plan of --dry-run --sandbox", "%s is a plan for %s, not for the stand-in org", t.paths.shown, m.Org)
	case !m.Sandbox && !t.ofThisOrg(m):
		return fault.Usage(again, "%s is a plan for %s, but the org is %s", t.paths.shown, results.OrgName(m.Org, m.OrgID), results.OrgName(host, t.is.ID))
	}
	return nil
}

// checkPlannedSteps refuses to do something else to the users than the plan says, or to leave out
// its check for admins.
func (t *task) checkPlannedSteps(m *results.Manifest) error {
	if planned, now := strings.Join(m.Planned, ", "), strings.Join(t.steps.Planned(), ", "); planned != now {
		return fault.Usage(t.hintPlan(m), "%s is a plan to do something else: %q, not %q", t.paths.shown, planned, now)
	}
	if slices.Contains(m.Steps, runner.StepSkipAdmins) && !t.opts.Protect.SkipAdmins {
		return fault.Usage(t.hintPlan(m), "%s was made with --skip-admins: its run has to leave admins alone, too", t.paths.shown)
	}
	if slices.Contains(m.Steps, runner.StepVerify) && t.opts.What.Verify == "" {
		return fault.Usage(t.hintPlan(m), "%s was made with --verify: its run has to verify the user, too", t.paths.shown)
	}
	return nil
}

// checkTicket refuses a ticket other than m's, which is in the approved plan, or in rows that are
// done: results have one ticket.
func (in *input) checkTicket(m *results.Manifest) error {
	if m.Ticket == "" || in.opts.Ticket == "" || in.opts.Ticket == m.Ticket {
		return nil
	}
	if !m.DryRun && m.Plan == nil {
		return fault.Usage("leave --ticket out: results have one ticket, in every row", "%s was started for the ticket %q, not %q", in.paths.results, m.Ticket, in.opts.Ticket)
	}
	return fault.Usage("leave --ticket out: the plan's own is used; for another ticket, make a new plan with --dry-run", "%s was made for the ticket %q, not %q",
		in.paths.shown, m.Ticket, in.opts.Ticket)
}

// checkPlannedExclusions refuses a run that doesn't read the plan's files of exclusions again. It
// may read more.
func (t *task) checkPlannedExclusions(m *results.Manifest) error {
	for _, x := range m.Exclusions() {
		if !t.protect.Has(x.SHA256) || x.Column != t.opts.Protect.Column {
			return fault.Usage("give it again, unchanged, with the same --exclude-column; put others who are to be left alone into a further --exclude FILE; the whole command: "+results.PlanCommand(t.reach(m), t.paths.shown),
				"%s was made with --exclude %s: no --exclude names a file with the same content (SHA-256 %.12s)", t.paths.shown, x.Path, x.SHA256)
		}
	}
	return nil
}

func (t *task) hintPlan(m *results.Manifest) string {
	if dropped := results.DroppedFlag(m); dropped != "" {
		return "make a new plan with --dry-run: reset has no " + dropped + " any more"
	}
	return "make a new plan with --dry-run, or give the flags that this one was made with: " + results.PlanCommand(t.reach(m), t.paths.shown)
}

// planText returns a text as "a plan made 3 days ago: 12 users to reset". The age matters:
// meanwhile people enroll, leave and become admins.
func (in *input) planText() string {
	made := ""
	if in.plan != nil && !in.plan.Runs[0].StartedAt.IsZero() {
		made = " made " + console.Ago(time.Since(in.plan.Runs[0].StartedAt))
	}
	return fmt.Sprintf("a plan%s: %s to reset", made, console.Plural(in.survey.Distinct, "user"))
}

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
