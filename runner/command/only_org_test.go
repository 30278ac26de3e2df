package command

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"oktareset/oktaclient/standin"
)

// leadAway points every address in a reply elsewhere, and adds some that lead there.
func leadAway(r *http.Request, next http.RoundTripper) (*http.Response, error) {
	resp, err := next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	b, _ := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	var doc any
	if json.Unmarshal(b, &doc) == nil {
		if m, ok := doc.(map[string]any); ok {
			m["_links"] = map[string]any{"organization": map[string]string{"href": "https://evil.example/"}}
		}
		b, _ = json.Marshal(doc)
	}
	b = bytes.ReplaceAll(b, []byte("acme.okta.com"), []byte("evil.example"))
	resp.Body, resp.ContentLength = io.NopCloser(bytes.NewReader(b)), int64(len(b))
	resp.Header.Set("Location", "https://evil.example/")
	resp.Header.Set("Refresh", "0; url=https://evil.example/")
	return resp, nil
}

// Whatever replies say, each request of each command is for the host that the settings name.
func TestOnlyTheOrgIsAsked(t *testing.T) {
	t.Parallel()
	for _, flags := range [][]string{
		{"reset", "--dry-run", "--record-factors"},
		{"reset", confirm(3), "--skip-admins", "--clear-sessions", "--skip-reset-since", "1h"},
		{"reset", confirm(3), "--factor", "sms"},
		{"users"},
		{"users", "--has-factor", "sms"},
		{"factors", "list", "user1@example.com"},
		{"factors", "verify", "user1@example.com", "sms"},
		{"factors", "enroll", "user1@example.com", "token:software:totp:GOOGLE", "--confirm", "acme.okta.com:1"},
		{"factors", "enroll", "user1@example.com", "push", "--confirm", "acme.okta.com:1"},
		{"factors", "activate", "user1@example.com", "sms"},
		{"audit", "results.csv", "--wait", "0"},
		{"after", "results.csv"},
		{"notify", "results.csv", "--to", "user", "--dry-run", "--from", "it@example.com", "--contact", "x"},
		{"watch", "--once", "--since", "2h", "--all"},
		{"whoami"},
	} {
		t.Run(strings.Join(flags, " "), func(t *testing.T) {
			virtually(t, 3, standin.Config{Users: 450}, func(v *virtual) {
				if slices.Contains([]string{"audit", "after", "notify", "watch"}, flags[0]) {
					v.reset(confirm(3), "-o", v.path("results.csv"))
				}
				var asked atomic.Int64
				v.tampered = func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
					if asked.Add(1); r.URL.Host != "acme.okta.com" || r.URL.Scheme != "https" || r.Host != "" && r.Host != r.URL.Host {
						t.Errorf("asked for %s, of host %q", r.URL, r.Host)
					}
					return leadAway(r, next)
				}
				args := slices.Clone(flags)
				if flags[0] == "reset" {
					args = append(args, v.path("users.csv"))
				}
				for i, a := range args {
					if a == "results.csv" {
						args[i] = v.path(a)
					}
				}
				v.onTerminal(args...)
				if asked.Load() == 0 {
					t.Errorf("nobody was asked:\n%s", v.stderr)
				}
			})
		})
	}
}
