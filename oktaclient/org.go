package oktaclient

import (
	"context"
	"encoding/json"
	"strings"
)

// The engines that an org may run on.
const (
	EngineIdentity = "Identity Engine"
	EngineClassic  = "Classic Engine"
)

// Org is what an org says about itself to anybody. One org may have several names: compare orgs
// by ID.
type Org struct {
	ID     string // letters and digits, as 00o1abcd; "" if the org names none that is plausible
	Engine string // [EngineIdentity], [EngineClassic], or the org's own word for another pipeline
}

// GetOrg needs no credentials.
//
//meta:operation GET /.well-known/okta-organization
func (c *Client) GetOrg(ctx context.Context) (Org, error) {
	var said orgReply
	_, err := c.get(ctx, request{
		bucket: BucketOther, path: []string{".well-known", "okta-organization"}, noToken: true, expects: isOrg,
	}, &said)
	return said.org(), err
}

type orgReply struct {
	ID       string `json:"id"`
	Pipeline string `json:"pipeline"`
}

// isOrg reports whether a body is what an Okta org says about itself.
func isOrg(body []byte) bool {
	var said orgReply
	return json.Unmarshal(body, &said) == nil && said.org().ID != "" && said.Pipeline != ""
}

// maxOrgID limits an org's ID, in bytes: Okta's have 20. A longer one counts as none, because a
// shortened one could be another org's.
const maxOrgID = 40

func (r orgReply) org() Org {
	o := Org{ID: r.ID, Engine: cut(r.Pipeline, 40)}
	switch r.Pipeline {
	case "idx":
		o.Engine = EngineIdentity
	case "v1":
		o.Engine = EngineClassic
	}
	if len(o.ID) > maxOrgID || strings.ContainsFunc(o.ID, func(r rune) bool {
		return (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z')
	}) {
		o.ID = ""
	}
	return o
}
