package access

import (
	"slices"
	"strings"

	"oktareset/oktaclient"
	"oktareset/runner/fault"
)

// Lacking returns those of the needed scopes that the client's access token doesn't have, as far as
// Okta has said which ones it has. What may manage may read.
func (s Scopes) Lacking(c *oktaclient.Client) []string {
	granted, _, _ := c.Grant()
	if len(granted) == 0 { // an API token has none; of an access token, it wasn't said
		return nil
	}
	return slices.DeleteFunc(slices.Clone(s.Needed), func(scope string) bool {
		resource, read := strings.CutSuffix(scope, ".read")
		return slices.Contains(granted, scope) || read && slices.Contains(granted, resource+".manage")
	})
}

// LacksScopes refuses what Okta would refuse, before anybody is asked: an access token without the
// scopes that are needed.
func LacksScopes(c *oktaclient.Client, s Scopes) error {
	lacking := s.Lacking(c)
	if len(lacking) == 0 {
		return nil
	}
	return fault.New(fault.ExitNoAccess, fault.HintGrant,
		"%s doesn't let the service app do that: its access token lacks %s", c.Org().Host(), strings.Join(lacking, " and "))
}

// LogScopes are those of reading the log and nothing else.
var LogScopes = Scopes{Needed: []string{oktaclient.ScopeLogsRead}}
