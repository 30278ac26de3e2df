package job

import (
	"context"

	"oktareset/runner/access"
	"oktareset/runner/fault"
	"oktareset/runner/results"
)

// meetOrg asks the org for its ID, once: one org may have several names, and it is the ID that
// tells whether results, plans and earlier dates are those of this org. Nothing is changed without
// it.
func (r *resetRun) meetOrg(ctx context.Context) error {
	if r.met {
		return nil
	}
	optional := r.opts.DryRun || r.opts.Sandbox
	if optional {
		brief, cancel := context.WithTimeout(ctx, access.OptionalTime)
		defer cancel()
		ctx = brief
	}
	org, err := r.client.GetOrg(ctx)
	switch {
	case err == nil && org.ID == "" && !optional:
		return fault.Usage("check the org URL; something between here and Okta may answer in its place; nothing was changed",
			"%s doesn't tell the org's ID: without it, one org under two names could be reset twice", r.client.Org().Host())
	case err != nil && !optional:
		return fault.CannotBegin(r.client, err, "ask which org it is")
	case err != nil:
		r.Console.Warn("the org doesn't tell its ID and its engine: %v", err)
	}
	r.org, r.engine, r.met = org, org.Engine, true
	return r.sameAsBefore()
}

// sameAsBefore refuses to go on with results that turn out to be another org's, though its name is
// the same.
func (r *resetRun) sameAsBefore() error {
	if !r.resumed || r.opts.Sandbox {
		return nil
	}
	m := r.book.Manifest()
	if r.ofThisOrg(&m) {
		return nil
	}
	return fault.Usage("go on in the org that they were begun in; for this one, name other results with -o", "%s is from %s, but the org is %s",
		r.paths.results, results.OrgName(m.Org, m.OrgID), results.OrgName(r.client.Org().Host(), r.org.ID))
}

// sameOrg reports whether a manifest, of the results or plan at path, is of this run's org.
func (r *resetRun) sameOrg(ctx context.Context, m *results.Manifest, path string) (bool, error) {
	if err := r.meetOrg(ctx); err != nil {
		return false, err
	}
	r.warnOfOrg(m, path)
	return r.ofThisOrg(m), nil
}

// ofThisOrg is sameOrg as far as the org is known already.
func (r *resetRun) ofThisOrg(m *results.Manifest) bool {
	return m.SameOrg(r.client.Org().Host(), r.org.ID)
}

// warnOfOrg warns where only the org's name can be compared.
func (r *resetRun) warnOfOrg(m *results.Manifest, path string) {
	if m.OrgID == "" && !m.Sandbox {
		r.Console.Warn("%s doesn't have the org's ID, as an earlier version made it: only the name %s is compared", path, m.Org)
	}
}
