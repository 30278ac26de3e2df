package oktaclient

import (
	"context"
	"encoding/json"
	"net/url"
	"strings"
	"time"
)

// The results of a verification that this program acts on. Okta has more, as FAILED,
// PASSCODE_REPLAYED and TIME_WINDOW_EXCEEDED; only SUCCESS means success.
const (
	ResultChallenge = "CHALLENGE" // a passcode is on its way to the user
	ResultWaiting   = "WAITING"   // the user hasn't answered yet
	ResultSuccess   = "SUCCESS"
	ResultRejected  = "REJECTED" // by the user
	ResultTimeout   = "TIMEOUT"  // the user didn't answer in time
)

// Verify says how to verify a factor. Without passcode and answer it asks for a challenge, which
// sms, call, email and push need first.
type Verify struct {
	PassCode Passcode
	Answer   Passcode // to a security question
	// for a push: the user has to choose the number in [Verification.CorrectAnswer]
	NumberMatching bool
	TemplateID     string        // of the SMS to send; "": the org's default
	TokenLifetime  time.Duration // of the passcode that is sent, as in [Enrollment]
	Language       string        // of the SMS to send, as fr; "": the org's default
}

// Verification is the state of a verification.
type Verification struct {
	Result    string    `json:"factorResult"` // as SUCCESS, CHALLENGE, WAITING: an open set
	Message   string    `json:"factorMessage"`
	ExpiresAt time.Time `json:"expiresAt"` // by the server's clock; zero: unknown

	// for a push with number matching: what to tell the user; 0: no number
	CorrectAnswer int    `json:"-"`
	TransactionID string `json:"-"` // of a waiting push: for [Client.GetTransaction]

	Raw json.RawMessage `json:"-"` // Okta's JSON, complete

	poll string // the transaction's address, from Okta
}

// UnmarshalJSON also keeps the JSON in Raw.
func (v *Verification) UnmarshalJSON(b []byte) error {
	type fields Verification
	if err := json.Unmarshal(b, (*fields)(v)); err != nil {
		return err
	}
	var more struct {
		Embedded struct {
			Challenge struct {
				CorrectAnswer int `json:"correctAnswer"`
			} `json:"challenge"`
		} `json:"_embedded"`
		Links struct {
			Poll struct {
				Href string `json:"href"`
			} `json:"poll"`
		} `json:"_links"`
	}
	if json.Unmarshal(b, &more) == nil { // other factors have these two in other forms
		v.CorrectAnswer, v.poll = more.Embedded.Challenge.CorrectAnswer, more.Links.Poll.Href
	}
	v.Raw = append([]byte(nil), b...)
	return nil
}

// VerifyFactor verifies a factor of the user with this ID, or sends the user its challenge. A
// wrong passcode or answer is an error ([WrongPasscode]). A push comes back WAITING:
// [Client.AwaitPush] follows it. It counts in [BucketVerify]. Okta allows few attempts (five
// failed ones lock a factor for five minutes) and few messages ([MessageLimit]); its 429 isn't
// waited out: the passcode would be stale. The request is never sent again unless it certainly
// did nothing.
//
// Okta API:
// https://developer.okta.com/docs/api/openapi/okta-management/management/tag/UserFactor/#tag/UserFactor/operation/verifyFactor
//
//meta:operation POST /api/v1/users/{userId}/factors/{factorId}/verify
func (c *Client) VerifyFactor(ctx context.Context, userID, factorID string, v Verify) (Verification, Reply, error) {
	var found Verification
	if err := checkIDs(userID, factorID); err != nil {
		return found, Reply{}, err
	}
	path := apiPath("users", userID, "factors", factorID)
	rep, err := c.post(ctx, request{
		bucket: BucketVerify, path: append(path, "verify"), query: messageQuery(v.TemplateID, v.TokenLifetime), language: v.Language, once: true,
		secrets: []Passcode{v.PassCode, v.Answer},
	}, v.body(), &found)
	if err != nil {
		return Verification{}, rep, err
	}
	found.TransactionID = c.transactionID(found.poll, path)
	return found, rep, nil
}

func (v Verify) body() any {
	switch {
	case v.PassCode != "":
		return map[string]string{"passCode": string(v.PassCode)}
	case v.Answer != "":
		return map[string]string{"answer": string(v.Answer)}
	case v.NumberMatching:
		return map[string]bool{"useNumberMatchingChallenge": true}
	}
	return nil // an empty body: with any other, Okta would count a challenge as an attempt
}

// transactionID returns the ID in the address of a factor's transaction, "" for any other
// address. An address elsewhere is never called.
func (c *Client) transactionID(href string, factor []string) string {
	u, err := url.Parse(href)
	if err != nil || u.Scheme != c.org.scheme || !strings.EqualFold(u.Host, c.org.host) {
		return ""
	}
	id, ok := strings.CutPrefix(u.Path, "/"+strings.Join(factor, "/")+"/transactions/")
	if !ok || checkTransactionID(id) != nil {
		return ""
	}
	return id
}
