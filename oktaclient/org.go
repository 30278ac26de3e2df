package oktaclient

import (
	"context"
	"strings"
)

// The engines that an org may run on.
const (
	EngineIdentity = "Identity Engine"
	EngineClassic  = "Classic Engine"
)

// Org is what an org says of itself to anybody. One org may have several names: it is the ID that tells it from others.
type Org struct {
	ID     string // letters and digits, as 00o1abcd; "" if the org names none that can be believed
	Engine string // [EngineIdentity], [EngineClassic], or what else the org calls its pipeline
}

// GetOrg needs no credentials.
//
//meta:operation GET /.well-known/okta-organization
func (c *Client) GetOrg(ctx context.Context) (Org, error) {
	var reply struct {
		ID       string `json:"id"`
		Pipeline string `json:"pipeline"`
	}
	_, err := c.get(ctx, request{bucket: BucketOther, path: []string{".well-known", "okta-organization"}, noToken: true}, &reply)
	if err != nil {
		return Org{}, err
	}
	org := Org{ID: reply.ID, Engine: cut(reply.Pipeline, 40)}
	switch reply.Pipeline {
	case "idx":
		org.Engine = EngineIdentity
	case "v1":
		org.Engine = EngineClassic
	}
	if len(org.ID) > maxOrgID || strings.ContainsFunc(org.ID, func(r rune) bool {
		return (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z')
	}) {
		org.ID = ""
	}
	return org, nil
}

// maxOrgID bounds an org's ID, in bytes: Okta's have 20. A shortened one could be another org's, so that a longer one counts as none.
const maxOrgID = 40
