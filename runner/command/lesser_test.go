package command

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"oktareset/oktaclient/standin"
	"oktareset/runner/fault"
)

// A token that is worth less than the proofs that Okta asked for ends every command with 4, and
// nothing is asked with it; nobody says that the org can't be reached.
func TestLesserTokenEndsTheCommand(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		args   []string
		skip   int // requests to the token endpoint that the org answers itself
		resets int
	}{
		{[]string{"reset", "--dry-run"}, 2, 0},
		{[]string{"reset", "--workers", "1", confirm(3)}, 2, 0},
		{[]string{"reset", "--workers", "1", confirm(3)}, 3, 2}, // when the first token is over
		{[]string{"users"}, 2, 0},
		{[]string{"factors", "list", "user1@example.com"}, 2, 0},
		{[]string{"whoami"}, 2, 0},
		{[]string{"audit", "--wait", "0"}, 2, 0},
		{[]string{"after"}, 2, 0},
		{[]string{"watch", "--once"}, 2, 0},
	} {
		t.Run(strings.Join(tt.args, " "), func(t *testing.T) {
			virtually(t, 3, standin.Config{Latency: 10 * time.Second}, func(v *virtual) {
				args := tt.args
				switch args[0] {
				case "audit", "after":
					v.reset(confirm(3))
					args = append(args, v.path("users.results.csv"))
				case "reset":
					args = append(args, v.path("users.csv"))
				}
				before := v.org.Stats().ResetsApplied
				v.asApp(standin.App{DPoP: true, TokenLife: 45 * time.Second})
				tokens, used := 0, 0
				v.tampered = func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
					if strings.Contains(r.Header.Get("Authorization"), "lesser") {
						used++
					}
					if !strings.HasPrefix(r.URL.Path, "/oauth2/") {
						return next.RoundTrip(r)
					}
					if tokens++; tokens <= tt.skip {
						return next.RoundTrip(r)
					}
					return lesserToken(r), nil
				}
				_, code := v.onTerminalIn(v.t.Context(), args...)
				if code != fault.ExitNoAccess || used > 0 || tokens != tt.skip+1 {
					t.Errorf("exit code %d, want 4; %d requests with the lesser token, %d for one:\n%s", code, used, tokens, v.stderr)
				}
				if !strings.Contains(v.stderr, "error: acme.okta.com gave the service app an access token that must not be used: get an access token: it is of type Bearer, although Okta asked for proofs") ||
					!strings.Contains(v.stderr, "hint: look at the service app in the Admin Console") || strings.Contains(v.stderr, "be reached") {
					t.Errorf("stderr:\n%s", v.stderr)
				}
				if n := v.org.Stats().ResetsApplied - before; n != tt.resets {
					t.Errorf("%d resets, want %d", n, tt.resets)
				}
			})
		})
	}
}

// A watch that begins anew after a limit that lasted has proved as well: it takes no lesser token.
func TestLesserTokenAfterALimit(t *testing.T) {
	t.Parallel()
	virtually(t, 3, standin.Config{}, func(v *virtual) {
		v.asApp(standin.App{DPoP: true})
		tokens, used := 0, 0
		v.tampered = func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
			switch {
			case strings.Contains(r.Header.Get("Authorization"), "lesser"):
				used++
			case strings.HasPrefix(r.URL.Path, "/oauth2/"):
				if tokens++; tokens > 3 {
					return lesserToken(r), nil
				}
			case strings.HasSuffix(r.URL.Path, "/logs"):
				return spent(r), nil
			}
			return next.RoundTrip(r)
		}
		ctx, stop := context.WithTimeout(v.t.Context(), time.Hour)
		defer stop()
		if _, code := v.onTerminalIn(ctx, "watch"); code != fault.ExitNoAccess || used > 0 || tokens != 4 {
			t.Errorf("exit code %d, want 4; %d requests with the lesser token, %d for one:\n%s", code, used, tokens, v.stderr)
		}
	})
}

// lesserToken is an answer of the token endpoint with a token that needs no proof.
func lesserToken(r *http.Request) *http.Response {
	const body = `{"token_type":"Bearer","expires_in":3600,"access_token":"eyJlesser.token.x","scope":"okta.users.read okta.users.manage okta.logs.read"}`
	return &http.Response{
		StatusCode: http.StatusOK, Header: http.Header{"X-Okta-Request-Id": {"req"}}, Request: r, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Body: readCloser{strings.NewReader(body)}, ContentLength: int64(len(body)),
	}
}
