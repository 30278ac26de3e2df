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

// proxyOf returns what requests to an org go through by an environment, of which Go has its own
// reading.
func proxyOf(t *testing.T, org string, env map[string]string, proxied func(*http.Request) (*url.URL, error)) (oktaclient.Proxy, error) {
	t.Helper()
	u, err := oktaclient.ParseOrgURL(org)
	if err != nil {
		t.Fatal(err)
	}
	c := configuration{Env: &Env{Process: Process{Getenv: func(k string) string { return env[k] }, Proxied: proxied}}}
	return c.proxy(u)
}

// What is set is used or refused, and HTTPS_PROXY comes before https_proxy; NO_PROXY, as Go reads
// it, keeps an org from it.
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
