package oktaclient_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"oktareset/oktaclient"
	"oktareset/oktaclient/standin"
)

// Nonces: renewed at the token endpoint between two tokens, and asked for by the API in the middle.
func TestNonces(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		org, app := signedIn(t, standin.Config{}, standin.App{DPoP: true, APINonce: true})
		c := clientOf(t, org, oktaclient.Options{App: &app})
		u := org.Add(standin.User{Login: "alice@example.com"})
		for i := range 3 {
			dispatched := 0
			rep, err := c.ResetFactors(t.Context(), u.ID, func() error { dispatched++; return nil })
			if err != nil || rep.Attempts != 2 || dispatched != 1 {
				t.Errorf("round %d: %+v, dispatched %d times, %v", i, rep, dispatched, err)
			}
			org.RenewNonces()
			org.RenewNonces()
			org.RevokeTokens()
			<-time.After(time.Hour)
		}
		if n := org.Did(u.ID).Resets; n != 3 {
			t.Errorf("%d resets", n)
		}
		// 3 for the first token, 2 for each further one, because its nonce has expired since.
		if n := org.Stats().ByOp[standin.OpToken]; n != 3+2+2 {
			t.Errorf("%d requests for a token", n)
		}
	})
}

// A short failure of the token endpoint in the middle of a run is waited out; a long outage
// isn't.
func TestTokenEndpointDown(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		org, app := signedIn(t, standin.Config{}, standin.App{TokenLife: 5 * time.Minute})
		c := clientOf(t, org, oktaclient.Options{App: &app})
		u := org.Add(standin.User{Login: "alice@example.com"})
		if _, err := c.ResetFactors(t.Context(), u.ID, nil); err != nil {
			t.Fatal(err)
		}
		<-time.After(time.Hour)
		org.Script(standin.Fault{Kind: standin.BadGateway, Op: standin.OpToken, Times: 8})
		if _, err := c.ResetFactors(t.Context(), u.ID, nil); err != nil {
			t.Error(err)
		}
		<-time.After(time.Hour)
		org.Script(standin.Fault{Kind: standin.BadGateway, Op: standin.OpToken})
		start := time.Now()
		_, err := c.ResetFactors(t.Context(), u.ID, func() error { t.Error("dispatched"); return nil })
		if took := time.Since(start); oktaclient.FateOf(err) != oktaclient.Unreachable || took < 10*time.Minute || took > 15*time.Minute {
			t.Errorf("after %v: %v", took, err)
		}
	})
}

// A token that expires while a request waits for its turn is renewed before the request is sent.
func TestTokenEndsInAHold(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		cfg := standin.Config{Limits: map[string]int{standin.BucketUsers: 2}, TokenShare: 100}
		org, app := signedIn(t, cfg, standin.App{TokenLife: 40 * time.Second})
		c := clientOf(t, org, oktaclient.Options{App: &app, Capacity: 100})
		u := org.Add(standin.User{Login: "alice@example.com"})
		for i := range 3 {
			if rep, err := c.ResetFactors(t.Context(), u.ID, nil); err != nil || rep.Attempts != 1 {
				t.Errorf("reset %d: %+v, %v", i, rep, err)
			}
		}
		wantOps(t, org, map[string]int{standin.OpToken: 2, standin.OpResetFactors: 3})
	})
}

// If the caller who fetches the token gives up, the others don't.
func TestCallerGivesUpOnToken(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		org, app := signedIn(t, standin.Config{}, standin.App{})
		org.Script(standin.Fault{Kind: standin.TooManyBare, Op: standin.OpToken, Times: 3})
		c := clientOf(t, org, oktaclient.Options{App: &app})
		u := org.Add(standin.User{Login: "alice@example.com"})
		brief, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		var callers sync.WaitGroup
		callers.Go(func() {
			if _, _, err := c.GetUser(brief, u.ID); oktaclient.FateOf(err) != oktaclient.NotSent {
				t.Errorf("the one who gave up: %v", err)
			}
		})
		<-time.After(time.Second)
		for range 5 {
			callers.Go(func() {
				if _, _, err := c.GetUser(t.Context(), u.ID); err != nil {
					t.Error(err)
				}
			})
		}
		callers.Wait()
	})
}

// misdated makes the Date of one reply wrong.
type misdated struct {
	next http.RoundTripper
	off  time.Duration // of the next reply
}

func (m *misdated) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := m.next.RoundTrip(r)
	if err == nil && m.off != 0 {
		resp.Header.Set("Date", time.Now().Add(m.off).UTC().Format(http.TimeFormat))
		m.off = 0
	}
	return resp, err
}

// One Okta server with a wrong clock costs one more proof, not the run.
func TestOneWrongDate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		org, app := signedIn(t, standin.Config{}, standin.App{DPoP: true})
		wire := &misdated{next: org.Transport()}
		c := clientOf(t, org, oktaclient.Options{App: &app, Transport: wire})
		u := org.Add(standin.User{Login: "alice@example.com"})
		for _, off := range []time.Duration{time.Hour, -time.Hour} {
			wire.off = off
			if _, _, err := c.GetUser(t.Context(), u.ID); err != nil {
				t.Error(err)
			}
			before := org.Did(u.ID).Resets
			rep, err := c.ResetFactors(t.Context(), u.ID, nil)
			if err != nil || rep.Attempts > 2 || org.Did(u.ID).Resets != before+1 {
				t.Errorf("off by %v: %+v, %v", off, rep, err)
			}
		}
		if n := org.Stats().ByOp[standin.OpToken]; n > 4 {
			t.Errorf("%d requests for a token", n)
		}
	})
}

// After each of Okta's ways to refuse a scope, the client tries without the optional scopes;
// after anything else it doesn't.
func TestRefusedScopes(t *testing.T) {
	t.Parallel()
	for code, again := range map[string]bool{
		"consent_required": true, "invalid_scope": true, "insufficient_scope": true, "access_denied": true, "invalid_client": false, "something_else": false,
	} {
		synctest.Test(t, func(t *testing.T) {
			org, app := signedIn(t, standin.Config{}, standin.App{})
			asked := 0
			c := clientOf(t, org, oktaclient.Options{App: &app, Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
				body, _ := r.GetBody()
				form, _ := io.ReadAll(body)
				if asked++; !strings.Contains(string(form), "okta.logs.read") {
					return org.Transport().RoundTrip(r)
				}
				rec := httptest.NewRecorder()
				rec.Header().Set("X-Okta-Request-Id", "req")
				rec.WriteHeader(http.StatusBadRequest)
				_, _ = rec.WriteString(`{"error":"` + code + `","error_description":"x"}`)
				return rec.Result(), nil
			})})
			_, err := c.GetActor(t.Context())
			if scopes, _, ok := c.Grant(); ok != again || (err == nil) != again || again && (asked != 2 || !slices.Equal(scopes, allScopes[:2])) || !again && asked != 1 {
				t.Errorf("%s: asked %d times, got %q, %v", code, asked, scopes, err)
			}
			if !again && oktaclient.FateOf(err) != oktaclient.NoAccess {
				t.Errorf("%s: %v", code, err)
			}
		})
	}
}

// A page from somebody else, whatever it says about tokens and proofs, never makes a change be
// sent again.
func TestStrangersDontAmendCredentials(t *testing.T) {
	t.Parallel()
	for _, challenge := range []string{
		"", `DPoP error="use_dpop_nonce"`, `DPoP error="invalid_dpop_proof"`, `Bearer realm="gateway", error="invalid_token"`, `Bearer error="insufficient_scope"`, "SSWS",
	} {
		for _, status := range []int{400, 401, 403} {
			synctest.Test(t, func(t *testing.T) {
				org, app := signedIn(t, standin.Config{}, standin.App{DPoP: true})
				sent := 0
				c := clientOf(t, org, oktaclient.Options{App: &app, Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
					resp, err := org.Transport().RoundTrip(r)
					if err != nil || strings.HasPrefix(r.URL.Path, "/oauth2/") {
						return resp, err
					}
					sent++
					_ = resp.Body.Close()
					resp.Header.Set("Dpop-Nonce", "a nonce")
					resp.Header.Set("Www-Authenticate", challenge)
					resp.StatusCode, resp.Body = status, io.NopCloser(strings.NewReader(`{"error":"invalid_token"}`))
					return resp, nil
				})})
				u := org.Add(standin.User{Login: "alice@example.com"})
				_, err := c.ResetFactors(t.Context(), u.ID, nil)
				if oktaclient.FateOf(err) != oktaclient.InDoubt || sent != 1 || org.Did(u.ID).Resets != 1 {
					t.Errorf("%d %s: %v, sent %d times, reset %d times", status, challenge, err, sent, org.Did(u.ID).Resets)
				}
			})
		}
	}
}
