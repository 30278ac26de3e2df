package standin

import (
	"crypto"
	"net/http"
	"slices"
	"strings"
	"time"
)

// App is an OAuth 2.0 service app, which signs in with a private key.
type App struct {
	ClientID  string           // "" makes one
	Key       crypto.PublicKey // an *rsa.PublicKey or an *ecdsa.PublicKey
	KeyID     string           // the key's kid; an assertion may leave it out
	Scopes    []string         // granted to it
	DPoP      bool             // a client gets access tokens only if it proves that it has a key, and needs a proof to use them
	APINonce  bool             // the API wants a nonce in proofs, too
	TokenLife time.Duration    // of an access token; 0: an hour
}

// defaultTokenLife is how long Okta's access tokens are valid.
const defaultTokenLife = time.Hour

// app is a service app of the org.
type app struct {
	App
	keyRevoked bool
	apiNonce   string
	assertions replays
	proofs     replays
}

// grant is an access token.
type grant struct {
	app    *app
	scopes []string
	ends   time.Time
	holder string // thumbprint of the key that has to prove each request; "" for a bearer token
	dead   bool
}

// AddApp adds a service app and returns it, completed. It replaces an app with the same client ID.
func (o *Org) AddApp(a App) App {
	o.mu.Lock()
	defer o.mu.Unlock()
	if a.ClientID == "" {
		a.ClientID = "0oa" + base62(mix(hash("app")+uint64(len(o.apps)))) + madeSuffix
	}
	if a.TokenLife == 0 {
		a.TokenLife = defaultTokenLife
	}
	o.apps[a.ClientID] = &app{App: a, apiNonce: o.random()}
	if o.nonces[0] == "" {
		o.nonces[0] = o.random()
	}
	return a
}

// RevokeKey revokes an app's key: the app gets no further access token. Those that it has stay
// valid.
func (o *Org) RevokeKey(clientID string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.apps[clientID].keyRevoked = true
}

// RevokeTokens ends all access tokens.
func (o *Org) RevokeTokens() {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, g := range o.grants {
		g.dead = true
	}
}

// RenewNonces replaces the nonces of proofs, as Okta does each day. The token endpoint still
// accepts the previous one.
func (o *Org) RenewNonces() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.nonces = [2]string{o.random(), o.nonces[0]}
	for _, a := range o.apps {
		a.apiNonce = o.random()
	}
}

// random returns a string that nobody guesses by accident. The caller must hold the mutex.
func (o *Org) random() string { return base62(o.rng.Uint64()) + base62(o.rng.Uint64()) }

// replays remembers which IDs were used, for as long as they would be accepted. It has two
// generations, and forgets the older one.
type replays struct {
	seen  [2]map[string]bool
	until time.Time
}

// use reports whether id is used for the first time.
func (r *replays) use(id string, now time.Time, life time.Duration) bool {
	if !now.Before(r.until) {
		r.seen, r.until = [2]map[string]bool{make(map[string]bool), r.seen[0]}, now.Add(life)
	}
	if r.seen[0][id] || r.seen[1][id] {
		return false
	}
	r.seen[0][id] = true
	return true
}

// The refusals of an access token, in the words of a www-authenticate header.
var (
	noScope      = oauthError{"insufficient_scope", "The access token provided does not contain the required scopes."}
	tokenUnknown = oauthError{"invalid_token", "The access token is invalid."}
	tokenExpired = oauthError{"invalid_token", "The access token has expired."}
	needsNonce   = oauthError{"use_dpop_nonce", "Resource server requires nonce in DPoP proof."}
)

// granted reports whether the access token allows the call. If not, it answers the call.
func (c *call) granted(scheme, token string) bool {
	c.o.mu.Lock()
	status, refused := c.checkGrant(scheme, token)
	c.o.mu.Unlock()
	switch {
	case refused != nil:
		c.wwwAuthenticate(scheme, status, *refused)
	case c.route.scope == "":
		c.fail(invalidSession)
	default:
		return true
	}
	return false
}

// checkGrant returns why an access token doesn't allow the call, or nil. The caller must hold the
// mutex.
func (c *call) checkGrant(scheme, token string) (int, *oauthError) {
	g := c.o.grants[token]
	now := c.o.now()
	switch {
	case g == nil || g.dead:
		return http.StatusUnauthorized, &tokenUnknown
	case !now.Before(g.ends):
		return http.StatusUnauthorized, &tokenExpired
	case (scheme == "DPoP") != (g.holder != ""):
		return http.StatusUnauthorized, &tokenUnknown
	}
	if g.holder != "" {
		p, refused := c.proof(token)
		switch {
		case refused != nil:
			return http.StatusBadRequest, refused
		case p.holder != g.holder:
			return http.StatusBadRequest, invalidProof("The DPoP proof JWT isn't signed by the key of the access token.")
		case g.app.APINonce && p.nonce != g.app.apiNonce:
			c.w.Header()["dpop-nonce"] = []string{g.app.apiNonce}
			return http.StatusUnauthorized, &needsNonce
		case !g.app.proofs.use(p.id, now, 2*proofLife):
			return http.StatusBadRequest, invalidProof("The DPoP proof JWT has already been used.")
		}
	}
	if c.route.scope != "" && !slices.Contains(g.scopes, c.route.scope) && !(c.o.cfg.ManageReads && slices.Contains(g.scopes, manages(c.route.scope))) {
		return http.StatusForbidden, &noScope
	}
	c.app = g.app
	return 0, nil
}

// manages returns the scope that manages what a scope reads.
func manages(scope string) string {
	resource, _ := strings.CutSuffix(scope, ".read")
	return resource + ".manage"
}

// wwwAuthenticate refuses an access token as Okta does. Only the header mentions a missing scope or
// a proof.
func (c *call) wwwAuthenticate(scheme string, status int, e oauthError) {
	algs := ""
	if scheme == "DPoP" {
		algs = `algs="RS256 RS384 RS512 ES256 ES384 ES512", `
	}
	c.w.Header()["www-authenticate"] = []string{scheme + " " + algs + `authorization_uri="` + c.base() + `/oauth2/v1/authorize", realm="` +
		c.base() + `", scope="` + c.route.scope + `", error="` + e.Code + `", error_description="` + e.Description + `", resource="` +
		c.r.URL.EscapedPath() + `"`}
	if e.Code == tokenUnknown.Code {
		c.fail(invalidToken)
		return
	}
	c.head(status, nil)
}
