package access

import (
	"slices"
	"strings"

	"oktareset/oktaclient"
	"oktareset/runner/fault"
)

// Lacking returns the needed scopes that the client's access token doesn't have, as far as Okta
// has said which it has. A manage scope includes the read scope.
func (s Scopes) Lacking(c *oktaclient.Client) []string {
	granted, _, _ := c.Grant()
	if len(granted) == 0 { // an API token has no scopes; for an access token, Okta didn't name them
		return nil
	}
	return slices.DeleteFunc(slices.Clone(s.Needed), func(scope string) bool {
		resource, read := strings.CutSuffix(scope, ".read")
		return slices.Contains(granted, scope) || read && slices.Contains(granted, resource+".manage")
	})
}

// LacksScopes refuses an access token without the needed scopes, before anybody is asked: Okta
// would refuse it later.
func LacksScopes(c *oktaclient.Client, s Scopes) error {
	lacking := s.Lacking(c)
	if len(lacking) == 0 {
		return nil
	}
	return fault.New(fault.ExitNoAccess, fault.HintGrant,
		"%s doesn't let the service app do that: its access token lacks %s", c.Org().Host(), strings.Join(lacking, " and "))
}

// LogScopes are what reading the log needs.
var LogScopes = Scopes{Needed: []string{oktaclient.ScopeLogsRead}}
