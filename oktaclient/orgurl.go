package oktaclient

import (
	"fmt"
	"net"
	"net/url"
	"slices"
	"strings"
)

// OrgURL is the address of an Okta org: scheme and host, nothing else.
type OrgURL struct{ scheme, host string }

// OrgURLError says what is wrong with an org URL and, if possible, what to use instead.
type OrgURLError struct {
	URL  string // scheme and host of the setting, as far as it has them; "" if it may be a secret
	Msg  string
	Hint string // what to use instead, or ""
}

func (e *OrgURLError) Error() string {
	if e.URL == "" {
		return "org URL: " + e.Msg
	}
	return fmt.Sprintf("org URL %q: %s", e.URL, e.Msg)
}

// adminSuffixes are the hosts of Okta's Admin Console, which doesn't serve the API: the list that
// Okta's own SDKs refuse.
var adminSuffixes = []string{
	"-admin.okta.com", "-admin.oktapreview.com", "-admin.okta-emea.com", "-admin.okta-gov.com",
	"-admin.okta.mil", "-admin.okta-miltest.com", "-admin.trex-govcloud.com",
}

// ParseOrgURL reads an org URL as https://acme.okta.com. It must be https (http only for a
// loopback address) and have no path, query, fragment or user. It refuses an Admin Console host
// and a placeholder. Every error is an [*OrgURLError].
func ParseOrgURL(s string) (OrgURL, error) {
	s = strings.TrimSpace(s)
	fail := func(msg, hint string) (OrgURL, error) {
		return OrgURL{}, &OrgURLError{URL: shownURL(s), Msg: msg, Hint: hint}
	}
	if s == "" {
		return fail("empty", "it looks like https://acme.okta.com")
	}
	if strings.ContainsAny(s, "{}") || strings.Contains(s, "yourOktaDomain") {
		return fail("still the placeholder of the documentation", "put your own org's address in its place")
	}
	u, err := url.Parse(s)
	if err != nil { // its text may repeat a part of a secret
		return fail("it isn't a URL", "it looks like https://acme.okta.com")
	}
	host := strings.ToLower(u.Host)
	if name, port, found := strings.Cut(host, ".:"); found { // a final dot means the root
		host = name + ":" + port
	}
	host = strings.TrimSuffix(host, ".")
	if u.Scheme == "" || host == "" {
		return fail("it must begin with https://", hintScheme(s))
	}
	if strings.ContainsFunc(host, notHost) {
		return fail("the host has characters that a host can't have", "it looks like https://acme.okta.com")
	}
	if !hasDot(u.Hostname()) {
		return fail("the host isn't that of an org", "it looks like https://acme.okta.com")
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
	if u.Scheme != "https" && (u.Scheme != "http" || !IsLoopback(u.Hostname())) {
		return fail("must be https (http only for this machine's own address)", "use https://"+host)
	}
	return OrgURL{scheme: u.Scheme, host: strings.TrimSuffix(host, defaultPort(u.Scheme))}, nil
}

// hintScheme returns how an org URL is written whose scheme is missing. It shows only a host in a
// domain of Okta's: anything else may be a secret in the wrong place.
func hintScheme(s string) string {
	host, path, _ := strings.Cut(strings.ToLower(s), "/")
	ours := slices.ContainsFunc(adminSuffixes, func(suffix string) bool {
		return strings.HasSuffix(host, strings.Replace(suffix, "-admin", "", 1)) && adminHint(host) == ""
	})
	if !ours || path != "" || len(host) > 100 || strings.ContainsFunc(host, notHost) {
		return "as https://acme.okta.com"
	}
	return "as https://" + host
}

// Host returns the host in lower case, with the port unless it is the scheme's own.
func (o OrgURL) Host() string { return o.host }

// String is the URL without a trailing slash.
func (o OrgURL) String() string { return o.scheme + "://" + o.host }

// secure reports whether requests go over TLS.
func (o OrgURL) secure() bool { return o.scheme == "https" }

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

// IsLoopback reports whether a host, perhaps with a port, is this machine by its name. A name server
// may say otherwise: see [OnlyLoopback].
func IsLoopback(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

// hasDot reports whether a host may be an org's: a name with a dot, or this machine. A token in
// the wrong place has no dot. It must not even be looked up: a name server would see it.
func hasDot(host string) bool { return strings.Contains(host, ".") || IsLoopback(host) }

// notHost is true for characters that no host has, but that might mislead in a printed command.
func notHost(r rune) bool {
	return (r < '0' || r > '9') && (r < 'a' || r > 'z') && !strings.ContainsRune("-._:[]", r)
}

// shownURL returns the part of a wrong org URL that an error may show: scheme and host, or
// nothing if the host may be a secret in the wrong place.
func shownURL(s string) string {
	u, err := url.Parse(s)
	if err != nil || u.Host == "" || len(u.Host) > 100 {
		return ""
	}
	host := strings.ToLower(u.Host)
	if strings.ContainsFunc(host, notHost) || !hasDot(u.Hostname()) {
		return ""
	}
	switch u.Scheme {
	case "http", "https":
		return u.Scheme + "://" + host
	}
	return ""
}
