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

// Proxy is what requests to an org go through; the zero Proxy is none. It holds a password, and so
// it prints as REDACTED in every format, log and JSON.
type Proxy struct{ url hidden[*url.URL] }

// The reasons why a text isn't the address of a proxy. None repeats any of it: it may hold a
// password.
var (
	errProxyForm   = errors.New("isn't an address")
	errProxyScheme = errors.New("has a scheme that isn't http, https, socks5 or socks5h")
	errProxyHost   = errors.New("names no host")
	errProxyPort   = errors.New("has a port that isn't one")
	errProxyMore   = errors.New("has more than scheme, user name, password, host and port")
)

// ParseProxy reads the address of a proxy as Go programs do: a URL, or HOST:PORT for an http one.
// Where they ignore what they can't read, and call the org directly, it returns an error, which
// holds nothing of the text.
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
		// A / ? or # in a password makes user name and password look like host and port: they
		// would be told to a name server.
		return Proxy{}, errProxyMore
	case strings.ContainsFunc(strings.ToLower(u.Host), func(r rune) bool { return r < utf8.RuneSelf && r != '%' && notHost(r) }):
		return Proxy{}, errProxyForm
	}
	return Proxy{hide(u)}, nil
}

// IsSet reports whether there is one.
func (p Proxy) IsSet() bool { return p.url != nil }

// secrets are what a proxy was given, and the form in which it was sent.
func (p Proxy) secrets() []string {
	if !p.IsSet() || p.url().User == nil {
		return nil
	}
	user := p.url().User
	password, _ := user.Password()
	return []string{base64.StdEncoding.EncodeToString([]byte(user.Username() + ":" + password)), password}
}

// Format implements fmt.Formatter: no verb shows what is inside.
func (Proxy) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

// MarshalText implements encoding.TextMarshaler, which encoding/json uses too.
func (Proxy) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// ProxyError is a proxy that doesn't let a request through to the org. Okta never saw it.
type ProxyError struct{ Status int }

func (e *ProxyError) Error() string {
	return strings.TrimSpace(fmt.Sprintf("the proxy answered %d %s", e.Status, http.StatusText(e.Status)))
}

var errProxyAnswer = errors.New("the proxy's answer can't be understood")

// refusedByProxy takes the proxy's own words out of its refusal: it may repeat the password.
func refusedByProxy(_ context.Context, _ *url.URL, _ *http.Request, resp *http.Response) error {
	if resp.StatusCode != http.StatusOK {
		return &ProxyError{resp.StatusCode}
	}
	return nil
}

// unquoted is the error of a connection that didn't come about, without what the proxy said:
// net/http quotes what it can't read.
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
