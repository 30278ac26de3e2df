package oktaclient

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4/jwt"
)

// TokenError reports that no access token could be obtained. The request that needed it was not
// sent.
type TokenError struct{ Err error }

func (e *TokenError) Error() string { return "get an access token: " + e.Err.Error() }

func (e *TokenError) Unwrap() error { return e.Err }

// fate returns the fate of the request that needed the token.
func (e *TokenError) fate() Fate {
	switch f := FateOf(e.Err); f {
	case NotSent, Unreachable, WrongOrg:
		return f
	case Refused, Forbidden, Missing, NoAccess:
		return NoAccess
	}
	if errors.Is(e.Err, ErrUnusableToken) {
		return NoAccess
	}
	return Unreachable
}

// ErrUnusableToken marks an access token that must not be used. Asking again wouldn't help:
// [FateOf] returns [NoAccess] for it.
var ErrUnusableToken = errors.New("an access token that must not be used")

// unusableToken says why.
type unusableToken string

func (e unusableToken) Error() string { return string(e) }

// Is makes it an [ErrUnusableToken].
func (unusableToken) Is(target error) bool { return target == ErrUnusableToken }

// The errors of OAuth 2.0 and DPoP that the program distinguishes.
const (
	oauthInvalidToken  = "invalid_token"
	oauthInvalidClient = "invalid_client"
	oauthInvalidScope  = "invalid_scope"      // a scope that Okta doesn't have
	oauthNoConsent     = "consent_required"   // no scope was granted to the app
	oauthDenied        = "access_denied"      // a policy or the app's admin role doesn't allow them
	oauthNoScope       = "insufficient_scope" // the token lacks the one that is needed
	oauthInvalidProof  = "invalid_dpop_proof"
	oauthUseNonce      = "use_dpop_nonce"
)

// LacksScope reports whether an error is one of Okta's ways to say that scopes weren't granted.
func LacksScope(err error) bool {
	api, ok := errors.AsType[*APIError](err)
	if !ok {
		return false
	}
	switch api.OAuth {
	case oauthInvalidScope, oauthNoConsent, oauthDenied, oauthNoScope:
		return true
	}
	return false
}

const (
	assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
	// assertionLife is far below the hour that Okta allows: an assertion is used at once.
	assertionLife = 5 * time.Minute
	// maxTokenRequests is how many answers may show how to ask: proofs, their nonce, the server's
	// clock, scopes, and one to spare.
	maxTokenRequests = 6
	// maxTokenLife is longer than any authorization server's tokens live, and fits into a time.
	maxTokenLife = 365 * 24 * time.Hour
)

// requestToken gets an access token. It learns from Okta's answers how to ask for it. Its error
// is a [*TokenError].
func (a *appCredentials) requestToken(ctx context.Context) (*accessToken, error) {
	var err error
	for range maxTokenRequests {
		var (
			rep    Reply
			before = a.client.lead()
			sent   = time.Now() // a token's life begins after this
		)
		rep, err = a.client.call(ctx, request{
			bucket: BucketToken, method: "POST", path: []string{"oauth2", "v1", "token"}, noToken: true, oauth: true, safe: true, patient: true, texts: maxToken,
			prepare: a.prepare, expects: func(body []byte) bool { _, err := parseToken(body, sent); return err == nil },
		})
		if err == nil {
			var t *accessToken
			if t, err = a.accept(rep, sent); err == nil {
				return t, nil
			}
			break
		}
		var retry bool
		if retry, err = a.learn(rep, before, err); !retry {
			break
		}
	}
	return nil, &TokenError{err}
}

// accept reads the answer to a request that was sent at the local time sent or later.
func (a *appCredentials) accept(rep Reply, sent time.Time) (*accessToken, error) {
	t, err := parseToken(rep.body, sent)
	if err != nil {
		return nil, err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	switch {
	case t.proved && a.dpop == nil:
		return nil, unusableToken("it is of type DPoP, and no proof was sent for it")
	case !t.proved && a.dpop != nil: // whoever gets hold of it could use it
		return nil, unusableToken("it is of type Bearer, although Okta asked for proofs (DPoP) and got one")
	}
	if rep.nonce != "" {
		a.nonce = rep.nonce
	}
	return t, nil
}

// learn learns from the refusal of a token, and reports whether the next request may fare better.
func (a *appCredentials) learn(rep Reply, before time.Duration, err error) (bool, error) {
	var api *APIError
	if !errors.As(err, &api) {
		return false, err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	change := a.client.lead() - before
	switch {
	case api.OAuth == oauthUseNonce && rep.nonce != "" && rep.nonce != a.nonce:
		a.nonce = rep.nonce
		return true, err
	case api.OAuth == oauthInvalidProof && a.dpop == nil:
		d, keyErr := newDPoP()
		a.dpop = d
		return keyErr == nil, err
	case (api.OAuth == oauthInvalidClient || api.OAuth == oauthInvalidProof) && change.Abs() > clockChange:
		return true, err // it was signed by the local clock, before the server's was known
	case LacksScope(err) && len(a.scopes) > len(a.app.Scopes) && len(a.app.Scopes) > 0:
		a.scopes = a.app.Scopes
		return true, err
	}
	return false, err
}

// prepare completes one request for a token: it adds an assertion and, if Okta wants that, a
// proof of its own.
func (a *appCredentials) prepare(req *http.Request) error {
	a.mu.Lock()
	scopes, d, nonce := a.scopes, a.dpop, a.nonce
	a.mu.Unlock()
	now := a.client.Now()
	assertion, err := a.assertion(req.URL.String(), now)
	if err != nil {
		return fmt.Errorf("sign with the private key: %w", err)
	}
	if d != nil {
		proof, err := d.proof(req.Method, req.URL, now, "", nonce)
		if err != nil {
			return fmt.Errorf("sign a DPoP proof: %w", err)
		}
		req.Header.Set("DPoP", proof)
	}
	form := url.Values{
		"grant_type": {"client_credentials"}, "scope": {strings.Join(scopes, " ")},
		"client_assertion_type": {assertionType}, "client_assertion": {assertion},
	}.Encode()
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Body, req.ContentLength = io.NopCloser(strings.NewReader(form)), int64(len(form))
	req.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(form)), nil }
	return nil
}

// assertion signs that this is the app. Each is for one request: Okta would refuse a second one
// with the same jti.
func (a *appCredentials) assertion(endpoint string, now time.Time) (string, error) {
	kid := a.app.KeyID
	if kid == "" {
		kid = a.app.Key.ID()
	}
	signer, err := a.app.Key.signer(kid)
	if err != nil {
		return "", err
	}
	return jwt.Signed(signer).Claims(jwt.Claims{
		Issuer: a.app.ClientID, Subject: a.app.ClientID, Audience: jwt.Audience{endpoint}, ID: rand.Text(),
		IssuedAt: jwt.NewNumericDate(now), Expiry: jwt.NewNumericDate(now.Add(assertionLife)),
	}).Serialize()
}

// tokenAnswer is an answer with an access token.
type tokenAnswer struct {
	TokenType   string `json:"token_type"`
	AccessToken string `json:"access_token"`
	ExpiresIn   int64  `json:"expires_in"` // seconds
	Scope       string `json:"scope"`
}

// scopes returns the scopes of the token.
func (t tokenAnswer) scopes() []string {
	scopes := strings.Fields(t.Scope)
	scopes = scopes[:min(len(scopes), maxScopes)]
	for i, s := range scopes {
		scopes[i] = cut(s, maxScope)
	}
	return scopes
}

// parseToken reads the answer to a request that was sent at the time sent or later.
func parseToken(body []byte, sent time.Time) (*accessToken, error) {
	var answer tokenAnswer
	if json.Unmarshal(body, &answer) != nil || answer.AccessToken == "" || len(answer.AccessToken) > maxToken || answer.ExpiresIn <= 0 ||
		strings.ContainsFunc(answer.AccessToken, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return nil, errors.New("the answer contains no access token")
	}
	life := min(time.Duration(min(answer.ExpiresIn, int64(maxTokenLife/time.Second)))*time.Second, maxTokenLife)
	t := &accessToken{
		value: hide(answer.AccessToken), scopes: answer.scopes(), renew: sent.Add(life - min(renewBefore, life/renewShare)),
	}
	switch {
	case strings.EqualFold(answer.TokenType, "Bearer"):
	case strings.EqualFold(answer.TokenType, "DPoP"):
		t.proved = true
	default:
		return nil, unusableToken(fmt.Sprintf("it is of type %q, neither Bearer nor DPoP", cut(answer.TokenType, 40)))
	}
	return t, nil
}
