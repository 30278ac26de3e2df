package command

import (
	"fmt"
	"slices"
	"strings"

	"oktareset/oktaclient"
)

// lacking returns those of the needed scopes that the client's access token doesn't have, as far as
// Okta has said which ones it has. What may manage may read.
func (s scopes) lacking(c *oktaclient.Client) []string {
	granted, _, _ := c.Grant()
	if len(granted) == 0 { // an API token has none; of an access token, it wasn't said
		return nil
	}
	return slices.DeleteFunc(slices.Clone(s.needed), func(scope string) bool {
		resource, read := strings.CutSuffix(scope, ".read")
		return slices.Contains(granted, scope) || read && slices.Contains(granted, resource+".manage")
	})
}

// lacksScopes refuses what Okta would refuse, before anybody is asked: an access token without the
// scopes that are needed.
func lacksScopes(c *oktaclient.Client, s scopes) error {
	lacking := s.lacking(c)
	if len(lacking) == 0 {
		return nil
	}
	return coded{code: exitNoAccess, error: hinted{
		fmt.Errorf("%s doesn't let the service app do that: its access token lacks %s", c.Org().Host(), strings.Join(lacking, " and ")), hintGrant,
	}}
}

// checkScopes says before the question, and in a dry run, what the token says that it can't do.
func (r *resetRun) checkScopes() error {
	err := lacksScopes(r.client, r.scopes())
	if err == nil || !r.opts.dryRun && r.survey.Rows > 0 {
		return err
	}
	r.console.warn("%v", err)
	return nil
}
