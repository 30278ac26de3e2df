package access

import (
	"context"

	"oktareset/runner/fault"
	"oktareset/runner/results"
)

// ConnectToOrgOf makes a client for the org of results, whatever its name is now, and refuses
// another org. From then on, the commands made from m have the flags of this one. path is that of
// the results.
func (e *Env) ConnectToOrgOf(ctx context.Context, m *results.Manifest, path string, w Way) (*Connection, error) {
	c, err := e.Connect(ctx, w)
	if err != nil {
		return nil, err
	}
	host, id := c.Client.Org().Host(), ""
	e.WarnOfOrg(m, path)
	if m.OrgID != "" { // otherwise there is nothing to compare an ID with
		org, err := c.Client.GetOrg(ctx)
		if err != nil {
			return nil, fault.CannotBegin(c.Client, err, "ask which org it is")
		}
		if org.ID == "" {
			return nil, NoOrgID(host)
		}
		id = org.ID
	}
	if !m.SameOrg(host, id) {
		return nil, fault.Usage("give the org of the results by OKTA_CLIENT_ORGURL or --org-url",
			"%s is from %s, but the org is %s", path, results.OrgName(m.Org, m.OrgID), results.OrgName(host, id))
	}
	m.Reach = w.Flags
	return c, nil
}

// WarnOfOrg warns if only the org's name can be compared with the manifest of the results or plan at
// path.
func (e *Env) WarnOfOrg(m *results.Manifest, path string) {
	if m.OrgID == "" && !m.Sandbox {
		e.Console.Warn("%s doesn't have the org's ID, as an earlier version made it: only the name %s is compared", path, m.Org)
	}
}

// NoOrgID is the error for an org that reports no ID. One org may have two names, and a name may
// pass to another org: a comparison of names could reset somebody twice, or mail strangers.
func NoOrgID(host string) error {
	return fault.Usage("check the org URL; something between here and Okta may answer in its place; nothing was changed",
		"%s doesn't report the org's ID: nothing shows which org it is", host)
}
