package oktaclient

import "context"

// ExpirePassword makes the user with this ID choose a new password at the next sign-in; until
// then the old one works for that alone. Okta refuses it for a user whose password isn't Okta's,
// such as a directory's, and for statuses without a password. Nobody gets a temporary password.
// dispatch works as in [Client.ResetFactors]. It counts in [BucketUsers].
//
// Okta API:
// https://developer.okta.com/docs/api/openapi/okta-management/management/tag/UserCred/#tag/UserCred/operation/expirePassword
//
//meta:operation POST /api/v1/users/{userId}/lifecycle/expire_password
func (c *Client) ExpirePassword(ctx context.Context, userID string, dispatch func() error) (Reply, error) {
	if err := checkID(userID); err != nil {
		return Reply{}, err
	}
	return c.call(ctx, request{
		bucket: BucketUsers, method: "POST", path: apiPath("users", userID, "lifecycle", "expire_password"), dispatch: dispatch,
	})
}
