package access

import (
	"net/http"
	"strings"

	"oktareset/oktaclient"
	"oktareset/runner/fault"
)

const hintProxy = "as http://proxy.example.com:3128; in a user name or a password, write @ : / ? # and % as %40 %3A %2F %3F %23 and %25"

// proxy returns the proxy for the org. A configured proxy that can't be used is an error, even if
// this org is reached without one: Go itself would call the org directly, which is not what the
// user wants. The error doesn't show the value: it may contain a password.
func (c *configuration) proxy(org oktaclient.OrgURL) (oktaclient.Proxy, error) {
	name := "HTTPS_PROXY"
	value := c.Getenv(name)
	if value == "" {
		name = "https_proxy"
		value = c.Getenv(name)
	}
	if value == "" {
		return oktaclient.Proxy{}, c.noOtherProxy(org)
	}
	if what, remedy := around(value); what != "" {
		return oktaclient.Proxy{}, fault.Usage(remedy, "the proxy in %s %s; nothing was sent", name, what)
	}
	p, err := oktaclient.ParseProxy(value)
	if err != nil {
		return oktaclient.Proxy{}, fault.Usage(hintProxy, "the proxy in %s can't be used: it %w; nothing was sent", name, err)
	}
	if c.Proxied == nil {
		return p, nil
	}
	r, err := http.NewRequest(http.MethodGet, org.String(), http.NoBody) //nolint:noctx // it is never sent
	if err != nil {
		return oktaclient.Proxy{}, err
	}
	// NO_PROXY names the org, or the org is this machine
	if to, err := c.Proxied(r); to == nil && err == nil {
		return oktaclient.Proxy{}, nil
	}
	return p, nil
}

// noOtherProxy refuses a proxy in the settings of Okta's SDKs, which isn't supported: the user
// doesn't want the org to be called without it. No proxy lies before an org on this machine.
func (c *configuration) noOtherProxy(org oktaclient.OrgURL) error {
	set := c.first("proxy", "OKTA_CLIENT_PROXY_HOST")
	if set.Value == "" || strings.HasPrefix(org.String(), "http:") {
		return nil
	}
	return fault.Usage("set HTTPS_PROXY to it, as http://proxy.example.com:3128, or remove it there",
		"a proxy is set in %s, but only the one in HTTPS_PROXY can be used; nothing was sent", set.Source)
}
