package standin

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

// maxAssertionLife is how far in the future an assertion may expire.
const maxAssertionLife = time.Hour

// asymmetric are the algorithms of assertions and proofs.
var asymmetric = []jose.SignatureAlgorithm{jose.RS256, jose.RS384, jose.RS512, jose.ES256, jose.ES384, jose.ES512}

// oauthError is an error in the form of OAuth 2.0.
type oauthError struct {
	Code        string `json:"error"`
	Description string `json:"error_description"`
}

func invalidClient(description string) *oauthError { return &oauthError{"invalid_client", description} }

// status returns the HTTP status with which the token endpoint answers an error.
func (e *oauthError) status() int {
	if e.Code == "invalid_client" {
		return http.StatusUnauthorized
	}
	return http.StatusBadRequest
}

// scopedResources are the resources of Okta's scopes. Most have a scope to read and one to manage.
var scopedResources = strings.Fields("apiTokens appGrants apps authenticators authorizationServers behaviors brands captchas certificateAuthorities " +
	"clients deviceAssurance devices domains emailDomains eventHooks events features groups identitySources idps inlineHooks " +
	"linkedObjects logStreams logs networkZones oauthIntegrations orgs policies principalRateLimits profileMappings pushProviders " +
	"rateLimits realms roles schemas sessions templates threatInsights trustedOrigins uischemas userTypes users")

// IsScope reports whether Okta has a scope: okta.RESOURCE.read or okta.RESOURCE.manage.
func IsScope(scope string) bool {
	parts := strings.Split(scope, ".")
	return len(parts) == 3 && parts[0] == "okta" && slices.Contains(scopedResources, parts[1]) && (parts[2] == "read" || parts[2] == "manage")
}

// token gives a service app an access token.
func (c *call) token() {
	c.o.mu.Lock()
	token, g, refused := c.grant()
	c.o.mu.Unlock()
	if refused != nil {
		b, _ := json.Marshal(refused)
		c.head(refused.status(), jsonType)
		_, _ = c.w.Write(b)
		return
	}
	answer := struct {
		Type    string `json:"token_type"`
		Expires int    `json:"expires_in"`
		Token   string `json:"access_token"`
		Scope   string `json:"scope"`
	}{"Bearer", int(g.app.TokenLife / time.Second), token, strings.Join(g.scopes, " ")}
	if g.holder != "" {
		answer.Type = "DPoP"
	}
	c.w.Header()["X-Robots-Tag"] = []string{"noindex,nofollow"}
	c.json(answer)
}

// grant makes an access token for the app that the request's assertion names, or says why not. The
// caller must hold the mutex.
func (c *call) grant() (string, *grant, *oauthError) {
	if err := c.r.ParseForm(); err != nil || c.r.Header.Get("Content-Type") != "application/x-www-form-urlencoded" {
		return "", nil, &oauthError{"invalid_request", "The request body isn't a form."}
	}
	form := c.r.Form
	if form.Get("grant_type") != "client_credentials" {
		return "", nil, &oauthError{"unsupported_grant_type", "The authorization grant type is not supported by the authorization server."}
	}
	a, refused := c.assertion(form)
	if refused != nil {
		return "", nil, refused
	}
	g := &grant{app: a, scopes: strings.Fields(form.Get("scope")), ends: c.o.now().Add(a.TokenLife)}
	if a.DPoP || c.r.Header.Get("DPoP") != "" {
		if g.holder, refused = c.holder(a); refused != nil {
			return "", nil, refused
		}
	}
	unknown := func(scope string) bool { return !IsScope(scope) }
	if len(g.scopes) == 0 || slices.ContainsFunc(g.scopes, unknown) {
		return "", nil, &oauthError{
			"invalid_scope", "One or more scopes are not configured for the authorization server resource.",
		}
	}
	// The token gets those of the requested scopes that the app was granted.
	g.scopes = slices.DeleteFunc(g.scopes, func(scope string) bool { return !slices.Contains(a.Scopes, scope) })
	if len(g.scopes) == 0 {
		return "", nil, &oauthError{"consent_required", "You are not allowed any of the requested scopes."}
	}
	token := "eyJhbGciOiJub25lIn0." + c.o.random() + "." + c.o.random()
	c.o.grants[token] = g
	return token, g, nil
}

// assertion returns the app that the request's assertion proves to be, or why it proves nothing.
func (c *call) assertion(form url.Values) (*app, *oauthError) {
	if form.Get("client_assertion_type") != "urn:ietf:params:oauth:client-assertion-type:jwt-bearer" {
		return nil, invalidClient("The client_assertion_type is invalid.")
	}
	token, err := jwt.ParseSigned(form.Get("client_assertion"), asymmetric)
	var claims jwt.Claims
	if err != nil || token.UnsafeClaimsWithoutVerification(&claims) != nil {
		return nil, invalidClient("The client_assertion is not a valid JWT.")
	}
	a := c.o.apps[claims.Issuer]
	now := c.o.now()
	endpoint := c.base() + "/oauth2/v1/token"
	switch kid := token.Headers[0].KeyID; {
	case a == nil:
		return nil, invalidClient("Invalid value for 'client_id' parameter.")
	case a.keyRevoked, kid != "" && kid != a.KeyID:
		return nil, invalidClient("The client_assertion JWT kid is invalid.")
	case token.Claims(a.Key, &claims) != nil:
		return nil, invalidClient("The client_assertion signature is invalid.")
	case claims.Subject != claims.Issuer:
		return nil, invalidClient("The issuer and subject claims of the client_assertion must be the client ID.")
	case !slices.Contains(claims.Audience, endpoint):
		return nil, invalidClient("The audience claim for client_assertion must be the endpoint invoked for the request.")
	case claims.Expiry == nil || !now.Before(claims.Expiry.Time()):
		return nil, invalidClient("The client_assertion token is expired.")
	case claims.Expiry.Time().After(now.Add(maxAssertionLife)):
		return nil, invalidClient("The client_assertion token has an expiration too far into the future.")
	case claims.IssuedAt != nil && claims.IssuedAt.Time().After(now.Add(c.o.cfg.ClockLeeway)):
		return nil, invalidClient("The client_assertion token is issued in the future.")
	case claims.ID == "" || !a.assertions.use(claims.ID, now, maxAssertionLife):
		return nil, invalidClient("The client_assertion token has already been used.")
	}
	return a, nil
}

// holder returns the thumbprint of the key that the request proves to have, or why it proves
// nothing.
func (c *call) holder(a *app) (string, *oauthError) {
	p, refused := c.proof("")
	switch {
	case refused != nil:
		return "", refused
	case p.nonce == "" || p.nonce != c.o.nonces[0] && p.nonce != c.o.nonces[1]:
		c.w.Header()["dpop-nonce"] = []string{c.o.nonces[0]}
		return "", &oauthError{"use_dpop_nonce", "Authorization server requires nonce in DPoP proof."}
	case !a.proofs.use(p.id, c.o.now(), 2*proofLife):
		return "", invalidProof("The DPoP proof JWT has already been used.")
	}
	c.w.Header()["dpop-nonce"] = []string{c.o.nonces[0]}
	return p.holder, nil
}
