package oktaclient

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"
)

// Enrollment is a factor to be enrolled. It prints as TYPE:PROVIDER, because profile and fields
// may contain a secret.
type Enrollment struct {
	Type     string         // as sms, push, token:software:totp: an open set
	Provider string         // as OKTA, GOOGLE
	Profile  map[string]any // as phoneNumber, phoneExtension, email, question, answer, credentialId, sharedSecret; nil: none
	// what is sent beside profile: factorProfileId of a token:hotp, verify of a token; nil:
	// nothing
	Fields map[string]any

	Activate      bool          // at once, without the user: only sms, call, email and token:hotp
	UpdatePhone   bool          // replace the user's phone number, unless an active factor uses it
	TemplateID    string        // of the SMS to send; "": the org's default
	TokenLifetime time.Duration // of the passcode that is sent: 1 s to 24 h in whole seconds; 0: Okta's 5 minutes
	Language      string        // of the SMS to send, as fr; "": the org's default
}

// String is TYPE:PROVIDER.
func (e Enrollment) String() string { return e.Type + ":" + e.Provider }

// GoString is the same for %#v.
func (e Enrollment) GoString() string { return e.String() }

// body returns what is sent.
func (e Enrollment) body() map[string]any {
	b := make(map[string]any, len(e.Fields)+3)
	for k, v := range e.Fields {
		b[k] = v
	}
	b["factorType"], b["provider"] = e.Type, e.Provider
	if e.Profile != nil {
		b["profile"] = e.Profile
	}
	return b
}

// secrets returns the secrets in the body.
func (e Enrollment) secrets() []Passcode {
	verify, _ := e.Fields["verify"].(map[string]any)
	var all []Passcode
	for _, v := range []any{e.Profile["answer"], e.Profile["sharedSecret"], verify["passCode"], verify["nextPassCode"]} {
		if s, ok := v.(string); ok {
			all = append(all, Passcode(s))
		}
	}
	return all
}

func (e Enrollment) query() url.Values {
	q := messageQuery(e.TemplateID, e.TokenLifetime)
	if e.Activate {
		q.Set("activate", "true")
	}
	if e.UpdatePhone {
		q.Set("updatePhone", "true")
	}
	return q
}

// EnrollFactor enrolls a factor for the user with this ID. The factor comes back ACTIVE, or
// PENDING_ACTIVATION: then [ReadActivation] says what the user needs, and [Client.ActivateFactor]
// completes it. An enrollment that [Enrollment.Check] refuses isn't sent. The request is never
// sent again unless it certainly did nothing; [FateOf] says what an error means, and in doubt the
// list of factors shows it. dispatch works as in [Client.ResetFactors]. It counts in
// [BucketUsers].
//
// Okta API:
// https://developer.okta.com/docs/api/openapi/okta-management/management/tag/UserFactor/#tag/UserFactor/operation/enrollFactor
//
//meta:operation POST /api/v1/users/{userId}/factors
func (c *Client) EnrollFactor(ctx context.Context, userID string, e Enrollment, dispatch func() error) (Factor, Reply, error) {
	var f Factor
	if err := checkID(userID); err != nil {
		return f, Reply{}, err
	}
	if err := e.Check(); err != nil {
		return f, Reply{}, unsentError(err)
	}
	rep, err := c.post(ctx, request{
		bucket: BucketUsers, path: apiPath("users", userID, "factors"), query: e.query(), language: e.Language, dispatch: dispatch,
		secrets: e.secrets(),
	}, e.body(), &f)
	return f, rep, err
}

// OtherPhone reports whether an error of [Client.EnrollFactor] may mean that Okta keeps another
// verified number of the user: it does so after the factor is gone, and replaces the number only if
// [Enrollment.UpdatePhone] says so.
func (e Enrollment) OtherPhone(err error) bool {
	api, ok := errors.AsType[*APIError](err)
	return ok && ByPhone(e.Type) && !e.UpdatePhone && api.Status == http.StatusBadRequest && api.Code == "E0000001"
}

// ActivateFactor activates an enrolled factor of the user with this ID by the passcode that the
// user received or reads off. A push has no passcode: the user's app activates it, and this call
// restarts an expired activation; [Factor.Result] says how far it is. Okta allows five attempts
// in five minutes and answers further ones with 429, which isn't waited out where there is a
// passcode: it would be stale. It counts in [BucketUsers].
//
// Okta API:
// https://developer.okta.com/docs/api/openapi/okta-management/management/tag/UserFactor/#tag/UserFactor/operation/activateFactor
//
//meta:operation POST /api/v1/users/{userId}/factors/{factorId}/lifecycle/activate
func (c *Client) ActivateFactor(ctx context.Context, userID, factorID string, code Passcode) (Factor, Reply, error) {
	var f Factor
	if err := checkIDs(userID, factorID); err != nil {
		return f, Reply{}, err
	}
	var body any
	if code != "" {
		body = map[string]string{"passCode": string(code)}
	}
	rep, err := c.post(ctx, request{
		bucket: BucketUsers, path: apiPath("users", userID, "factors", factorID, "lifecycle", "activate"), once: code != "",
		secrets: []Passcode{code},
	}, body, &f)
	return f, rep, err
}

// ErrNoSend is the error of [Client.SendActivation] for a factor of which Okta's answer had no such
// link.
var ErrNoSend = errors.New("okta offers no such link for this factor")

// SendActivation has Okta send the link that activates f, a push that waits for its user, to the
// user's address, or by SMS to a phone number. f comes back with a new end of its activation. Only
// a way that [ReadActivation] finds in f is used. Okta limits the messages to one phone or address
// ([MessageLimit]). dispatch is that of [Client.ResetFactors]; in doubt the link may have been sent.
// It counts in [BucketUsers].
//
// Okta's API description has the links, and not the operation behind them:
// https://developer.okta.com/docs/api/openapi/okta-management/management/tag/UserFactor/#tag/UserFactor/operation/enrollFactor
//
//meta:operation POST /api/v1/users/{userId}/factors/{factorId}/lifecycle/activate/email
//meta:operation POST /api/v1/users/{userId}/factors/{factorId}/lifecycle/activate/sms
func (c *Client) SendActivation(ctx context.Context, userID string, f Factor, by Send, phone string, dispatch func() error) (Factor, Reply, error) {
	var sent Factor
	if err := checkIDs(userID, f.ID); err != nil {
		return sent, Reply{}, err
	}
	if a, _ := ReadActivation(f); !slices.Contains(a.Sends, by) {
		return sent, Reply{}, unsentError(fmt.Errorf("%w by %s", ErrNoSend, cut(string(by), 40)))
	}
	var body any
	if by == SendSMS {
		body = map[string]any{"profile": map[string]string{"phoneNumber": phone}}
	}
	rep, err := c.post(ctx, request{
		bucket: BucketUsers, path: apiPath("users", userID, "factors", f.ID, "lifecycle", "activate", string(by)), dispatch: dispatch,
	}, body, &sent)
	return sent, rep, err
}

// ResendFactor sends the passcode that activates f, an sms, call or email, once more. Okta
// allows one SMS or call to a phone in 30 s ([MessageLimit]), and none after too many attempts
// to activate. It counts in [BucketUsers].
//
// Okta API:
// https://developer.okta.com/docs/api/openapi/okta-management/management/tag/UserFactor/#tag/UserFactor/operation/resendEnrollFactor
//
//meta:operation POST /api/v1/users/{userId}/factors/{factorId}/resend
func (c *Client) ResendFactor(ctx context.Context, userID string, f Factor, templateID string) (Factor, Reply, error) {
	var again Factor
	if err := checkIDs(userID, f.ID); err != nil {
		return again, Reply{}, err
	}
	rep, err := c.post(ctx, request{
		bucket: BucketUsers, path: apiPath("users", userID, "factors", f.ID, "resend"), query: messageQuery(templateID, 0), once: true,
	}, Enrollment{Type: f.Type, Provider: f.Provider, Profile: f.Profile}.body(), &again)
	return again, rep, err
}

// messageQuery returns the options of the message that Okta sends to the user.
func messageQuery(templateID string, lifetime time.Duration) url.Values {
	q := url.Values{}
	if templateID != "" {
		q.Set("templateId", templateID)
	}
	if lifetime > 0 {
		q.Set("tokenLifetimeSeconds", strconv.Itoa(int(lifetime/time.Second)))
	}
	return q
}
