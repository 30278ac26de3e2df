package command

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"maps"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"oktareset/oktaclient/standin"
	"oktareset/runner/fault"
)

// asApp makes the runs sign in as a service app. It returns the PEM of its key.
func (v *virtual) asApp(a standin.App) string {
	v.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		v.t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		v.t.Fatal(err)
	}
	text := string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
	a.Key, a.Scopes = &key.PublicKey, []string{"okta.users.manage", "okta.users.read", "okta.logs.read"}
	v.env = map[string]string{
		"OKTA_CLIENT_TOKEN": "", "OKTA_CLIENT_CLIENTID": v.org.AddApp(a).ClientID, "OKTA_CLIENT_PRIVATEKEY": text,
	}
	return text
}

// A token that ends in the middle of a long run is renewed once, for everybody; nobody's reset
// is refused, lost or made twice.
func TestTokenEndsInTheMiddle(t *testing.T) {
	t.Parallel()
	for _, a := range []standin.App{{TokenLife: 3 * time.Minute}, {TokenLife: 3 * time.Minute, DPoP: true}} {
		virtually(t, 1500, standin.Config{Latency: 100 * time.Millisecond, ClockSkew: -time.Hour}, func(v *virtual) {
			v.asApp(a)
			var unauthorized atomic.Int32
			v.tampered = func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
				resp, err := next.RoundTrip(r)
				if err == nil && resp.StatusCode == http.StatusUnauthorized && strings.HasPrefix(r.URL.Path, "/api/") {
					unauthorized.Add(1)
				}
				return resp, err
			}
			v.want(v.reset(confirm(1500), "--workers", "32", "--max-api-capacity", "100"), 0, map[string]int{"reset": 1500})
			v.resets(map[int]int{1: 1500})
			first := 1 // and one more: this clock is an hour ahead
			if a.DPoP {
				first = 3
			}
			s := v.org.Stats()
			if s.ByOp[standin.OpToken] > first+1+1 || s.ByOp[standin.OpToken] < first+1 || unauthorized.Load() != 0 || s.ByOp[resetOp] != 1500 || len(s.Surprises) > 0 {
				t.Errorf("%d refused for their token, %+v", unauthorized.Load(), s)
			}
		})
	}
}

// The app's tokens are taken away in the middle: one new one, for all workers, and nobody's
// reset is lost or made twice. Then its key is taken away, too: exit 4, and the rest is not
// attempted.
func TestAccessIsRevokedInTheMiddle(t *testing.T) {
	t.Parallel()
	for _, dpop := range []bool{false, true} {
		virtually(t, 400, standin.Config{Latency: 100 * time.Millisecond, Unlimited: true}, func(v *virtual) {
			v.asApp(standin.App{DPoP: dpop})
			var resets atomic.Int32
			v.tampered = func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
				if strings.HasSuffix(r.URL.Path, "/reset_factors") {
					if resets.Add(1) == 100 {
						v.org.RevokeTokens()
					}
				}
				return next.RoundTrip(r)
			}
			v.want(v.reset(confirm(400), "--workers", "32"), 0, map[string]int{"reset": 400})
			v.resets(map[int]int{1: 400})
			if n, want := v.org.Stats().ByOp[standin.OpToken], map[bool]int{false: 2, true: 4}[dpop]; n != want {
				t.Errorf("%d requests for a token, want %d", n, want)
			}
		})
		virtually(t, 400, standin.Config{Latency: 100 * time.Millisecond, Unlimited: true}, func(v *virtual) {
			v.asApp(standin.App{DPoP: dpop})
			var resets atomic.Int32
			v.tampered = func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
				if strings.HasSuffix(r.URL.Path, "/reset_factors") {
					if resets.Add(1) == 100 {
						v.org.RevokeTokens()
						v.org.RevokeKey(v.env["OKTA_CLIENT_CLIENTID"])
					}
				}
				return next.RoundTrip(r)
			}
			if code := v.reset(confirm(400), "--workers", "32"); code != fault.ExitNoAccess || !strings.Contains(v.stderr, "doesn't accept the credentials any more: get an access token: 401") {
				t.Errorf("exit code %d:\n%s", code, v.stderr)
			}
			counts := v.counts()
			if counts["reset"]+counts["not_attempted"] != 400 || counts["reset"] < 60 || counts["reset"] != v.org.Stats().ResetsApplied {
				t.Errorf("%v, %+v", counts, v.org.Stats())
			}
			if n, want := v.org.Stats().ByOp[standin.OpToken], map[bool]int{false: 2, true: 4}[dpop]; n != want {
				t.Errorf("%d requests for a token, want %d", n, want)
			}
		})
	}
}

// echoing puts what a request was signed with into the errors and headers that come back, as a
// debugging proxy might.
func echoing(r *http.Request, next http.RoundTripper) (*http.Response, error) {
	var form string
	if r.GetBody != nil {
		body, _ := r.GetBody()
		b := make([]byte, 4096)
		n, _ := body.Read(b)
		form = string(b[:n])
	}
	resp, err := next.RoundTrip(r)
	if err != nil || resp.StatusCode < 400 {
		return resp, err
	}
	echo := r.Header.Get("Authorization") + " " + r.Header.Get("Dpop") + " " + form
	_ = resp.Body.Close()
	body := `{"errorCode":"E0000001","errorId":"oae","errorSummary":"` + echo + `","error":"invalid_client","error_description":"` + echo + `"}`
	fresh := &http.Response{
		StatusCode: 400, Header: maps.Clone(resp.Header), Request: r, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Body: http.NoBody, ContentLength: int64(len(body)),
	}
	fresh.Body = readCloser{strings.NewReader(body)}
	fresh.Header.Set("Www-Authenticate", `DPoP error="invalid_request", error_description="`+echo[:min(90, len(echo))]+`", scope="`+echo+`"`)
	return fresh, nil
}

type readCloser struct{ *strings.Reader }

func (readCloser) Close() error { return nil }

// Whatever comes back, no secret gets into the results, the manifest, the log or a message.
func TestNoSecretComesOut(t *testing.T) {
	t.Parallel()
	for _, dpop := range []bool{false, true} {
		for _, trouble := range []standin.Fault{
			{Kind: standin.WrongStatus, Op: resetOp, Every: 2},
			{Kind: standin.Forbidden, Op: standin.OpToken, Skip: 3},
		} {
			virtually(t, 6, standin.Config{Latency: 300 * time.Millisecond}, func(v *virtual) {
				pemText := v.asApp(standin.App{DPoP: dpop, TokenLife: time.Second})
				v.org.Script(trouble)
				seen := make(map[string]bool)
				v.tampered = func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
					if _, token, ok := strings.Cut(r.Header.Get("Authorization"), " "); ok {
						seen[token] = true
						seen[r.Header.Get("Dpop")] = true
					}
					if strings.HasPrefix(r.URL.Path, "/oauth2/") && v.org.Stats().ByOp[standin.OpToken] < 3 {
						return next.RoundTrip(r)
					}
					return echoing(r, next)
				}
				v.reset(confirm(6), "-v", "--workers", "1")
				all := v.stderr
				for _, name := range []string{"users.results.csv", "users.results.json"} {
					b, err := os.ReadFile(v.path(name))
					if err != nil {
						t.Fatal(err)
					}
					all += string(b)
				}
				for line := range strings.Lines(pemText) {
					if line = strings.TrimSpace(line); !strings.HasPrefix(line, "---") {
						seen[line] = true
					}
				}
				delete(seen, "")
				for secret := range seen {
					if strings.Contains(all, secret) || len(secret) > 40 && strings.Contains(all, secret[:40]) {
						t.Errorf("%.20s… came out:\n%s", secret, all)
					}
				}
				if strings.Contains(all, "client_assertion=eyJ") || !strings.Contains(all, "REDACTED") || len(seen) < 4 {
					t.Errorf("%d secrets seen; an assertion, or nothing redacted, in:\n%s", len(seen), all)
				}
			})
		}
	}
}

// tokenAnswer makes the token endpoint answer with this under Okta's request ID, and the org with
// all else.
func (v *virtual) tokenAnswer(status int, body string) {
	v.tampered = func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
		if !strings.HasPrefix(r.URL.Path, "/oauth2/") {
			return next.RoundTrip(r)
		}
		return &http.Response{
			StatusCode: status, Header: http.Header{"X-Okta-Request-Id": {"req"}}, Request: r, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
			Body: readCloser{strings.NewReader(body)}, ContentLength: int64(len(body)),
		}, nil
	}
}

// Each way to say "not this scope" leads to the grants; only invalid_client is about the key; of
// what nobody knows, no cause is claimed.
func TestHintsOfTheTokenEndpoint(t *testing.T) {
	t.Parallel()
	for code, hint := range map[string]string{
		"consent_required": "hint: grant the service app what it asks for (okta.users.manage and okta.users.read)", "invalid_scope": "hint: grant the service app",
		"access_denied": "hint: grant the service app", "insufficient_scope": "hint: grant the service app", "invalid_client": "hint: compare OKTA_CLIENT_CLIENTID",
		"temporarily_confused": "", "unauthorized_client": "",
	} {
		virtually(t, 2, standin.Config{}, func(v *virtual) {
			v.asApp(standin.App{})
			v.tokenAnswer(http.StatusBadRequest, `{"error":"`+code+`","error_description":"x"}`)
			if exit := v.reset(confirm(2)); exit != fault.ExitNoAccess || !strings.Contains(v.stderr, code) || !strings.Contains(v.stderr, hint) ||
				strings.Contains(v.stderr, "hint:") != (hint != "") || strings.Contains(v.stderr, "any more") {
				t.Errorf("%s: exit code %d, want %q:\n%s", code, exit, hint, v.stderr)
			}
		})
	}
}

// A token that says that it lacks a scope ends a run before the question, whatever step needs it;
// one that doesn't say so, at the first row, and not as credentials that were accepted once.
func TestScopesThatTheTokenLacks(t *testing.T) {
	t.Parallel()
	for flags, scope := range map[string]string{"--skip-admins": "okta.roles.read"} {
		virtually(t, 3, standin.Config{}, func(v *virtual) {
			v.asApp(standin.App{})
			if code := v.reset(flags, confirm(3)); code != fault.ExitNoAccess || !strings.Contains(v.stderr, "its access token lacks "+scope) {
				t.Errorf("exit code %d:\n%s", code, v.stderr)
			}
			v.wantNoResults()
			if code := v.reset(flags, "--dry-run"); !strings.Contains(v.stderr, "warning: acme.okta.com doesn't let the service app do that: its access token lacks "+scope) {
				t.Errorf("exit code %d:\n%s", code, v.stderr)
			}
			v.resets(map[int]int{0: 3})
		})
	}
	virtually(t, 3, standin.Config{}, func(v *virtual) {
		v.asApp(standin.App{})
		v.org.Script(standin.Fault{Kind: standin.MissingScope, Op: resetOp})
		if code := v.reset(confirm(3)); code != fault.ExitNoAccess || strings.Contains(v.stderr, "any more") ||
			!strings.Contains(v.stderr, "doesn't let the service app do that: 403 Forbidden: insufficient_scope, scope okta.users.manage is needed") {
			t.Errorf("exit code %d:\n%s", code, v.stderr)
		}
	})
}
