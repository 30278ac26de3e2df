package oktaclient

import (
	"context"
	"net/url"
)

// ClearSessions ends the sessions of the user with this ID. Okta also forgets the devices on
// which the user needn't give a factor again; that is set explicitly, because the two engines
// have different defaults. It revokes OpenID Connect and OAuth tokens, too. A reset does none of that.
// Sessions that apps keep themselves go on. dispatch works as in [Client.ResetFactors]. It counts
// in [BucketUsers].
//
// Okta API:
// https://developer.okta.com/docs/api/openapi/okta-management/management/tag/UserSessions/#tag/UserSessions/operation/revokeUserSessions
//
//meta:operation DELETE /api/v1/users/{userId}/sessions
func (c *Client) ClearSessions(ctx context.Context, userID string, dispatch func() error) (Reply, error) {
	if err := checkID(userID); err != nil {
		return Reply{}, err
	}
	q := url.Values{"forgetDevices": {"true"}, "oauthTokens": {"true"}}
	return c.call(ctx, request{
		bucket: BucketUsers, method: "DELETE", path: apiPath("users", userID, "sessions"), query: q, dispatch: dispatch,
	})
}
