package oktaclient

import (
	"bufio"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
)

const proxyPassword = "proxySecret:1"

// A proxy is what Go programs accept as one, or it is refused; no error repeats the given text.
func TestParseProxy(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"http://proxy.example.com:3128": "http://proxy.example.com:3128", "https://proxy:443/": "https://proxy:443/", "HTTP://proxy": "http://proxy",
		"proxy.example.com:3128": "http://proxy.example.com:3128", "10.0.0.1:3128": "http://10.0.0.1:3128", "proxy": "http://proxy",
		"socks5://127.0.0.1:1080": "socks5://127.0.0.1:1080", "socks5h://proxy": "socks5h://proxy", "http://[2001:db8::1]:3128": "http://[2001:db8::1]:3128",
		"http://user:p%40ss@proxy:3128": "http://user:p%40ss@proxy:3128", "user:pass@proxy:3128": "http://user:pass@proxy:3128", "http://user@proxy": "http://user@proxy",
	} {
		p, err := ParseProxy(in)
		if err != nil || p.url().String() != want {
			t.Errorf("%q: %v", in, err)
			continue
		}
		if again, err := url.Parse(want); err != nil || again.Host == "" || again.Scheme == "" {
			t.Errorf("%q: Go would ignore it", want)
		}
		b, _ := json.Marshal(p)
		for _, shown := range []string{fmt.Sprint(p), fmt.Sprintf("%v %+v %#v %q %x %d", p, p, p, p, p, p), fmt.Sprintf("%+v", &p), fmt.Sprintf("%#v", []any{p}), string(b)} {
			if strings.Contains(shown, "ss") || strings.Contains(shown, "proxy") {
				t.Errorf("it prints as %s", shown)
			}
		}
	}
	for _, in := range []string{
		"http://user:secret%zz@proxy", "http://user:secret@[proxy", "ftp://secret:21", "socks4://secret:1080", "socks://secret", "secret://proxy", "://secret", "http://",
		"http://:3128", "http://user:secret@", "http://user:secret@:3128", "http:secret", "http:/secret:3128", "//secret:3128", "http:///secret", "http://secret:0",
		"http://secret:65536", "http://secret:port", "http://secret:", "secret:3128:3128", "http://user:12/secret@proxy:3128", "http://user:12#secret@proxy:3128",
		"http://user:12?secret@proxy:3128", "http://proxy:3128/secret.pac", "http://proxy?", " http://secret:3128", "http://secret:3128\n", "http://secret:3128\r", "http://se cret:3128",
		"http://secret,http://other", `"http://secret:3128"`, "'secret:3128'", "http://'secret'", "http://secret;other", " ", "\t", "http://secret\x00", "https_proxy=http://secret",
	} {
		p, err := ParseProxy(in)
		if err == nil {
			t.Errorf("%q passed as %s", in, p.url())
			continue
		}
		if p.url != nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: %v, %v", in, p, err)
		}
	}
}

// wire is a proxy that answers each CONNECT in its own way, and an org behind TLS that counts
// requests.
type wire struct {
	proxy    Proxy
	client   *Client
	connects atomic.Int32
	requests atomic.Int32
}

// newWire serves a proxy: with tunnel it lets requests through, otherwise it writes the answer,
// in which AUTH means the credentials that it got.
func newWire(t *testing.T, tunnel bool, answer string) *wire {
	t.Helper()
	w := new(wire)
	org := httptest.NewUnstartedServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		w.requests.Add(1)
		if r.ProtoMajor != 1 || r.TLS == nil {
			t.Errorf("asked by %s, TLS %v", r.Proto, r.TLS != nil)
		}
		rw.Header().Set("X-Okta-Request-Id", "req")
		_, _ = rw.Write([]byte(`{"id":"00u00000000000000000","status":"ACTIVE","profile":{"login":"a@example.com"}}`))
	}))
	org.EnableHTTP2 = true
	org.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, 0)
	org.StartTLS()
	t.Cleanup(org.Close)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go w.serve(conn, org.Listener.Addr().String(), tunnel, answer)
		}
	}()
	if w.proxy, err = ParseProxy("http://user:" + url.QueryEscape(proxyPassword) + "@" + l.Addr().String()); err != nil {
		t.Fatal(err)
	}
	acme, err := ParseOrgURL("https://example.com")
	if err != nil {
		t.Fatal(err)
	}
	o := Options{Token: "00aTheTokenOfAnAdmin", Proxy: w.proxy, MaxInFlight: 4}
	transport := newTransport(acme, o)
	transport.TLSClientConfig.RootCAs = x509.NewCertPool()
	transport.TLSClientConfig.RootCAs.AddCert(org.Certificate())
	o.Transport = transport
	w.client = New(acme, o)
	return w
}

func (w *wire) serve(conn net.Conn, org string, tunnel bool, answer string) {
	defer conn.Close()
	w.connects.Add(1)
	r, err := http.ReadRequest(bufio.NewReader(conn))
	if err != nil || r.Method != http.MethodConnect || r.Host != "example.com:443" || r.Header.Get("Authorization") != "" {
		_, _ = io.WriteString(conn, "HTTP/1.1 500 No\r\n\r\n")
		return
	}
	_, _ = io.WriteString(conn, strings.ReplaceAll(answer, "AUTH", r.Header.Get("Proxy-Authorization")+" "+proxyPassword))
	if !tunnel {
		return
	}
	to, err := net.Dial("tcp", org)
	if err != nil {
		return
	}
	defer to.Close()
	go func() { _, _ = io.Copy(to, conn); _ = to.Close() }()
	_, _ = io.Copy(conn, to)
}

// A working proxy lets requests through, by TLS to the org itself, and never sees the token.
func TestThroughProxy(t *testing.T) {
	t.Parallel()
	w := newWire(t, true, "HTTP/1.1 200 OK\r\n\r\n")
	if _, _, err := w.client.GetMe(t.Context()); err != nil || w.requests.Load() != 1 || w.connects.Load() != 1 {
		t.Errorf("%v, %d requests, %d tunnels", err, w.requests.Load(), w.connects.Load())
	}
	w.client.conns.apart.Store(true) // a connection of its own is a tunnel of its own
	if _, err := w.client.ResetFactors(t.Context(), judgedUser, nil); err != nil || w.requests.Load() != 2 || w.connects.Load() != 2 {
		t.Errorf("%v, %d requests, %d tunnels", err, w.requests.Load(), w.connects.Load())
	}
}

// Whatever else a proxy answers, nothing is sent, nobody is called directly, and no error repeats
// the proxy's credentials.
func TestProxyThatRefuses(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		answer, text string
		tries        int32
	}{
		"407 with the credentials as its reason": {"HTTP/1.1 407 AUTH\r\nProxy-Authenticate: Basic realm=\"AUTH\"\r\nContent-Length: 0\r\n\r\n", "the proxy answered 407 Proxy Authentication Required", 1},
		"403 with a page":                        {"HTTP/1.1 403 AUTH\r\nContent-Length: 9\r\n\r\nAUTH AUTH", "the proxy answered 403 Forbidden", maxFirstTries},
		"a status that nobody knows":             {"HTTP/1.1 799 AUTH\r\n\r\n", "the proxy answered 799", maxFirstTries},
		"another 2xx":                            {"HTTP/1.1 204 AUTH\r\n\r\n", "the proxy answered 204 No Content", maxFirstTries},
		"no reason":                              {"HTTP/1.1 502\r\n\r\n", "the proxy answered 502 Bad Gateway", maxFirstTries},
		"a redirect":                             {"HTTP/1.1 302 AUTH\r\nLocation: http://evil.example/AUTH\r\n\r\n", "the proxy answered 302 Found", maxFirstTries},
		"garbage":                                {"AUTH\x1b[31m\r\n\r\n", "the proxy's answer can't be understood", maxFirstTries},
		"garbage as a status":                    {"HTTP/1.1 AUTH\r\n\r\n", "the proxy's answer can't be understood", maxFirstTries},
		"garbage as a version":                   {"HTTP/AUTH 200 OK\r\n\r\n", "the proxy's answer can't be understood", maxFirstTries},
		"garbage as a header":                    {"HTTP/1.1 200 OK\r\n AUTH\r\n\r\n", "the proxy's answer can't be understood", maxFirstTries},
		"nothing":                                {"", "EOF", maxFirstTries},
		"no TLS behind it":                       {"HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 200 OK\r\n\r\nAUTH", "no connection: ", maxFirstTries},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWire(t, false, tt.answer)
			_, err := w.client.ResetFactors(t.Context(), judgedUser, nil)
			if FateOf(err) != NotSent || !strings.Contains(err.Error(), tt.text) || w.requests.Load() > 0 || w.connects.Load() != tt.tries {
				t.Errorf("%v (fate %d), %d requests, asked %d times; want %q and %d times", err, FateOf(err), w.requests.Load(), w.connects.Load(), tt.text, tt.tries)
			}
			for e := err; e != nil; e = errors.Unwrap(e) {
				for _, secret := range append(w.proxy.secrets(), "AUTH", "evil") {
					if strings.Contains(e.Error(), secret) && !strings.Contains(fmt.Sprintf("%T", e), "RecordHeader") {
						t.Errorf("%T repeats %q: %v", e, secret, e)
					}
				}
			}
		})
	}
}

// The org's own words don't contain the proxy's credentials either: a proxy that reads along may
// put them there.
func TestProxySecretsInReplies(t *testing.T) {
	t.Parallel()
	p, err := ParseProxy("http://user:" + url.QueryEscape(proxyPassword) + "@proxy:3128")
	if err != nil {
		t.Fatal(err)
	}
	basic, password := p.secrets()[0], p.secrets()[1]
	body := `{"errorCode":"E0000001","errorId":"oae","errorSummary":"you sent Basic ` + basic + ` or ` + password + `"}`
	acme, err := ParseOrgURL("https://acme.okta.com")
	if err != nil {
		t.Fatal(err)
	}
	c := New(acme, Options{Token: "00aTheTokenOfAnAdmin", Proxy: p, Transport: &canned{status: 400, header: http.Header{"X-Okta-Request-Id": {"req"}}, body: body}})
	_, _, err = c.GetMe(t.Context())
	if err == nil || strings.Contains(err.Error(), basic) || strings.Contains(err.Error(), password) || !strings.Contains(err.Error(), redacted) {
		t.Error(err)
	}
}
