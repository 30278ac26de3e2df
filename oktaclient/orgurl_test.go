package oktaclient

import (
	"errors"
	"strings"
	"testing"
)

func TestParseOrgURL(t *testing.T) {
	t.Parallel()
	tests := []struct{ in, want, host string }{
		{"https://acme.okta.com", "https://acme.okta.com", "acme.okta.com"},
		{" https://ACME.okta.com/ \n", "https://acme.okta.com", "acme.okta.com"},
		{"https://acme.okta.com:443", "https://acme.okta.com", "acme.okta.com"},
		{"https://id.acme.example:8443", "https://id.acme.example:8443", "id.acme.example:8443"},
		{"http://127.0.0.1:8080", "http://127.0.0.1:8080", "127.0.0.1:8080"},
		{"http://[::1]:8080", "http://[::1]:8080", "[::1]:8080"},
		{"https://acme.okta.com.", "https://acme.okta.com", "acme.okta.com"},
		{"https://acme.okta.com.:8443", "https://acme.okta.com:8443", "acme.okta.com:8443"},
		{"http://localhost", "http://localhost", "localhost"},
	}
	for _, tt := range tests {
		u, err := ParseOrgURL(tt.in)
		if err != nil || u.String() != tt.want || u.Host() != tt.host {
			t.Errorf("ParseOrgURL(%q) = %q, host %q, %v; want %q, host %q", tt.in, u, u.Host(), err, tt.want, tt.host)
		}
	}
}

func TestParseOrgURLRefuses(t *testing.T) {
	t.Parallel()
	tests := []struct{ in, msg, hint string }{
		{"", "empty", "https://acme.okta.com"},
		{"acme.okta.com", "must begin with https://", "https://acme.okta.com"},
		{"Acme.okta.com", "must begin with https://", "as https://acme.okta.com"},
		{"eyJhbGciOi.eyJzdWIi.c2VjcmV0", "must begin with https://", "as https://acme.okta.com"},
		{"acme-admin.okta.com", "must begin with https://", "as https://acme.okta.com"},
		{"https://{yourOktaDomain}", "placeholder", "own org"},
		{"https://acme-admin.okta.com", "Admin Console", "use https://acme.okta.com"},
		{"https://acme-admin.oktapreview.com/admin/dashboard", "Admin Console", "use https://acme.oktapreview.com"},
		{"https://acme.okta.com.com", ".com.com", "use https://acme.okta.com"},
		{"https://acme.okta.com/api/v1", "more than scheme", "use https://acme.okta.com"},
		{"https://acme.okta.com?x=1", "more than scheme", "use https://acme.okta.com"},
		{"http://acme.okta.com", "must be https", "use https://acme.okta.com"},
		{"ftp://acme.okta.com", "must be https", "use https://acme.okta.com"},
		{"http://127.0.0.1.evil.example", "must be https", ""},
		{"https://00aBcDeFgHiJkLmNoPqRsTuVwXyZ", "isn't that of an org", "https://acme.okta.com"},
	}
	for _, tt := range tests {
		_, err := ParseOrgURL(tt.in)
		var uerr *OrgURLError
		if !errors.As(err, &uerr) || !strings.Contains(uerr.Msg, tt.msg) || !strings.Contains(uerr.Hint, tt.hint) {
			t.Errorf("ParseOrgURL(%q) = %v, want %q with hint %q", tt.in, err, tt.msg, tt.hint)
		}
	}
}

func TestParseOrgURLKeepsSecretsOut(t *testing.T) {
	t.Parallel()
	for _, in := range []string{
		"https://admin:hunter2@acme.okta.com", "https://admin:hunter2@acme.okta.com:x/path", "https://admin:hunter2@[bad",
		"https://hunter2", "hunter2", "https://acme.okta.com/hunter2", "https://acme.okta.com hunter2", "https://acme.okta.com?hunter2",
		"https://acme.okta.com#hunter2", `{"kty":"EC","kid":"my.key","d":"hunter2"}`, "-----BEGIN PRIVATE KEY-----hunter2",
		"hunter2://acme.okta.com", "http://hunter2", "https://x_hunter2.y z", "https://%zzhunter2",
	} {
		_, err := ParseOrgURL(in)
		if err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("ParseOrgURL(%q) = %v, want an error that doesn't repeat it", in, err)
		}
	}
}
