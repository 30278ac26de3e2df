package oktaclient

import (
	"context"
	"errors"
	"net/http"
	"slices"
)

// credentials prove to Okta who asks. They are safe for concurrent use.
type credentials interface {
	// ready returns once requests can be signed; that may take requests of its own, and then
	// its error is a [*TokenError].
	ready(ctx context.Context) error
	// fresh reports whether what ready has got is still good.
	fresh() bool
	// sign puts the headers onto one attempt.
	sign(r *request, req *http.Request) error
	// amend reports whether r, whose last attempt Okta refused before any work, can be signed
	// in a way that may please it more. What can be amended is amended once.
	amend(r *request, rep Reply, err error) bool
	// secrets are what must not get into a file or onto a screen when a server sends it back, with
	// earlier ones.
	secrets() []hidden[string]
}

// tokenCredentials are an API token's.
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
		c.pacer.abort(s) // the access token came to its end while the request waited for its turn
	}
}

// Accepted reports whether Okta has let a request in with these credentials: if it refuses them
// now, they have lost what they had.
func (c *Client) Accepted() bool { return c.accepted.Load() }

// noteAccepted notes that a reply to a signed request shows that Okta knows its sender.
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

// NeededScopes are those that a service app's access token is asked for and can't do without; none
// of an API token.
func (c *Client) NeededScopes() []string {
	if c.app == nil {
		return nil
	}
	return slices.Clone(c.app.app.Scopes)
}

// Actor is on whose behalf requests are sent: the user who owns the API token, or a service app.
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

// GetActor finds out whose credentials these are, and that Okta accepts them. A service app is
// no user: getting an access token shows it.
func (c *Client) GetActor(ctx context.Context) (Actor, error) {
	if c.app == nil {
		me, _, err := c.GetMe(ctx)
		return Actor{ID: me.ID, Login: me.Profile.Login}, err
	}
	return Actor{ID: c.app.app.ClientID}, c.app.ready(ctx)
}
