package oktaclient

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// App is an OAuth 2.0 service app: a client of the org's own authorization server that signs in
// with a private key.
type App struct {
	ClientID string
	Key      PrivateKey
	KeyID    string // "": the key's own; Okta needs one if the app has several keys
	// Scopes are needed. OptionalScopes are asked for too, but all left out if the app lacks any
	// of them: Okta refuses a request for more than was granted, and doesn't say which.
	Scopes, OptionalScopes []string
}

// The scopes that this program's requests need.
const (
	ScopeUsersManage = "okta.users.manage"
	ScopeUsersRead   = "okta.users.read"
	ScopeLogsRead    = "okta.logs.read"
	ScopeRolesRead   = "okta.roles.read"
	ScopeGroupsRead  = "okta.groups.read"
)

// AllScopes are those that a service app needs for everything that this program does.
func AllScopes() []string {
	return []string{ScopeUsersManage, ScopeUsersRead, ScopeLogsRead, ScopeRolesRead, ScopeGroupsRead}
}

const (
	// renewBefore is how long before its end an access token is renewed: longer than a request
	// takes, its way to Okta included.
	renewBefore = time.Minute
	// renewShare is one part in so many of a token's life, for tokens with a short one: they are
	// renewed that long before their end. Okta's tokens live for an hour.
	renewShare = 10
)

// accessToken is what an app signs its requests with.
type accessToken struct {
	value  hidden[string]
	proved bool // sent with a proof (DPoP), otherwise as a bearer token
	scopes []string
	renew  time.Time // by the local clock: not used any more from then on
	first  bool      // the client's first

	accepted atomic.Bool // Okta has accepted a request with it
	refused  atomic.Bool
}

// appCredentials are those of a service app: one access token for all requests, renewed before it
// ends.
type appCredentials struct {
	app    App
	client *Client

	mu       sync.Mutex
	token    *accessToken     // nil: none yet
	fetching *fetch           // the request for a token that is under way; nil: none
	refused  error            // set once: Okta gives no token for these credentials
	scopes   []string         // to ask for
	dpop     *dpop            // nil until Okta asks for proofs
	nonce    string           // for proofs at the token endpoint, from Okta
	apiNonce string           // the same for the API
	spent    []hidden[string] // earlier tokens
	parts    []hidden[string] // of the private key
}

// fetch is a request for a token that several wait for.
type fetch struct {
	done chan struct{}
	err  error // set before done is closed
}

func newAppCredentials(app App, c *Client) *appCredentials {
	return &appCredentials{app: app, client: c, scopes: slices.Concat(app.Scopes, app.OptionalScopes), parts: app.Key.parts()}
}

func (a *appCredentials) fresh() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.usable()
}

// usable is fresh with a.mu held. Expiry is measured from the local time of the token request, so
// that a wrong clock, here or at Okta, doesn't matter.
func (a *appCredentials) usable() bool {
	return a.token != nil && !a.token.refused.Load() && time.Now().Before(a.token.renew)
}

// ready makes sure that there is an access token. One caller requests it; the others wait for the
// result.
func (a *appCredentials) ready(ctx context.Context) error {
	for {
		a.mu.Lock()
		if a.refused != nil || a.usable() {
			defer a.mu.Unlock()
			return a.refused
		}
		f := a.fetching
		if f == nil {
			f = &fetch{done: make(chan struct{})}
			a.fetching = f
			a.mu.Unlock()
			return a.fetch(ctx, f)
		}
		a.mu.Unlock()
		select {
		case <-f.done:
			if f.err != nil && FateOf(f.err) != NotSent { // otherwise only that caller's run ended
				return f.err
			}
		case <-ctx.Done():
			return fmt.Errorf("%w: %w", errUnsent, context.Cause(ctx))
		}
	}
}

// fetch gets a token for everybody who waits for f.
func (a *appCredentials) fetch(ctx context.Context, f *fetch) error {
	t, err := a.requestToken(ctx)
	a.mu.Lock()
	defer a.mu.Unlock()
	switch {
	case err == nil:
		t.first = a.token == nil
		if a.token != nil {
			a.spent = append(a.spent, a.token.value)
		}
		a.token = t
	case FateOf(err) == NoAccess:
		a.refused = err // each further request would be one more failed sign-in in Okta's log
	}
	f.err = err
	a.fetching = nil
	close(f.done)
	return err
}

func (a *appCredentials) sign(r *request, req *http.Request) error {
	a.mu.Lock()
	t, d, nonce := a.token, a.dpop, a.apiNonce
	a.mu.Unlock()
	r.token = t
	if !t.proved {
		req.Header.Set("Authorization", "Bearer "+t.value())
		return nil
	}
	proof, err := d.proof(req.Method, req.URL, a.client.Now(), t.value(), nonce)
	if err != nil {
		return fmt.Errorf("sign a DPoP proof: %w", err)
	}
	req.Header.Set("Authorization", "DPoP "+t.value())
	req.Header.Set("DPoP", proof)
	return nil
}

// refusesToken reports whether Okta refuses the token itself, and not what it may do.
func (e *APIError) refusesToken() bool {
	return e.fate == NoAccess && (e.Code != "" || e.challenge == oauthInvalidToken)
}

// amend gets a new token if Okta no longer accepts this one, uses a nonce that Okta asks for, and
// makes one more proof, because a reply with a wrong Date may have spoilt the time of the last
// one. A renewed token that never worked isn't renewed again: then the token isn't the cause.
func (a *appCredentials) amend(r *request, rep Reply, err error) bool {
	// If Okta didn't judge it, the change may have been made, and the answer teaches nothing.
	if r.token == nil || !rep.verdict.okta {
		return false
	}
	if rep.nonce != "" {
		a.mu.Lock()
		a.apiNonce = rep.nonce
		a.mu.Unlock()
	}
	var api *APIError
	if rep.verdict.fate != NoAccess || !errors.As(err, &api) {
		r.token.accepted.Store(true)
		return false
	}
	switch {
	case api.OAuth == oauthUseNonce && rep.nonce != "" && !r.nonced:
		r.nonced = true
		return true
	case api.OAuth == oauthInvalidProof && r.token.proved && !r.proofread:
		r.proofread = true
		return true
	case api.refusesToken() && !r.renewed && (r.token.first || r.token.accepted.Load()):
		r.token.refused.Store(true)
		r.renewed = true
		return true
	}
	return false
}

func (a *appCredentials) secrets() []hidden[string] {
	a.mu.Lock()
	defer a.mu.Unlock()
	secrets := slices.Concat(a.parts, a.spent)
	if a.token != nil {
		secrets = append(secrets, a.token.value)
	}
	return secrets
}

// Grant returns what a service app's access token allows: its scopes, and whether requests carry
// proofs (DPoP). ok is false for an API token, and while there is no access token.
func (c *Client) Grant() (scopes []string, proved, ok bool) {
	if c.app == nil {
		return nil, false, false
	}
	c.app.mu.Lock()
	defer c.app.mu.Unlock()
	if c.app.token == nil {
		return nil, false, false
	}
	return slices.Clone(c.app.token.scopes), c.app.token.proved, true
}
