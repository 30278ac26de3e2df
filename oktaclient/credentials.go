package oktaclient

import (
	"context"
	"errors"
	"net/http"
	"slices"
)

// credentials sign requests. They are safe for concurrent use.
type credentials interface {
	// ready returns once requests can be signed. It may send requests of its own; then its error
	// is a [*TokenError].
	ready(ctx context.Context) error
	// fresh reports whether what ready obtained is still valid.
	fresh() bool
	// sign sets the headers of one attempt.
	sign(r *request, req *http.Request) error
	// amend reports whether r may be sent again with other credentials (new token, nonce or
	// proof) after Okta refused its last attempt before any work. Each is tried once.
	amend(r *request, rep Reply, err error) bool
	// secrets returns the values to redact from replies, earlier ones included.
	secrets() []hidden[string]
}

// tokenCredentials are those of an API token.
type tokenCredentials struct{ token hidden[Token] }

func (*tokenCredentials) ready(context.Context) error { return nil }

func (*tokenCredentials) fresh() bool { return true }

func (t *tokenCredentials) sign(_ *request, req *http.Request) error {
	req.Header.Set("Authorization", t.token().header())
	return nil
}

func (*tokenCredentials) amend(*request, Reply, error) bool { return false }

func (t *tokenCredentials) secrets() []hidden[string] {
	return []hidden[string]{hide(string(t.token()))}
}

// admit waits until r may be sent and can be signed.
func (c *Client) admit(ctx context.Context, r *request) (slot, error) {
	for {
		if !r.noToken {
			if err := c.auth.ready(ctx); err != nil {
				return slot{}, err
			}
		}
		lone, err := c.pacer.stayBack(ctx, r)
		if err != nil {
			return slot{}, err
		}
		if lone {
			c.askOthers(ctx, r)
		}
		s, err := c.pacer.admit(ctx, r)
		switch {
		case errors.Is(err, errAskOkta):
			c.askOkta(ctx, r.user())
			continue
		case err != nil || r.noToken || c.auth.fresh():
			return s, err
		}
		c.pacer.abort(s) // the access token expired while the request waited for its turn
	}
}

// Accepted reports whether Okta has accepted a request with these credentials. If it refuses them
// now, they were valid and are no longer.
func (c *Client) Accepted() bool { return c.accepted.Load() }

// noteAccepted records a reply that shows that Okta knows the sender of a signed request.
func (c *Client) noteAccepted(r *request, v verdict) {
	if r.noToken || !v.okta {
		return
	}
	switch v.fate {
	case Done, Refused, Forbidden, Missing:
		c.accepted.Store(true)
	}
}

// IsApp reports whether the client signs in as a service app.
func (c *Client) IsApp() bool { return c.app != nil }

// NeededScopes returns the scopes that a service app can't do without; none for an API token.
func (c *Client) NeededScopes() []string {
	if c.app == nil {
		return nil
	}
	return slices.Clone(c.app.app.Scopes)
}

// Actor is who sends the requests: the user who owns the API token, or a service app.
type Actor struct {
	ID    string // of the user, or the app's client ID
	Login string // "" for a service app
}

// String is the user's login, or "service app" and its client ID.
func (a Actor) String() string {
	if a.Login == "" {
		return "service app " + a.ID
	}
	return a.Login
}

// GetActor finds out whose credentials these are, and that Okta accepts them. A service app is no
// user: getting an access token shows that it is accepted.
func (c *Client) GetActor(ctx context.Context) (Actor, error) {
	if c.app == nil {
		me, _, err := c.GetMe(ctx)
		return Actor{ID: me.ID, Login: me.Profile.Login}, err
	}
	return Actor{ID: c.app.app.ClientID}, c.app.ready(ctx)
}
