package oktaclient

import (
	"context"
	"time"
)

// Factor is an enrolled factor. Types, providers and statuses are open sets: Okta adds to them.
type Factor struct {
	ID       string    `json:"id"`
	Type     string    `json:"factorType"` // as push, token:software:totp, sms
	Provider string    `json:"provider"`   // as OKTA, GOOGLE, FIDO
	Status   string    `json:"status"`     // as ACTIVE, PENDING_ACTIVATION
	Created  time.Time `json:"created"`    // by the server's clock
}

// String is TYPE:PROVIDER.
func (f Factor) String() string { return f.Type + ":" + f.Provider }

// ListFactors returns the enrolled factors of the user with this ID. An empty list isn't proof that there are none: Okta
// lists only what the user's highest enrollment policy has as optional or required. It counts in [BucketUsers].
//
// Okta API: https://developer.okta.com/docs/api/openapi/okta-management/management/tag/UserFactor/#tag/UserFactor/operation/listFactors
//
//meta:operation GET /api/v1/users/{userId}/factors
func (c *Client) ListFactors(ctx context.Context, userID string) ([]Factor, Reply, error) {
	if err := checkID(userID); err != nil {
		return nil, Reply{}, err
	}
	var factors []Factor
	rep, err := c.get(ctx, request{bucket: BucketUsers, path: apiPath("users", userID, "factors")}, &factors)
	return factors, rep, err
}
