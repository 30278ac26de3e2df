package oktaclient

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"syscall"
	"time"
)

// ErrNotLoopback marks a connection that was refused before it was made: the org URL is an http
// one, and its name led to another machine. Nothing was sent.
var ErrNotLoopback = errors.New("this isn't a loopback address, and without TLS nothing is sent to another machine")

// newTransport speaks HTTP/1.1 only, as in every recorded exchange: HTTP/2 has its own rules for
// sending a request again. An http org is this machine, and no proxy lies in between.
func newTransport(org OrgURL, o Options) *http.Transport {
	var protocols http.Protocols
	protocols.SetHTTP1(true)
	t := &http.Transport{
		DialContext:            newDialer(org, o.resolver).DialContext,
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout:    10 * time.Second,
		MaxIdleConnsPerHost:    o.MaxInFlight,
		IdleConnTimeout:        idleTimeout,
		MaxResponseHeaderBytes: 256 << 10,
		Protocols:              &protocols,
	}
	if org.secure() && o.Proxy.IsSet() {
		t.Proxy, t.OnProxyConnectResponse = http.ProxyURL(o.Proxy.url()), refusedByProxy
	}
	return t
}

// newDialer makes the dialer for an org. Without TLS it checks each address just before it
// connects: an earlier look-up of the name may have had another result.
func newDialer(org OrgURL, r *net.Resolver) *net.Dialer {
	d := &net.Dialer{Timeout: 10 * time.Second, Resolver: r}
	if !org.secure() {
		d.ControlContext = OnlyLoopback
	}
	return d
}

// OnlyLoopback is the ControlContext of a [net.Dialer] that connects to this machine only.
func OnlyLoopback(_ context.Context, _, address string, _ syscall.RawConn) error {
	to, err := netip.ParseAddrPort(address)
	if err != nil || !to.Addr().Unmap().IsLoopback() {
		return ErrNotLoopback
	}
	return nil
}
