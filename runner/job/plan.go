package job

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"oktareset/runner/console"
	"oktareset/runner/fault"
	"oktareset/runner/results"
)

// This file is about plans as inputs: one is taken only whole, as it was written and approved, and
// what it was made with holds in its run, too.

// readPlan reads the manifest of an input that is a plan. What is wrong with it is told by
// checkPlan: a resume needs none, as the results know the plan that they were begun with.
func (r *resetRun) readPlan() {
	if !r.input.Plan() || r.recalled {
		return
	}
	m, err := results.ReadManifest(r.paths.input)
	if err != nil {
		r.planErr = err
		return
	}
	r.plan = &m
}

// checkPlan refuses, before a run of it begins, a plan that isn't whole, isn't as it was written,
// or was made for another org or with flags that don't hold now. It takes the plan's ticket over.
func (r *resetRun) checkPlan(ctx context.Context) error {
	if !r.input.Plan() {
		return nil
	}
	if r.plan == nil {
		hint := "make a new plan with --dry-run"
		if errors.Is(r.planErr, fs.ErrNotExist) {
			hint = "keep the .json beside the plan, or make a new plan with --dry-run"
		}
		return fault.Usage(hint, "the plan's org isn't known: %w", r.planErr)
	}
	if err := r.meetOrg(ctx); err != nil {
		return err
	}
	r.warnOfOrg(r.plan, r.paths.input)
	for _, check := range []func(*results.Manifest) error{r.checkWritten, r.checkWhole, r.checkPlannedOrg, r.checkPlannedSteps, r.checkTicket, r.checkPlannedExclusions} {
		if err := check(r.plan); err != nil {
			return err
		}
	}
	if r.opts.Ticket == "" {
		r.opts.Ticket = r.plan.Ticket
	}
	return nil
}

// checkWritten refuses what isn't byte for byte the plan that a dry run has written.
func (r *resetRun) checkWritten(m *results.Manifest) error {
	if !m.DryRun {
		return fault.Usage("keep the .json of the dry run beside its plan, or make a new plan with --dry-run", "%q isn't of a plan",
			results.ManifestPath(r.paths.shown))
	}
	if m.Finished && (m.Result == nil || m.Result.SHA256 != r.survey.SHA256) {
		return fault.Usage("make a new plan with --dry-run, of a file without those who are not to be reset",
			"%s isn't the plan that was made: it was changed since", r.paths.shown)
	}
	return nil
}

// checkWhole refuses a plan of which a part isn't known: whoever approves it approves less than the
// input names, and nobody sees the rest.
func (r *resetRun) checkWhole(m *results.Manifest) error {
	why, command := results.NotPlanned(m, r.paths.shown)
	switch {
	case why == "":
		return nil
	case command == "":
		return fault.Usage("make it again with --dry-run --sandbox, and let it end", "%s isn't a whole plan: %s", r.paths.shown, why)
	}
	return fault.Usage("complete it: "+command, "%s isn't a whole plan: %s", r.paths.shown, why)
}

func (r *resetRun) checkPlannedOrg(m *results.Manifest) error {
	const again = "make a new plan with --dry-run"
	switch host := r.client.Org().Host(); {
	case m.Sandbox && !r.opts.Sandbox:
		return fault.Usage(again+", without --sandbox", "%s is the plan of a rehearsal: it was made for the stand-in org, not for %s", r.paths.shown, host)
	case !m.Sandbox && r.opts.Sandbox:
		return fault.Usage("rehearse with a plan of --dry-run --sandbox", "%s is a plan for %s, not for the stand-in org", r.paths.shown, m.Org)
	case !m.Sandbox && !r.ofThisOrg(m):
		return fault.Usage(again, "%s is a plan for %s, but the org is %s", r.paths.shown, results.OrgName(m.Org, m.OrgID), results.OrgName(host, r.org.ID))
	}
	return nil
}

// checkPlannedSteps refuses to do something else to the users than the plan says, or to look at
// fewer of them first.
func (r *resetRun) checkPlannedSteps(m *results.Manifest) error {
	if planned, now := strings.Join(m.Planned, ", "), strings.Join(r.list.Planned(), ", "); planned != now {
		return fault.Usage(r.hintPlan(m), "%s is a plan to do something else: %q, not %q", r.paths.shown, planned, now)
	}
	if slices.Contains(m.Steps, "skip_admins") && !r.opts.Protect.SkipAdmins {
		return fault.Usage(r.hintPlan(m), "%s was made with --skip-admins: its run has to leave admins alone, too", r.paths.shown)
	}
	return nil
}

// checkTicket refuses another ticket than the one that m has: it stands in what was approved, or in
// rows that were done.
func (r *resetRun) checkTicket(m *results.Manifest) error {
	if m.Ticket == "" || r.opts.Ticket == "" || r.opts.Ticket == m.Ticket {
		return nil
	}
	return fault.Usage("leave --ticket out: the plan's own is used; for another ticket, make a new plan with --dry-run", "%s was made for the ticket %q, not %q",
		r.paths.shown, m.Ticket, r.opts.Ticket)
}

// checkPlannedExclusions refuses a run that doesn't read the plan's files of exclusions again. More
// may be given.
func (r *resetRun) checkPlannedExclusions(m *results.Manifest) error {
	for _, x := range results.RecordedExclusions(m) {
		given := func(f excludedFile) bool {
			return f.sha256 == x.Sha256 && results.LastOptions(m)["exclude-column"] == r.opts.Protect.Column
		}
		if !slices.ContainsFunc(r.protect.files, given) {
			return fault.Usage("give it again, unchanged, with the same --exclude-column; put others who are to be left alone into a further --exclude FILE. The whole command: "+results.PlanCommand(m, r.paths.shown),
				"%s was made with --exclude %s: no --exclude names a file with the same content (SHA-256 %.12s)", r.paths.shown, x.Path, x.Sha256)
		}
	}
	return nil
}

func (r *resetRun) hintPlan(m *results.Manifest) string {
	return "give the flags that the plan was made with: " + results.PlanCommand(m, r.paths.shown) + "; or make a new plan with --dry-run"
}

// planText is as "a plan made 3 days ago: 12 users to reset". How old it is matters: people enroll,
// leave and become admins meanwhile.
func (r *resetRun) planText() string {
	made := ""
	if r.plan != nil && len(r.plan.Runs) > 0 && !r.plan.Runs[0].StartedAt.IsZero() {
		made = " made " + ago(time.Since(r.plan.Runs[0].StartedAt))
	}
	return fmt.Sprintf("a plan%s: %s to reset", made, console.Plural(r.survey.Distinct, "user"))
}

// ago is as "3 days ago".
func ago(d time.Duration) string {
	switch {
	case d < -time.Minute:
		return "in the future, by this machine's clock"
	case d < time.Minute:
		return "less than a minute ago"
	case d < time.Hour:
		return console.Plural(int(d/time.Minute), "minute") + " ago"
	case d < 48*time.Hour:
		return console.Plural(int(d/time.Hour), "hour") + " ago"
	}
	return console.Plural(int(d/(24*time.Hour)), "day") + " ago"
}
