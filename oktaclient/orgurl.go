package oktaclient

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
)

// OrgURL is the address of an Okta org: scheme and host, nothing else.
type OrgURL struct{ scheme, host string }

// OrgURLError says what is wrong with an org URL and, if it can be told, which one is meant.
type OrgURLError struct {
	URL  string // as given, without user and password
	Msg  string
	Hint string // "" or what to use instead
}

func (e *OrgURLError) Error() string { return fmt.Sprintf("org URL %q: %s", e.URL, e.Msg) }

// adminSuffixes are the hosts of Okta's Admin Console, which doesn't serve the API: the list that Okta's own SDKs refuse.
var adminSuffixes = []string{
	"-admin.okta.com", "-admin.oktapreview.com", "-admin.okta-emea.com", "-admin.okta-gov.com",
	"-admin.okta.mil", "-admin.okta-miltest.com", "-admin.trex-govcloud.com",
}

// ParseOrgURL reads an org URL as https://acme.okta.com. It must be https (http only for a loopback address) and have no
// path, query, fragment or user; an Admin Console host and a placeholder are refused. Every error is an [*OrgURLError].
func ParseOrgURL(s string) (OrgURL, error) {
	s = strings.TrimSpace(s)
	fail := func(msg, hint string) (OrgURL, error) {
		return OrgURL{}, &OrgURLError{URL: withoutUser(s), Msg: msg, Hint: hint}
	}
	if s == "" {
		return fail("empty", "it looks like https://acme.okta.com")
	}
	if strings.ContainsAny(s, "{}") || strings.Contains(s, "yourOktaDomain") {
		return fail("still the placeholder of the documentation", "put your own org's address in its place")
	}
	u, err := url.Parse(s)
	if err != nil {
		var uerr *url.Error
		if errors.As(err, &uerr) {
			err = uerr.Err
		}
		msg := err.Error()
		if strings.Contains(s, "@") { // it may name a part of a password
			msg = "it isn't a URL"
		}
		return fail(msg, "it looks like https://acme.okta.com")
	}
	host := strings.ToLower(u.Host)
	if name, port, found := strings.Cut(host, ".:"); found { // a name's last dot is the root's
		host = name + ":" + port
	}
	host = strings.TrimSuffix(host, ".")
	if u.Scheme == "" || host == "" {
		return fail("no scheme and host", "it looks like https://acme.okta.com")
	}
	if strings.ContainsFunc(host, notHost) {
		return fail("the host has characters that no host has", "it looks like https://acme.okta.com")
	}
	if hint := adminHint(host); hint != "" {
		return fail("this is the Admin Console, which doesn't serve the API", "use "+hint)
	}
	if strings.HasSuffix(u.Hostname(), ".com.com") {
		return fail("the host ends in .com.com", "use https://"+strings.TrimSuffix(host, ".com"))
	}
	if u.User != nil || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "" {
		return fail("has more than scheme and host", "use "+u.Scheme+"://"+host)
	}
	if u.Scheme != "https" && (u.Scheme != "http" || !isLoopback(u.Hostname())) {
		return fail("must be https (http only for this machine's own address)", "use https://"+host)
	}
	return OrgURL{scheme: u.Scheme, host: strings.TrimSuffix(host, defaultPort(u.Scheme))}, nil
}

// Host is the host in lower case, with the port if it isn't the scheme's own.
func (o OrgURL) Host() string { return o.host }

// String is the URL without a trailing slash.
func (o OrgURL) String() string { return o.scheme + "://" + o.host }

func defaultPort(scheme string) string {
	if scheme == "http" {
		return ":80"
	}
	return ":443"
}

func adminHint(host string) string {
	name, port, found := strings.Cut(host, ":")
	for _, suffix := range adminSuffixes {
		if org, ok := strings.CutSuffix(name, suffix); ok {
			right := "https://" + org + strings.TrimPrefix(suffix, "-admin")
			if found {
				right += ":" + port
			}
			return right
		}
	}
	return ""
}

func isLoopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

// notHost is true for what stands in no host, but might in a command line that shows one.
func notHost(r rune) bool {
	return (r < '0' || r > '9') && (r < 'a' || r > 'z') && !strings.ContainsRune("-._:[]", r)
}

// withoutUser takes user and password out of what may not even be a URL, so that an error can show it. What is long and has no dot is no
// host, but may be a token in the wrong place.
func withoutUser(s string) string {
	scheme, rest, ok := strings.Cut(s, "://")
	if !ok {
		scheme, rest = "", s
	} else {
		scheme += "://"
	}
	if i := strings.LastIndexByte(rest, '@'); i >= 0 {
		rest = redacted + rest[i:]
	}
	if !ok && !strings.Contains(rest, ".") && len(rest) >= 20 {
		rest = redacted
	}
	rest, _, query := strings.Cut(rest, "?")
	if query {
		rest += "?…"
	}
	return scheme + cut(rest, 200)
}
