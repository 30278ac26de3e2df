package oktaclient

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"time"
)

// Factor is a factor of a user, enrolled or about to be. Types, providers and statuses are open
// sets: Okta adds to them, and Raw keeps what this program doesn't know.
type Factor struct {
	ID       string `json:"id"`
	Type     string `json:"factorType"` // as push, token:software:totp, sms
	Provider string `json:"provider"`   // as OKTA, GOOGLE, FIDO
	// the provider, or the name of an on-premises factor; "" at times
	Vendor      string    `json:"vendorName"`
	Status      string    `json:"status"`      // as ACTIVE, PENDING_ACTIVATION
	Created     time.Time `json:"created"`     // by the server's clock; zero: unknown
	LastUpdated time.Time `json:"lastUpdated"` // by the server's clock; zero: unknown

	// Profile names the factor to its owner: phoneNumber, email, name of the device,
	// questionText.
	Profile map[string]any `json:"profile"`

	// Result is WAITING or TIMEOUT if the activation of a push waits for the user, or waited too
	// long; otherwise "".
	Result string `json:"factorResult"`

	Raw json.RawMessage `json:"-"` // Okta's JSON, complete
}

// The statuses of a factor that this program acts on.
const (
	FactorActive  = "ACTIVE"
	FactorPending = "PENDING_ACTIVATION" // enrolled, but useless until it is activated
)

// String is TYPE:PROVIDER.
func (f Factor) String() string { return f.Type + ":" + f.Provider }

// UnmarshalJSON also keeps the JSON in Raw. Only the essential fields must have the expected
// form: one odd factor must not hide all others.
func (f *Factor) UnmarshalJSON(b []byte) error {
	var known struct {
		ID       string    `json:"id"`
		Type     string    `json:"factorType"`
		Provider string    `json:"provider"`
		Status   string    `json:"status"`
		Created  time.Time `json:"created"`
	}
	if err := json.Unmarshal(b, &known); err != nil {
		return err
	}
	var more struct {
		Vendor      string         `json:"vendorName"`
		LastUpdated string         `json:"lastUpdated"`
		Profile     map[string]any `json:"profile"`
		Result      string         `json:"factorResult"`
	}
	_ = json.Unmarshal(b, &more) // the optional fields, as far as they can be read
	updated, _ := time.Parse(time.RFC3339, more.LastUpdated)
	*f = Factor{
		ID: known.ID, Type: known.Type, Provider: known.Provider, Vendor: more.Vendor, Status: known.Status,
		Created: known.Created, LastUpdated: updated, Profile: more.Profile, Result: more.Result,
		Raw: append([]byte(nil), b...),
	}
	return nil
}

// MarshalJSON writes Okta's JSON as it came.
func (f Factor) MarshalJSON() ([]byte, error) {
	type fields Factor
	if f.Raw == nil {
		return json.Marshal(fields(f))
	}
	return f.Raw, nil
}

// OktaVerify reports whether an Okta Verify app enrolls this factor: its push, its FastPass, its
// passcodes.
func (f Factor) OktaVerify() bool {
	return f.Provider == "OKTA" && (f.Type == "push" || f.Type == "signed_nonce" || f.Type == "token:software:totp")
}

// Takes reports whether unenrolling f unenrolls other too. A push or signed_nonce takes
// everything of Okta Verify; its passcodes take nothing else. A GOOGLE token:software:totp isn't
// Okta Verify's.
func (f Factor) Takes(other Factor) bool {
	return f.OktaVerify() && f.Type != "token:software:totp" && other.OktaVerify() && other.ID != f.ID
}

// ListFactors returns the enrolled factors of the user with this ID. An empty list doesn't prove
// that there are none: Okta lists only what the user's highest enrollment policy has as optional
// or required. It counts in [BucketUsers].
//
// Okta API:
// https://developer.okta.com/docs/api/openapi/okta-management/management/tag/UserFactor/#tag/UserFactor/operation/listFactors
//
//meta:operation GET /api/v1/users/{userId}/factors
func (c *Client) ListFactors(ctx context.Context, userID string) ([]Factor, Reply, error) {
	var factors []Factor
	rep, err := c.getOf(ctx, &factors, userID, "factors")
	return factors, rep, err
}

// GetFactor returns one factor of the user with this ID. [FateOf] its error is [Missing] when
// the user doesn't have it. It counts in [BucketUsers].
//
// Okta API:
// https://developer.okta.com/docs/api/openapi/okta-management/management/tag/UserFactor/#tag/UserFactor/operation/getFactor
//
//meta:operation GET /api/v1/users/{userId}/factors/{factorId}
func (c *Client) GetFactor(ctx context.Context, userID, factorID string) (Factor, Reply, error) {
	var f Factor
	if err := checkID(factorID); err != nil {
		return f, Reply{}, err
	}
	rep, err := c.getOf(ctx, &f, userID, "factors", factorID)
	if err == nil && f.ID != "" && f.ID != factorID {
		return Factor{}, rep, fmt.Errorf("okta answered with another factor, %q", cut(f.ID, 40))
	}
	return f, rep, err
}

// UnenrollFactor unenrolls one factor of the user with this ID, and with push or signed_nonce the
// other factors of Okta Verify (see [Factor.Takes]). With removeRecovery, Okta also forgets the
// phone number of an sms or call as a way of recovery. The request is never sent again unless it
// certainly did nothing; [FateOf] says what an error means. dispatch works as in
// [Client.ResetFactors]. It counts in [BucketUsers].
//
// Okta API:
// https://developer.okta.com/docs/api/openapi/okta-management/management/tag/UserFactor/#tag/UserFactor/operation/unenrollFactor
//
//meta:operation DELETE /api/v1/users/{userId}/factors/{factorId}
func (c *Client) UnenrollFactor(ctx context.Context, userID, factorID string, removeRecovery bool, dispatch func() error) (Reply, error) {
	if err := checkIDs(userID, factorID); err != nil {
		return Reply{}, err
	}
	q := url.Values{}
	if removeRecovery {
		// Okta ignores the other spelling, from its older pages
		q.Set("removeRecoveryEnrollment", "true")
	}
	return c.call(ctx, request{
		bucket: BucketUsers, method: "DELETE", path: apiPath("users", userID, "factors", factorID), query: q, dispatch: dispatch,
	})
}

// getOf reads something that belongs to the user with this ID into v. It counts in [BucketUsers].
func (c *Client) getOf(ctx context.Context, v any, userID string, path ...string) (Reply, error) {
	if err := checkID(userID); err != nil {
		return Reply{}, err
	}
	return c.get(ctx, request{bucket: BucketUsers, path: apiPath(append([]string{"users", userID}, path...)...)}, v)
}

func checkIDs(ids ...string) error {
	for _, id := range ids {
		if err := checkID(id); err != nil {
			return err
		}
	}
	return nil
}
