package job

import (
	"context"
	"errors"
	"os"
	"os/user"

	"oktareset/runner/fault"
	"oktareset/runner/ledger"
	"oktareset/runner/results"
)

// openLedger creates or resumes the results before the first request: what can't be written must show before anything is changed, and so must a
// lack of consent.
func (r *resetRun) openLedger(ctx context.Context) error {
	if r.opts.Resume {
		if r.earlier != nil {
			if r.earlier.Org != r.client.Org().Host() { // perhaps another name of the same
				if err := r.meetOrg(ctx); err != nil {
					return err
				}
			}
			r.warnOfOrg(r.earlier, r.paths.results)
		}
		resumed, err := r.resume()
		if err == nil && resumed {
			err = r.checkConfirm()
		}
		if err != nil && r.book != nil {
			return r.abandon(err)
		}
		if err != nil || resumed {
			return err
		}
	}
	if err := r.checkPlan(ctx); err != nil {
		return err
	}
	if err := r.refuseCopy(); err != nil {
		return err
	}
	if err := r.warnOfOthers(ctx); err != nil {
		return err
	}
	r.toDo, r.rowsToDo = r.survey.Distinct, r.survey.Rows
	if err := r.checkConfirm(); err != nil {
		return err
	}
	var err error
	r.book, err = ledger.Create(r.ledgerSpec())
	if exists := (*ledger.ExistsError)(nil); errors.As(err, &exists) {
		err = r.explainExists(exists)
	}
	if err != nil {
		return fault.Refused(hintLocked(err))
	}
	return nil
}

func (r *resetRun) ledgerSpec() ledger.Spec {
	var planned []string
	if r.opts.DryRun {
		planned = r.list.Planned()
	}
	var plan *results.Plan
	if r.plan != nil {
		plan = r.plan.AsPlan()
		plan.LeftAlone = r.leftAlone(r.plan.Runs)
	}
	return ledger.Spec{
		Path: r.paths.results, Columns: r.input.Columns(), LastRow: r.survey.Rows + r.survey.Ignored,
		Manifest: results.Manifest{
			Version: r.Version, Org: r.client.Org().Host(), OrgID: r.org.ID, Sandbox: r.opts.Sandbox, DryRun: r.opts.DryRun, Steps: r.list.Names(), Planned: planned,
			Plan: plan, Ticket: r.opts.Ticket, Consent: results.Consent{How: results.ConsentNone},
			Input: results.Input{
				File: r.inputName(), SHA256: r.survey.SHA256, Bytes: r.survey.Bytes,
				Rows: r.survey.Rows, Distinct: r.survey.Distinct, Column: r.input.Column(),
			},
			Runs: []results.Run{r.thisRun()},
		},
	}
}

// thisRun is what the manifest says of this run from its start.
func (r *resetRun) thisRun() results.Run {
	host, _ := os.Hostname()
	return results.Run{
		RunID: r.id, Version: r.Version, StartedAt: r.start, Options: r.opts.Set, Operator: results.Operator{User: r.operator(), Host: host},
	}
}

func (r *resetRun) operator() string {
	for _, variable := range []string{"USER", "USERNAME", "LOGNAME"} {
		if name := r.Getenv(variable); name != "" {
			return name
		}
	}
	if u, err := user.Current(); err == nil {
		return u.Username
	}
	return ""
}
