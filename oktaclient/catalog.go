package oktaclient

import (
	"context"
	"encoding/json"
)

// SupportedFactor is a kind of factor that a user may enroll.
type SupportedFactor struct {
	Type       string `json:"factorType"`
	Provider   string `json:"provider"`
	Vendor     string `json:"vendorName"`
	Status     string `json:"status"`     // as NOT_SETUP, ACTIVE
	Enrollment string `json:"enrollment"` // OPTIONAL or REQUIRED by the user's policy

	Raw json.RawMessage `json:"-"` // Okta's JSON, complete
}

// String is TYPE:PROVIDER.
func (s SupportedFactor) String() string { return s.Type + ":" + s.Provider }

// UnmarshalJSON also keeps the JSON in Raw.
func (s *SupportedFactor) UnmarshalJSON(b []byte) error {
	type fields SupportedFactor
	if err := json.Unmarshal(b, (*fields)(s)); err != nil {
		return err
	}
	s.Raw = append([]byte(nil), b...)
	return nil
}

// SupportedFactors returns the kinds of factor that policy lets the user with this ID enroll,
// enrolled ones included. It counts in [BucketUsers].
//
// Okta API:
// https://developer.okta.com/docs/api/openapi/okta-management/management/tag/UserFactor/#tag/UserFactor/operation/listSupportedFactors
//
//meta:operation GET /api/v1/users/{userId}/factors/catalog
func (c *Client) SupportedFactors(ctx context.Context, userID string) ([]SupportedFactor, Reply, error) {
	var list []SupportedFactor
	rep, err := c.getOf(ctx, &list, userID, "factors", "catalog")
	return list, rep, err
}
