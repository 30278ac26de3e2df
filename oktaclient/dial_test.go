package oktaclient

import (
	"context"
	"encoding/binary"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// nameServer answers each question for an IPv4 or IPv6 address with the next of its answers, and
// repeats the last one.
type nameServer struct {
	mu      sync.Mutex
	answers [][]netip.Addr
	asked   int
}

// resolver asks the name server, whatever this machine's settings and hosts file are.
func (n *nameServer) resolver(t *testing.T) *net.Resolver {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	go n.serve(conn)
	return &net.Resolver{PreferGo: true, StrictErrors: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "udp", conn.LocalAddr().String())
	}}
}

func (n *nameServer) serve(conn net.PacketConn) {
	question := make([]byte, 1500)
	for {
		size, from, err := conn.ReadFrom(question)
		if err != nil {
			return
		}
		_, _ = conn.WriteTo(n.answer(question[:size]), from)
	}
}

// answer makes a reply: the header and the question as they came, then the addresses of the
// requested kind.
func (n *nameServer) answer(q []byte) []byte {
	const header, typeA, typeAAAA = 12, 1, 28
	end := header
	for q[end] != 0 {
		end += 1 + int(q[end])
	}
	end++
	kind := binary.BigEndian.Uint16(q[end:])
	n.mu.Lock()
	addrs := n.answers[min(n.asked/2, len(n.answers)-1)] // a look-up asks for both kinds
	n.asked++
	n.mu.Unlock()
	reply := append([]byte{q[0], q[1], 0x84, 0, 0, 1, 0, 0, 0, 0, 0, 0}, q[header:end+4]...)
	for _, a := range addrs {
		if a.Is4() && kind != typeA || a.Is6() && kind != typeAAAA {
			continue
		}
		reply[7]++
		ip := a.AsSlice()
		reply = append(reply, 0xc0, header, byte(kind>>8), byte(kind), 0, 1, 0, 0, 0, 0, 0, byte(len(ip)))
		reply = append(reply, ip...)
	}
	return reply
}

// here is an org on this machine's loopback interface that counts requests.
type here struct {
	*httptest.Server
	requests atomic.Int32
}

func newHere(t *testing.T) *here {
	t.Helper()
	h := new(here)
	h.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		h.requests.Add(1)
		w.Header().Set("X-Okta-Request-Id", "req")
		_, _ = w.Write([]byte(`{"id":"00u00000000000000000","status":"ACTIVE","profile":{"login":"a@example.com"}}`))
	}))
	t.Cleanup(h.Close)
	return h
}

func (h *here) port(t *testing.T) string {
	t.Helper()
	u, err := url.Parse(h.URL)
	if err != nil {
		t.Fatal(err)
	}
	return u.Port()
}

func addrs(texts ...string) []netip.Addr {
	var list []netip.Addr
	for _, s := range texts {
		list = append(list, netip.MustParseAddr(s))
	}
	return list
}

// soon ends a wait for another machine.
func soon(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(Brief(t.Context()), 5*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// alias replaces localhost: the hosts file answers for that before any name server.
const alias = "localhost.test"

// dialAs makes the client of an http org under another name, as if that name meant this machine.
func dialAs(t *testing.T, name, port string, o Options) *Client {
	t.Helper()
	o.Token = "00aTheTokenOfAnAdmin"
	return New(OrgURL{scheme: "http", host: net.JoinHostPort(name, port)}, o)
}

// Without TLS, only this machine is connected to, whatever a name server says about the name, and
// whenever.
func TestPlainHTTPStaysHere(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		answers [][]netip.Addr
		refused bool
	}{
		"this machine":               {[][]netip.Addr{addrs("127.0.0.1")}, false},
		"another address of it":      {[][]netip.Addr{addrs("127.0.0.1", "127.8.8.8")}, false},
		"another machine":            {[][]netip.Addr{addrs("192.0.2.1")}, true},
		"another machine, by IPv6":   {[][]netip.Addr{addrs("2001:db8::1")}, true},
		"a private address":          {[][]netip.Addr{addrs("10.9.9.9")}, true},
		"a link's own address":       {[][]netip.Addr{addrs("fe80::1", "169.254.1.1")}, true},
		"any address":                {[][]netip.Addr{addrs("0.0.0.0", "::")}, true},
		"one of another in IPv6":     {[][]netip.Addr{addrs("::ffff:192.0.2.1")}, true},
		"both: only this one is met": {[][]netip.Addr{addrs("192.0.2.1", "127.0.0.1")}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			org := newHere(t)
			names := &nameServer{answers: tt.answers}
			c := dialAs(t, alias, org.port(t), Options{resolver: names.resolver(t)})
			start := time.Now()
			_, _, err := c.GetMe(soon(t))
			switch {
			case tt.refused && (!errors.Is(err, ErrNotLoopback) || FateOf(err) != Unreachable || org.requests.Load() > 0):
				t.Errorf("%v (fate %d), %d requests; want it refused", err, FateOf(err), org.requests.Load())
			case tt.refused && time.Since(start) > 5*time.Second:
				t.Errorf("refused after %v: nothing should be tried again", time.Since(start))
			case !tt.refused && (err != nil || org.requests.Load() != 1):
				t.Errorf("%v, %d requests", err, org.requests.Load())
			}
			names.mu.Lock()
			asked := names.asked
			names.mu.Unlock()
			if asked == 0 {
				t.Error("no name server was asked")
			}
		})
	}
}

// An earlier meaning of a name doesn't count, neither for a read nor for a change nor for a
// change on a connection of its own.
func TestPlainHTTPLooksAgain(t *testing.T) {
	t.Parallel()
	org := newHere(t)
	names := &nameServer{answers: [][]netip.Addr{addrs("127.0.0.1"), addrs("192.0.2.1")}}
	c := dialAs(t, alias, org.port(t), Options{resolver: names.resolver(t)})
	if _, _, err := c.GetMe(t.Context()); err != nil {
		t.Fatal(err)
	}
	c.CloseIdle()
	ctx := soon(t)
	for _, apart := range []bool{false, true} {
		c.conns.apart.Store(apart)
		if _, _, err := c.GetMe(ctx); !errors.Is(err, ErrNotLoopback) || !Fatal(err) {
			t.Errorf("a read: %v", err)
		}
		if _, err := c.ResetFactors(ctx, judgedUser, nil); !errors.Is(err, ErrNotLoopback) || !Fatal(err) {
			t.Errorf("a change: %v", err)
		}
	}
	if n := org.requests.Load(); n != 1 {
		t.Errorf("%d requests, want 1", n)
	}
}

// The same holds for the token endpoint.
func TestPlainHTTPTokenEndpoint(t *testing.T) {
	t.Parallel()
	org := newHere(t)
	names := &nameServer{answers: [][]netip.Addr{addrs("192.0.2.1")}}
	c := dialAs(t, alias, org.port(t), Options{resolver: names.resolver(t), App: &App{ClientID: "0oa1"}})
	_, err := c.call(soon(t), request{bucket: BucketToken, method: "POST", path: []string{"oauth2", "v1", "token"}, noToken: true, oauth: true, safe: true, patient: true})
	if err = (&TokenError{err}); !errors.Is(err, ErrNotLoopback) || FateOf(err) != Unreachable || org.requests.Load() > 0 {
		t.Errorf("%v, %d requests", err, org.requests.Load())
	}
}

// An http org is never asked through a proxy: it is this machine.
func TestPlainHTTPWithoutProxy(t *testing.T) {
	t.Parallel()
	org := newHere(t)
	var proxied atomic.Int32
	proxy := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { proxied.Add(1) }))
	defer proxy.Close()
	p, err := ParseProxy(proxy.URL)
	if err != nil {
		t.Fatal(err)
	}
	c := dialAs(t, "127.0.0.1", org.port(t), Options{Proxy: p})
	if _, _, err := c.GetMe(t.Context()); err != nil || proxied.Load() > 0 || org.requests.Load() != 1 {
		t.Errorf("%v, %d requests, %d by the proxy", err, org.requests.Load(), proxied.Load())
	}
}

// An https org is dialled wherever its name leads: the certificate proves who it is.
func TestTLSIsDialledAnywhere(t *testing.T) {
	t.Parallel()
	for scheme, guarded := range map[string]bool{"https": false, "http": true} {
		d := newDialer(OrgURL{scheme: scheme, host: "acme.okta.com"}, nil)
		if (d.ControlContext != nil) != guarded {
			t.Errorf("%s: guarded %v, want %v", scheme, d.ControlContext != nil, guarded)
		}
	}
}

// Only addresses are trusted, in each form in which the dialer may get them.
func TestOnlyLoopback(t *testing.T) {
	t.Parallel()
	for address, ok := range map[string]bool{
		"127.0.0.1:80": true, "127.255.0.3:80": true, "[::1]:80": true, "[::1%lo]:80": true, "[::ffff:127.0.0.1]:80": true,
		"0.0.0.0:80": false, "[::]:80": false, "[::ffff:0.0.0.0]:80": false, "[::ffff:10.0.0.1]:80": false, "128.0.0.1:80": false, "[fe80::1%lo]:80": false,
		"[::127.0.0.1]:80": false, "localhost:80": false, ":80": false, "": false, "/run/okta.sock": false, "@okta": false, "127.0.0.1": false,
	} {
		if err := OnlyLoopback(t.Context(), "tcp", address, nil); (err == nil) != ok {
			t.Errorf("%q: %v, want ok=%v", address, err, ok)
		}
	}
}

// Names that are accepted as this machine's in an http URL, before any look-up.
func TestPlainHTTPNames(t *testing.T) {
	t.Parallel()
	for in, ok := range map[string]bool{
		"http://localhost:8080": true, "http://LOCALHOST": true, "http://127.0.0.1": true, "http://[::1]:8080": true,
		"http://[::ffff:127.0.0.1]:80": true,
		"http://localhost.:8080":       false, "http://0.0.0.0:8080": false, "http://[::]:8080": false, "http://127.1": false, "http://2130706433": false, "http://0x7f.0.0.1": false,
		"http://0177.0.0.1": false, "http://localhost.localdomain": false, "http://localhost.evil.example": false, "http://127.0.0.1.evil.example": false,
		"http://localhost@evil.example": false, "http://evil.example#@localhost": false, "http://user:pw@localhost": false, "http://[fe80::1%25lo]": false,
		"http://localhost\\@evil.example": false, "http://%6cocalhost.evil.example": false, "http+unix://localhost": false, "unix:///run/okta.sock": false,
	} {
		u, err := ParseOrgURL(in)
		if (err == nil) != ok {
			t.Errorf("%q: %v, %v; want ok=%v", in, u, err, ok)
		}
		if err == nil && strings.Contains(u.Host(), "..") {
			t.Errorf("%q became %q", in, u.Host())
		}
	}
}

// The next page is requested over TLS, as the first was, and at the same place.
func TestNextPageStaysHere(t *testing.T) {
	t.Parallel()
	c := cannedClient(t, nil)
	for target, ok := range map[string]bool{
		"https://acme.okta.com/api/v1/logs?after=x": true, "/api/v1/logs?after=x": true, "//acme.okta.com/api/v1/logs?after=x": true,
		"http://acme.okta.com/api/v1/logs?after=x": false, "http://localhost/api/v1/logs": false, "https://evil.example/": false, "//evil.example/": false,
		"https://acme.okta.com@evil.example/": false, "https://acme.okta.com.evil.example/": false, "https://acme.okta.com:444/": false, "ftp://acme.okta.com/": false,
		"https:acme": false, "javascript:alert(1)": false,
	} {
		next, err := c.next("/api/v1/logs?limit=1", []string{"<" + target + `>; rel="next"`})
		if (err == nil) != ok || ok && next != "/api/v1/logs?after=x" || !ok && next != "" {
			t.Errorf("%s: %q, %v; want ok=%v", target, next, err, ok)
		}
	}
}
