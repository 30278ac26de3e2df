package oktaclient_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"oktareset/oktaclient"
	"oktareset/oktaclient/standin"
)

// tokenOf answers with an access token of this type.
func tokenOf(r *http.Request, kind string) *http.Response {
	rec := httptest.NewRecorder()
	rec.Header().Set("X-Okta-Request-Id", "req")
	_, _ = fmt.Fprintf(rec, `{"token_type":%q,"expires_in":3600,"access_token":"eyJlesser.token.x","scope":"okta.users.read okta.users.manage"}`, kind)
	resp := rec.Result()
	resp.Request = r
	return resp
}

// lesser replaces the org's tokens by tokens of another type, from the moment that kind is set.
// It counts the requests with such a token that reach the org.
type lesser struct {
	org   *standin.Org
	kind  string // "": none
	used  int
	asked int
}

func (l *lesser) RoundTrip(r *http.Request) (*http.Response, error) {
	if strings.Contains(r.Header.Get("Authorization"), "lesser") {
		l.used++
	}
	resp, err := l.org.Transport().RoundTrip(r)
	if err != nil || l.kind == "" || !strings.HasPrefix(r.URL.Path, "/oauth2/") || resp.StatusCode != http.StatusOK {
		return resp, err
	}
	l.asked++
	_, _ = io.Copy(io.Discard, resp.Body)
	_ = resp.Body.Close()
	return tokenOf(r, l.kind), nil
}

// wantLesser fails the test unless a call ended because a token was refused, for good, and
// nothing was sent with it.
func wantLesser(t *testing.T, what string, wire *lesser, err error) {
	t.Helper()
	var terr *oktaclient.TokenError
	if !errors.Is(err, oktaclient.ErrUnusableToken) || !errors.As(err, &terr) || oktaclient.FateOf(err) != oktaclient.NoAccess || wire.used > 0 {
		t.Errorf("%s: %v (fate %d), %d requests with that token", what, err, oktaclient.FateOf(err), wire.used)
	}
	if err != nil && strings.Contains(err.Error(), "lesser") {
		t.Errorf("%s: the token is shown: %v", what, err)
	}
}

// A client that Okta has asked for proofs, and that has given one, accepts no token without
// proofs: not the first time, not on renewal, not after a revocation. It doesn't accept a token
// that needs a proof either if it sent none. It doesn't ask again.
func TestLesserToken(t *testing.T) {
	t.Parallel()
	for _, dpop := range []bool{true, false} {
		for _, kind := range []string{"Bearer", "bearer", "BEARER", "MAC", "N_A", " ", "DPoP ", "Bearer DPoP", "DPoP"} {
			if dpop && kind == "DPoP" {
				continue
			}
			if !dpop && strings.EqualFold(kind, "Bearer") {
				continue
			}
			t.Run(fmt.Sprintf("%q dpop=%v", kind, dpop), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					for name, change := range map[string]func(*standin.Org){
						"first": nil, "renewed": func(*standin.Org) { <-time.After(2 * time.Hour) }, "revoked": (*standin.Org).RevokeTokens,
					} {
						org, app := signedIn(t, standin.Config{}, standin.App{DPoP: dpop})
						wire := &lesser{org: org}
						c := clientOf(t, org, oktaclient.Options{App: &app, Transport: wire})
						u := org.Add(standin.User{Login: "alice@example.com"})
						resets := 0
						if change != nil {
							if _, err := c.ResetFactors(t.Context(), u.ID, nil); err != nil {
								t.Fatal(err)
							}
							change(org)
							resets = 1
						}
						wire.kind = kind
						_, err := c.ResetFactors(t.Context(), u.ID, nil)
						wantLesser(t, name, wire, err)
						_, _, err = c.GetUser(t.Context(), u.ID)
						wantLesser(t, name+", later", wire, err)
						if n := org.Did(u.ID).Resets; n != resets || wire.asked != 1 {
							t.Errorf("%s: %d resets, want %d; %d tokens were given, want 1", name, n, resets, wire.asked)
						}
					}
				})
			})
		}
	}
}

// The case of the token's type doesn't matter.
func TestTokenTypeInAnyCase(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for _, kind := range []string{"DPoP", "dpop", "DPOP"} {
			org, app := signedIn(t, standin.Config{}, standin.App{DPoP: true})
			c := clientOf(t, org, oktaclient.Options{App: &app, Transport: &lesser{org: org, kind: kind}})
			if _, err := c.GetActor(t.Context()); err != nil {
				t.Errorf("%s: %v", kind, err)
			}
			if _, proved, ok := c.Grant(); !proved || !ok {
				t.Errorf("%s: proved %v, %v", kind, proved, ok)
			}
		}
	})
}

// A client that succeeds one that has given up requires proofs too, though Okta never asked it
// for one.
func TestSuccessorTakesNoLesserToken(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		org, app := signedIn(t, standin.Config{}, standin.App{DPoP: true})
		wire := &lesser{org: org}
		options := oktaclient.Options{App: &app, Transport: wire}
		first := clientOf(t, org, options)
		if _, err := first.GetActor(t.Context()); err != nil {
			t.Fatal(err)
		}
		for _, kind := range []string{"Bearer", "DPoP"} {
			next := clientOf(t, org, options)
			next.Succeed(first)
			wire.kind = map[string]string{"Bearer": kind}[kind]
			_, err := next.GetActor(t.Context())
			if kind == "Bearer" {
				wantLesser(t, kind, wire, err)
			} else if err != nil {
				t.Error(err)
			}
		}
		bearer := clientOf(t, org, oktaclient.Options{Token: "00token"})
		bearer.Succeed(first) // no service app: nothing to take over
		first.Succeed(bearer)
	})
}
