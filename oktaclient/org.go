package oktaclient

import "context"

// The engines that an org may run on.
const (
	EngineIdentity = "Identity Engine"
	EngineClassic  = "Classic Engine"
)

// GetEngine returns [EngineIdentity] or [EngineClassic], or what else the org calls its pipeline. It needs no credentials.
//
//meta:operation GET /.well-known/okta-organization
func (c *Client) GetEngine(ctx context.Context) (string, error) {
	var org struct {
		Pipeline string `json:"pipeline"`
	}
	_, err := c.get(ctx, request{bucket: BucketOther, path: []string{".well-known", "okta-organization"}, noToken: true}, &org)
	switch {
	case err != nil:
		return "", err
	case org.Pipeline == "idx":
		return EngineIdentity, nil
	case org.Pipeline == "v1":
		return EngineClassic, nil
	}
	return cut(org.Pipeline, 40), nil
}
