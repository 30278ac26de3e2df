package job

import (
	"context"

	"oktareset/oktaclient"
	"oktareset/runner/access"
	"oktareset/runner/fault"
	"oktareset/runner/results"
)

// org is a run's org, and the client for it.
type org struct {
	run     *run
	client  *oktaclient.Client
	standIn *access.Sandbox // nil with a real org
	is      oktaclient.Org  // once it was asked
	met     bool
}

// meetOrg asks the org for its ID, once. One org may have several names: the ID shows whether
// results, plans and earlier dates belong to it. Without the ID nothing is changed.
func (o *org) meetOrg(ctx context.Context) error {
	if o.met {
		return nil
	}
	optional := o.run.opts.DryRun || o.run.opts.Sandbox
	if optional {
		brief, cancel := context.WithTimeout(ctx, access.OptionalTime)
		defer cancel()
		ctx = brief
	}
	is, err := o.client.GetOrg(ctx)
	switch {
	case err == nil && is.ID == "" && !optional:
		return access.NoOrgID(o.client.Org().Host())
	case err != nil && !optional:
		return fault.CannotBegin(o.client, err, "ask which org it is")
	case err != nil:
		o.run.Console.Warn("the org doesn't report its ID and its engine: %v", err)
	}
	o.is, o.met = is, true
	return nil
}

// sameOrg reports whether a manifest, of the results or plan at path, belongs to this run's org.
func (o *org) sameOrg(ctx context.Context, m *results.Manifest, path string) (bool, error) {
	if err := o.meetOrg(ctx); err != nil {
		return false, err
	}
	o.run.WarnOfOrg(m, path)
	return o.ofThisOrg(m), nil
}

// ofThisOrg is sameOrg without asking the org. Without a client, nothing belongs to the run's org.
func (o *org) ofThisOrg(m *results.Manifest) bool {
	return o.client != nil && m.SameOrg(o.client.Org().Host(), o.is.ID)
}

// reach has the commands that are made from a manifest use the flags of this run, if they are for
// its org.
func (o *org) reach(m *results.Manifest) *results.Manifest {
	if o.ofThisOrg(m) {
		m.Reach = o.run.opts.Org
	}
	return m
}
