package oktaclient

import (
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Proxy is the proxy for requests to an org; the zero Proxy means none. It contains a password,
// so it prints as REDACTED in every format, log and JSON.
type Proxy struct{ url hidden[*url.URL] }

// The reasons why a text isn't the address of a proxy. None repeats any of the text: it may
// contain a password.
var (
	errProxyForm   = errors.New("isn't an address")
	errProxyScheme = errors.New("has a scheme that isn't http, https, socks5 or socks5h")
	errProxyHost   = errors.New("names no host")
	errProxyPort   = errors.New("has a port that isn't one")
	errProxyMore   = errors.New("has more than scheme, user name, password, host and port")
)

// ParseProxy reads the address of a proxy as Go programs do: a URL, or HOST:PORT for an http one.
// Other Go programs ignore an address that they can't read and call the org directly. ParseProxy
// returns an error instead, which contains nothing of the text.
func ParseProxy(s string) (Proxy, error) {
	if !strings.Contains(s, "://") {
		s = "http://" + s
	}
	u, err := url.Parse(s)
	if err != nil {
		return Proxy{}, errProxyForm
	}
	port, err := strconv.Atoi(u.Port())
	switch {
	case !slices.Contains([]string{"http", "https", "socks5", "socks5h"}, u.Scheme):
		return Proxy{}, errProxyScheme
	case u.Hostname() == "":
		return Proxy{}, errProxyHost
	case strings.HasSuffix(u.Host, ":"), u.Port() != "" && (err != nil || port < 1 || port > 65535):
		return Proxy{}, errProxyPort
	case strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		// A /, ? or # in a password makes user name and password look like host and port: a name
		// server would see them.
		return Proxy{}, errProxyMore
	case strings.ContainsFunc(strings.ToLower(u.Host), func(r rune) bool { return r < utf8.RuneSelf && r != '%' && notHost(r) }):
		return Proxy{}, errProxyForm
	}
	return Proxy{hide(u)}, nil
}

// IsSet reports whether there is a proxy.
func (p Proxy) IsSet() bool { return p.url != nil }

// secrets returns the proxy's password, and the form in which it is sent.
func (p Proxy) secrets() []string {
	if !p.IsSet() || p.url().User == nil {
		return nil
	}
	user := p.url().User
	password, _ := user.Password()
	return []string{base64.StdEncoding.EncodeToString([]byte(user.Username() + ":" + password)), password}
}

// Format implements fmt.Formatter: no verb shows the content.
func (Proxy) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

// MarshalText implements encoding.TextMarshaler, which encoding/json uses too.
func (Proxy) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// ProxyError means that a proxy didn't let a request through to the org. Okta never saw it.
type ProxyError struct{ Status int }

func (e *ProxyError) Error() string {
	return strings.TrimSpace(fmt.Sprintf("the proxy answered %d %s", e.Status, http.StatusText(e.Status)))
}

var errProxyAnswer = errors.New("the proxy's answer can't be understood")

// refusedByProxy drops the proxy's own words from its refusal: they may repeat the password.
func refusedByProxy(_ context.Context, _ *url.URL, _ *http.Request, resp *http.Response) error {
	if resp.StatusCode != http.StatusOK {
		return &ProxyError{resp.StatusCode}
	}
	return nil
}

// unquoted returns the error of a failed connection without the proxy's words: net/http quotes
// what it can't read.
func (p Proxy) unquoted(err error) error {
	var (
		refused *ProxyError
		network net.Error
		cert    *tls.CertificateVerificationError
		record  tls.RecordHeaderError
	)
	switch {
	case !p.IsSet(), errors.As(err, &refused), errors.As(err, &network), errors.As(err, &cert), errors.As(err, &record):
		return err
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, context.Canceled), errors.Is(err, errTimeout):
		return err
	}
	return errProxyAnswer
}
