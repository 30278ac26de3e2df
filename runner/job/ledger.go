package job

import (
	"context"
	"errors"
	"os"

	"oktareset/runner/fault"
	"oktareset/runner/ledger"
	"oktareset/runner/protect"
	"oktareset/runner/results"
	"oktareset/runner/steps"
)

// task is a target, and the steps for each user.
type task struct {
	*target
	steps *steps.Plan
}

// book is a task whose results are open and locked.
type book struct {
	*due
	ledger *ledger.Ledger
}

// openBook creates or resumes the results before the first request: if they can't be written, or
// consent is missing, that has to show before anything is changed.
func (t *task) openBook(ctx context.Context) (*book, error) {
	if t.opts.Resume {
		if t.earlier != nil {
			if err := t.meetOther(ctx); err != nil {
				return nil, err
			}
		}
		b, err := t.resumeBook()
		if err != nil || b != nil {
			return b, err
		}
	}
	if err := t.checkPlan(ctx); err != nil {
		return nil, err
	}
	if !t.opts.Sandbox {
		if err := t.wanted().RefuseCopy(t.paths.input); err != nil {
			return nil, err
		}
	}
	if err := t.warnOfOthers(ctx); err != nil {
		return nil, err
	}
	d := &due{task: t, users: t.survey.Distinct, rows: t.survey.Rows}
	if err := d.checkConfirm(); err != nil {
		return nil, err
	}
	l, err := ledger.Create(d.ledgerSpec())
	if exists := (*ledger.ExistsError)(nil); errors.As(err, &exists) {
		err = t.explainExists(exists)
	}
	if err != nil {
		return nil, fault.Refused(hintLocked(err))
	}
	return &book{due: d, ledger: l}, nil
}

// meetOther asks the org for its ID if its name isn't that of the results to resume: perhaps it is
// another name of the same org.
func (t *task) meetOther(ctx context.Context) error {
	if t.earlier.Org != t.client.Org().Host() {
		if err := t.meetOrg(ctx); err != nil {
			return err
		}
	}
	t.WarnOfOrg(t.earlier, t.paths.results)
	return nil
}

func (d *due) ledgerSpec() ledger.Spec {
	t := d.task
	d.notices.Enrolls = t.opts.What.Enroll.Type != ""
	var planned []string
	if t.opts.DryRun {
		planned = t.steps.Planned()
	}
	var plan *results.Plan
	if t.plan != nil {
		plan = t.plan.AsPlan()
		plan.LeftAlone = protect.LeftAlone(t.plan.Runs)
	}
	return ledger.Spec{
		Path: t.paths.results, Notice: ledger.Notice{Wants: d.notices.Wants, Row: d.notices.Add}, Columns: t.file.Columns(), LastRow: t.survey.Rows + t.survey.Ignored,
		Manifest: results.Manifest{
			Version: t.Version, Org: t.client.Org().Host(), OrgID: t.is.ID, Sandbox: t.opts.Sandbox, DryRun: t.opts.DryRun, Steps: t.steps.Names(), Planned: planned,
			Plan: plan, Ticket: t.opts.Ticket, Consent: results.Consent{How: results.ConsentNone},
			Input: results.Input{
				File: t.inputName(), SHA256: t.survey.SHA256, Bytes: t.survey.Bytes,
				Rows: t.survey.Rows, Distinct: t.survey.Distinct, Column: t.file.Column(),
			},
			Runs: []results.Run{t.thisRun()},
		},
	}
}

// thisRun returns the manifest's entry for this run at its start.
func (r *run) thisRun() results.Run {
	host, _ := os.Hostname()
	return results.Run{
		RunID: r.id, Version: r.Version, StartedAt: r.start, Options: r.opts.Set, Operator: results.Operator{User: r.Operator(), Host: host},
	}
}
