package access

import (
	"context"

	"oktareset/runner/fault"
	"oktareset/runner/results"
)

// ConnectToOrgOf makes a client for the org of results, whatever its name is now, and refuses
// another org. path is that of the results.
func (e *Env) ConnectToOrgOf(ctx context.Context, m *results.Manifest, path string, w Way) (*Connection, error) {
	c, err := e.Connect(ctx, w)
	if err != nil {
		return nil, err
	}
	host, id := c.Client.Org().Host(), ""
	if m.OrgID == "" {
		e.Console.Warn("%s doesn't have the org's ID, as an earlier version made it: only the name %s is compared", path, m.Org)
	} else {
		org, err := c.Client.GetOrg(ctx)
		if err != nil {
			return nil, fault.CannotBegin(c.Client, err, "ask which org it is")
		}
		id = org.ID
	}
	if !m.SameOrg(host, id) {
		return nil, fault.Usage("give the org of the results by OKTA_CLIENT_ORGURL or --org-url",
			"%s is from %s, but the org is %s", path, results.OrgName(m.Org, m.OrgID), results.OrgName(host, id))
	}
	return c, nil
}
