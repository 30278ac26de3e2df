package access

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"oktareset/oktaclient"
	"oktareset/runner/fault"
)

// proxyOf returns the proxy for requests to an org in an environment, as Go itself reads it.
func proxyOf(t *testing.T, org string, env map[string]string, proxied func(*http.Request) (*url.URL, error)) (oktaclient.Proxy, error) {
	t.Helper()
	u, err := oktaclient.ParseOrgURL(org)
	if err != nil {
		t.Fatal(err)
	}
	c := configuration{Env: &Env{Process: Process{Getenv: func(k string) string { return env[k] }, Proxied: proxied}}}
	return c.proxy(u)
}

// A configured proxy is used or refused, and HTTPS_PROXY comes before https_proxy; NO_PROXY, as
// Go reads it, exempts an org.
func TestProxyOfTheEnvironment(t *testing.T) {
	t.Parallel()
	const good, bad = "http://proxy.example.com:3128", "http://secret%zz@proxy"
	none := func(*http.Request) (*url.URL, error) { return nil, nil } //nolint:nilnil // Go's own way to say so
	for name, tt := range map[string]struct {
		env   map[string]string
		plain func(*http.Request) (*url.URL, error)
		used  bool
		fails string // "" or the variable
	}{
		"nothing":                    {nil, nil, false, ""},
		"upper case":                 {map[string]string{"HTTPS_PROXY": good}, nil, true, ""},
		"lower case":                 {map[string]string{"https_proxy": good}, nil, true, ""},
		"upper case first":           {map[string]string{"HTTPS_PROXY": bad, "https_proxy": good}, nil, false, "HTTPS_PROXY"},
		"lower case isn't looked at": {map[string]string{"HTTPS_PROXY": good, "https_proxy": bad}, nil, true, ""},
		"lower case, malformed":      {map[string]string{"https_proxy": bad}, nil, false, "https_proxy"},
		"malformed, and ignored":     {map[string]string{"HTTPS_PROXY": bad}, none, false, "HTTPS_PROXY"},
		"spaces":                     {map[string]string{"HTTPS_PROXY": " "}, none, false, "HTTPS_PROXY"},
		"NO_PROXY":                   {map[string]string{"HTTPS_PROXY": good}, none, false, ""},
		"only for http":              {map[string]string{"HTTP_PROXY": bad, "http_proxy": bad}, nil, false, ""},
		"Go can't use it": {map[string]string{"HTTPS_PROXY": good}, func(*http.Request) (*url.URL, error) {
			return nil, errors.New("no")
		}, true, ""},
	} {
		p, err := proxyOf(t, "https://acme.okta.com", tt.env, tt.plain)
		if (err != nil) != (tt.fails != "") || p.IsSet() != tt.used {
			t.Errorf("%s: used %v, %v", name, p.IsSet(), err)
		}
		if err != nil && (fault.Code(err) != fault.ExitUsage || !strings.Contains(err.Error(), tt.fails+" ") || strings.Contains(err.Error()+fault.Hint(err), "secret")) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A proxy configured as for Okta's SDKs is refused unless HTTPS_PROXY names one; their file's
// template, which configures none, is accepted.
func TestProxyOfTheSDKs(t *testing.T) {
	t.Parallel()
	for text, refused := range map[string]bool{
		"proxy: {port: null, host: null, username: null, password: null}": false, "proxy: {host: ''}": false, "proxy:": false, "proxy: {port: 8080}": false,
		"proxy: {host: secret.example.com, port: 8080}": true, "proxy: {host: 10, password: secret}": true, "proxy: secret:8080": true,
	} {
		f, err := parseConfig([]byte("okta:\n  client:\n    " + text + "\n"))
		if err != nil {
			t.Fatal(err)
		}
		f.name = "okta.yaml"
		for _, good := range []string{"", "http://proxy.example.com:3128"} {
			c := configuration{Env: &Env{Process: Process{Getenv: func(k string) string { return map[string]string{"HTTPS_PROXY": good}[k] }}}, files: []configFile{f}}
			_, err := c.proxy(oktaclient.OrgURL{})
			if (err != nil) != (refused && good == "") {
				t.Errorf("%s, HTTPS_PROXY=%s: %v", text, good, err)
			}
			if err != nil && (fault.Code(err) != fault.ExitUsage || !strings.Contains(err.Error(), "okta.yaml") || strings.Contains(err.Error()+fault.Hint(err), "secret")) {
				t.Errorf("%s: %v", text, err)
			}
		}
	}
	if _, err := proxyOf(t, "http://127.0.0.1:8080", map[string]string{"OKTA_CLIENT_PROXY_HOST": "proxy"}, nil); err != nil {
		t.Errorf("an org on this machine, which no proxy stands before: %v", err)
	}
	if _, err := proxyOf(t, "https://acme.okta.com", map[string]string{"OKTA_CLIENT_PROXY_HOST": "secret"}, nil); err == nil || !strings.Contains(err.Error(), "OKTA_CLIENT_PROXY_HOST") {
		t.Error(err)
	}
}
