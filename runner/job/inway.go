package job

import (
	"context"
	"errors"
	"fmt"

	"oktareset/runner/console"
	"oktareset/runner/fault"
	"oktareset/runner/ledger"
	"oktareset/runner/results"
)

// explainExists says which file a new run would have to overwrite.
func (t *target) explainExists(exists *ledger.ExistsError) error {
	what, hint := t.wanted().InTheWay()
	return fault.WithHint(fmt.Errorf("%w: %s", exists, what), hint)
}

// explainResume adds what to do about results that this run can't resume.
func (t *target) explainResume(err error) error {
	if m := (*ledger.MismatchError)(nil); errors.As(err, &m) {
		return fault.WithHint(err, t.wanted().MismatchHint(m.What, m.Want, m.Got))
	}
	return err
}

// wanted is this run as one that wants its results to be written.
func (t *target) wanted() *results.Wanted {
	return &results.Wanted{
		Path: t.paths.results, Input: t.paths.input, DryRun: t.opts.DryRun, SHA256: t.survey.SHA256, Plan: t.file.Plan(), Origin: t.origin(), SameOrg: t.ofThisOrg,
		Reach: t.reach,
	}
}

// origin returns the SHA-256 of the file that first named this run's users.
func (in *input) origin() string {
	if in.plan != nil {
		return in.plan.Origin()
	}
	return in.survey.SHA256
}

// warnOfOthers warns of results under one of this input's usual names, which aren't in the way
// because this run writes another file: the same people would be reset a second time.
func (t *target) warnOfOthers(ctx context.Context) error {
	if t.opts.DryRun || t.opts.Sandbox || t.paths.input == "" {
		return nil
	}
	w := t.wanted()
	for _, usual := range w.Usual(t.paths.input, t.plan) {
		m, err := results.ReadManifest(usual)
		if err != nil || m.DryRun || m.Sandbox || !w.Again(&m, usual) {
			continue
		}
		if err := t.meetOrg(ctx); err != nil {
			return err
		}
		if !t.ofThisOrg(&m) {
			continue
		}
		did := "says that " + console.Plural(results.Changed(&m), "user") + " of this input were reset already"
		if !m.Finished {
			did = "says that users of this input may have been reset already"
		}
		t.Console.Warn("%s %s: this run would reset them again", usual, did)
	}
	return nil
}
