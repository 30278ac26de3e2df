package job

import (
	"context"

	"oktareset/runner/challenge"
	"oktareset/runner/fault"
	"oktareset/runner/results"
	"oktareset/runner/steps"
)

// verifiable refuses to verify more than one user, as one person is on the phone, and a new run
// that could read no passcode.
func (in *input) verifiable(ctx context.Context) error {
	by := in.opts.What.Verify
	if n := in.survey.Distinct; by != "" && n != 1 {
		return fault.Usage("run it once for each: --user alice@example.com --verify "+by, "--verify is for one user, and %s names %d", in.paths.shown, n)
	}
	if by == "" || in.opts.DryRun || in.earlier != nil {
		return nil
	}
	return challenge.Answerable(ctx, in.Env, by)
}

// verify completes what the steps need to verify the user. A success that an earlier run recorded
// counts only if nobody else can have written it.
func (c *cleared) verify(with *steps.With) {
	c.verifier = &challenge.Verifier{
		Env: c.Env, Client: c.client, Org: c.opts.Org, StandIn: c.standIn, By: c.opts.What.Verify, Lost: c.opts.What.Factors, DryRun: c.opts.DryRun, RunID: c.id,
		Record: func(now results.Verified) error {
			return c.ledger.Update(func(m *results.Manifest) { m.Verified = &now })
		},
	}
	if c.resumed && c.inPlace() {
		c.verifier.Last = c.manifest.Verified
	}
	with.Verify = c.verifier.Verify
}

// remedied returns the manifest for the commands that try again: if the user can't be verified as
// asked, by another factor.
func (b *book) remedied() results.Manifest {
	m := b.ledger.Manifest()
	if v := b.verifier; v != nil && v.Instead != "" {
		m.Run().Options["verify"] = v.Instead
	}
	return m
}
