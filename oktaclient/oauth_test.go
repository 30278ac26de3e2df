package oktaclient_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"maps"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-jose/go-jose/v4"

	"oktareset/oktaclient"
	"oktareset/oktaclient/standin"
)

// testKeys are made once, because making RSA keys takes time.
var testKeys = sync.OnceValue(func() map[string]any {
	keys := make(map[string]any)
	keys["RSA"], _ = rsa.GenerateKey(rand.Reader, 2048)
	for name, curve := range map[string]elliptic.Curve{"P-256": elliptic.P256(), "P-384": elliptic.P384(), "P-521": elliptic.P521()} {
		keys[name], _ = ecdsa.GenerateKey(curve, rand.Reader)
	}
	return keys
})

// pemOf writes a key in PKCS #8.
func pemOf(t *testing.T, key any) []byte {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
}

func jwkOf(t *testing.T, jwk jose.JSONWebKey) []byte {
	t.Helper()
	b, err := json.Marshal(jwk)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func parseKey(t *testing.T, text []byte) oktaclient.PrivateKey {
	t.Helper()
	key, err := oktaclient.ParsePrivateKey(text)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

var allScopes = []string{"okta.users.manage", "okta.users.read", "okta.logs.read"}

// signedIn makes an org with a service app, and the app's credentials for a client.
func signedIn(t *testing.T, cfg standin.Config, a standin.App) (*standin.Org, oktaclient.App) {
	t.Helper()
	key := parseKey(t, pemOf(t, testKeys()["P-256"]))
	org := standin.New(cfg)
	a.Key = key.Public()
	if a.Scopes == nil {
		a.Scopes = allScopes
	}
	a = org.AddApp(a)
	return org, oktaclient.App{ClientID: a.ClientID, Key: key, KeyID: a.KeyID, Scopes: allScopes[:2], OptionalScopes: allScopes[2:]}
}

// clientOf makes a client that reaches the org in this goroutine, without a network.
func clientOf(t *testing.T, org *standin.Org, o oktaclient.Options) *oktaclient.Client {
	t.Helper()
	url, err := oktaclient.ParseOrgURL("https://acme.okta.com")
	if err != nil {
		t.Fatal(err)
	}
	if o.Transport == nil {
		o.Transport = org.Transport()
	}
	return oktaclient.New(url, o)
}

func wantOps(t *testing.T, org *standin.Org, want map[string]int) {
	t.Helper()
	s := org.Stats()
	if !maps.Equal(s.ByOp, want) {
		t.Errorf("requests %v, want %v", s.ByOp, want)
	}
	if len(s.Surprises) > 0 {
		t.Errorf("surprises: %q", s.Surprises)
	}
}

// Every kind of key, with and without proofs, on every path.
func TestServiceApp(t *testing.T) {
	t.Parallel()
	for kind, key := range testKeys() {
		for _, dpop := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s dpop=%v", kind, dpop), func(t *testing.T) {
				t.Parallel()
				private := parseKey(t, jwkOf(t, jose.JSONWebKey{Key: key, KeyID: "kid-" + kind}))
				org := standin.New(standin.Config{})
				a := org.AddApp(standin.App{Key: private.Public(), KeyID: "kid-" + kind, Scopes: allScopes, DPoP: dpop})
				server := httptest.NewServer(org)
				defer server.Close()
				url, err := oktaclient.ParseOrgURL(server.URL)
				if err != nil {
					t.Fatal(err)
				}
				c := oktaclient.New(url, oktaclient.Options{App: &oktaclient.App{ClientID: a.ClientID, Key: private, Scopes: allScopes}})
				logins := []string{
					"alice@example.com", "o'brien+x@example.com", "jürgen@example.com", "a%2Fb@example.com", `quo"te#x y@example.com`, "(a),!$&=*~@example.com",
				}
				for _, login := range logins {
					org.Add(standin.User{Login: login})
					u, _, err := c.GetUser(t.Context(), login)
					if err != nil || u.Profile.Login != login {
						t.Errorf("GetUser(%q) = %+v, %v", login, u, err)
					}
				}
				u := org.Add(standin.User{Login: "x;y/z@example.com"})
				if users, _, err := c.FindUsers(t.Context(), "x;y/z@example.com"); err != nil || len(users) != 1 {
					t.Errorf("FindUsers = %+v, %v", users, err)
				}
				if _, _, err := c.ListFactors(t.Context(), u.ID); err != nil {
					t.Errorf("ListFactors: %v", err)
				}
				if _, err := c.ResetFactors(t.Context(), u.ID, nil); err != nil || org.Did(u.ID).Resets != 1 {
					t.Errorf("ResetFactors: %v, %+v", err, org.Did(u.ID))
				}
				for e, err := range c.ListFactorEvents(t.Context(), []string{u.ID}, time.Now().Add(-time.Minute), time.Now().Add(time.Minute)) {
					if err != nil || e.Actor.ID != a.ClientID || e.Actor.Type != "PublicClientAppEntity" {
						t.Errorf("event by %+v, %v", e.Actor, err)
					}
				}
				actor, err := c.GetActor(t.Context())
				scopes, proved, ok := c.Grant()
				if err != nil || actor.String() != "service app "+a.ClientID || proved != dpop || !ok || !slices.Equal(scopes, allScopes) {
					t.Errorf("actor %v, %v; scopes %v, proved %v, %v", actor, err, scopes, proved, ok)
				}
				tokens := 1
				if dpop {
					tokens = 3 // Okta asks for a proof, then for its nonce
				}
				wantOps(t, org, map[string]int{
					standin.OpToken: tokens, standin.OpGetUser: len(logins), standin.OpListUsers: 1, standin.OpListFactors: 1,
					standin.OpResetFactors: 1, standin.OpLogs: 1,
				})
			})
		}
	}
}

// A clock that is wrong by an hour, either way, costs one more request for a token, not the run.
func TestServiceAppWithWrongClock(t *testing.T) {
	t.Parallel()
	for _, skew := range []time.Duration{-time.Hour, -10 * time.Minute, 10 * time.Minute, time.Hour, 30 * 24 * time.Hour} {
		for _, dpop := range []bool{false, true} {
			t.Run(fmt.Sprintf("%v dpop=%v", skew, dpop), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					org, app := signedIn(t, standin.Config{ClockSkew: skew}, standin.App{DPoP: dpop})
					c := clientOf(t, org, oktaclient.Options{App: &app})
					u := org.Add(standin.User{Login: "alice@example.com"})
					rep, err := c.ResetFactors(t.Context(), u.ID, nil)
					if err != nil || rep.Attempts != 1 || org.Did(u.ID).Resets != 1 {
						t.Errorf("%+v, %v, %+v", rep, err, org.Did(u.ID))
					}
					if n := org.Stats().ByOp[standin.OpToken]; n > 4 {
						t.Errorf("%d requests for a token", n)
					}
				})
			})
		}
	}
}

// All workers share one token; it is renewed once, before it ends, and no request is refused.
func TestOneTokenForAll(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		org, app := signedIn(t, standin.Config{Unlimited: true, Latency: 3 * time.Second}, standin.App{DPoP: true, TokenLife: 100 * time.Second})
		c := clientOf(t, org, oktaclient.Options{App: &app})
		u := org.Add(standin.User{Login: "alice@example.com"})
		var workers sync.WaitGroup
		until := time.Now().Add(150 * time.Second)
		for range 32 {
			workers.Go(func() {
				for time.Now().Before(until) {
					if _, _, err := c.GetUser(t.Context(), u.ID); err != nil {
						t.Error(err)
					}
				}
			})
		}
		workers.Wait()
		s := org.Stats()
		if s.ByOp[standin.OpToken] != 3+1 || c.Stats().Requests != s.Requests || s.ByOp[standin.OpGetUser] < 1000 {
			t.Errorf("%d requests, %+v; want one renewal", c.Stats().Requests, s)
		}
	})
}

func TestRevokedToken(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name     string
		revoke   func(*standin.Org, string)
		fate     oktaclient.Fate
		resets   int
		tokens   int // requests for one
		attempts int // of the reset after the revocation
	}{
		{"token", func(o *standin.Org, _ string) { o.RevokeTokens() }, oktaclient.Done, 2, 2, 2},
		{"key", func(o *standin.Org, id string) { o.RevokeKey(id); o.RevokeTokens() }, oktaclient.NoAccess, 1, 2, 1},
		{"key only", func(o *standin.Org, id string) { o.RevokeKey(id) }, oktaclient.Done, 2, 1, 1},
		{"every 401", func(o *standin.Org, _ string) {
			o.Script(standin.Fault{Kind: standin.InvalidToken, Op: standin.OpResetFactors})
		}, oktaclient.NoAccess, 1, 2, 2},
		{"every 401 of every call", func(o *standin.Org, _ string) {
			o.Script(standin.Fault{Kind: standin.InvalidToken, Op: standin.OpResetFactors}, standin.Fault{Kind: standin.AuthFailed, Op: standin.OpGetUser})
		}, oktaclient.NoAccess, 1, 2, 2},
		{"one session", func(o *standin.Org, _ string) {
			o.Script(standin.Fault{Kind: standin.InvalidSession, Op: standin.OpResetFactors, Times: 1})
		}, oktaclient.Done, 2, 2, 2},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				org, app := signedIn(t, standin.Config{}, standin.App{})
				c := clientOf(t, org, oktaclient.Options{App: &app})
				alice, bob := org.Add(standin.User{Login: "alice@example.com"}), org.Add(standin.User{Login: "bob@example.com"})
				if _, err := c.ResetFactors(t.Context(), alice.ID, nil); err != nil {
					t.Fatal(err)
				}
				tt.revoke(org, app.ClientID)
				dispatched := 0
				rep, err := c.ResetFactors(t.Context(), bob.ID, func() error { dispatched++; return nil })
				if oktaclient.FateOf(err) != tt.fate || rep.Attempts != tt.attempts || dispatched != 1 {
					t.Errorf("fate %v after %d attempts, dispatched %d times: %v", oktaclient.FateOf(err), rep.Attempts, dispatched, err)
				}
				// Later callers ask for no further token: each would be one more failed sign-in.
				for range 3 {
					_, _, _ = c.GetUser(t.Context(), bob.ID)
				}
				s := org.Stats()
				if s.ResetsApplied != tt.resets || s.ByOp[standin.OpToken] != tt.tokens {
					t.Errorf("%d resets, %d requests for a token, want %d and %d", s.ResetsApplied, s.ByOp[standin.OpToken], tt.resets, tt.tokens)
				}
			})
		})
	}
}

// If no token can be obtained, a request that needs one is never sent, and not even dispatched.
func TestNoToken(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		set   func(o *standin.Org, app *oktaclient.App)
		fate  oktaclient.Fate
		text  string
		asked int
	}{
		{"unknown client", func(_ *standin.Org, a *oktaclient.App) { a.ClientID = "0oaunknown" }, oktaclient.NoAccess, "invalid_client: Invalid value for 'client_id'", 1},
		{"wrong kid", func(_ *standin.Org, a *oktaclient.App) { a.KeyID = "other" }, oktaclient.NoAccess, "kid is invalid", 1},
		{"wrong key", func(o *standin.Org, a *oktaclient.App) {
			other, _ := testKeys()["P-384"].(*ecdsa.PrivateKey)
			o.AddApp(standin.App{ClientID: a.ClientID, KeyID: "kid", Key: &other.PublicKey, Scopes: allScopes})
		}, oktaclient.NoAccess, "signature is invalid", 1},
		{"revoked", func(o *standin.Org, a *oktaclient.App) { o.RevokeKey(a.ClientID) }, oktaclient.NoAccess, "kid is invalid", 1},
		{"no such scope", func(_ *standin.Org, a *oktaclient.App) { a.Scopes = []string{"okta.factors.manage"} }, oktaclient.NoAccess, "invalid_scope", 2},
		{"no scope granted", func(o *standin.Org, a *oktaclient.App) {
			o.AddApp(standin.App{ClientID: a.ClientID, KeyID: "kid", Key: a.Key.Public(), Scopes: []string{"okta.apps.read"}})
		}, oktaclient.NoAccess, "consent_required", 2},
		{
			"portal", func(o *standin.Org, _ *oktaclient.App) {
				o.Script(standin.Fault{Kind: standin.Portal, Op: standin.OpToken})
			},
			oktaclient.Unreachable, "may not come from Okta", 3,
		},
		{
			"no org", func(o *standin.Org, _ *oktaclient.App) {
				o.Script(standin.Fault{Kind: standin.PathNotFound, Op: standin.OpToken})
			},
			oktaclient.WrongOrg, "E0000008", 1,
		},
		{
			"down", func(o *standin.Org, _ *oktaclient.App) {
				o.Script(standin.Fault{Kind: standin.Refuse, Op: standin.OpToken})
			},
			oktaclient.NotSent, "no connection", 0,
		},
		{
			"garbage", func(o *standin.Org, _ *oktaclient.App) {
				o.Script(standin.Fault{Kind: standin.Garbage, Op: standin.OpToken})
			},
			oktaclient.Unreachable, "contains no access token", 1,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				org, app := signedIn(t, standin.Config{}, standin.App{KeyID: "kid"})
				tt.set(org, &app)
				c := clientOf(t, org, oktaclient.Options{App: &app})
				u := org.Add(standin.User{Login: "alice@example.com"})
				rep, err := c.ResetFactors(t.Context(), u.ID, func() error { t.Error("dispatched"); return nil })
				var terr *oktaclient.TokenError
				if oktaclient.FateOf(err) != tt.fate || !errors.As(err, &terr) || !strings.Contains(err.Error(), tt.text) || rep.Attempts != 0 {
					t.Errorf("fate %v, %v, %+v", oktaclient.FateOf(err), err, rep)
				}
				if errors.Is(err, oktaclient.ErrOutage) {
					t.Errorf("%v is an outage: nothing has lasted", err)
				}
				if n := org.Stats().ByOp[standin.OpToken]; n != tt.asked {
					t.Errorf("asked %d times, want %d", n, tt.asked)
				}
			})
		})
	}
}

// If optional scopes weren't granted, the client does without; a call that needs one names it.
func TestOptionalScope(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		org, app := signedIn(t, standin.Config{}, standin.App{Scopes: allScopes[:2], DPoP: true})
		c := clientOf(t, org, oktaclient.Options{App: &app})
		u := org.Add(standin.User{Login: "alice@example.com"})
		if _, err := c.ResetFactors(t.Context(), u.ID, nil); err != nil {
			t.Error(err)
		}
		for _, err := range c.ListFactorEvents(t.Context(), []string{u.ID}, time.Now(), time.Now()) {
			if oktaclient.FateOf(err) != oktaclient.NoAccess || !strings.Contains(fmt.Sprint(err), "scope okta.logs.read is needed") {
				t.Errorf("the log: %v", err)
			}
		}
		if scopes, _, _ := c.Grant(); !slices.Equal(scopes, allScopes[:2]) {
			t.Errorf("scopes %v", scopes)
		}
	})
}
