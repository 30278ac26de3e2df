// Package relay is between the scripts' program and its org: a proxy, and TLS.
package relay

import (
	"bufio"
	"encoding/pem"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/rogpeppe/go-internal/testscript"
)

// host is a name in httptest's certificate. It is never looked up: only the proxy gets it.
const host = "example.com"

// relay is a script's proxy.
type relay struct {
	answer   string // to each CONNECT; AUTH in it means the credentials that came
	org      string // address of the org's TLS
	connects atomic.Int32
}

var relays sync.Map // by a script's working folder

// answers are what the proxy does, by name.
var answers = map[string]string{
	"tunnel":  "HTTP/1.1 200 OK\r\n\r\n",
	"refuse":  "HTTP/1.1 407 AUTH\r\nProxy-Authenticate: Basic realm=\"AUTH\"\r\nContent-Length: 0\r\n\r\n",
	"garbage": "AUTH\x1b[31m\r\n\r\n",
}

// Start puts TLS in front of the script's org, and a proxy in front of that: relay
// tunnel|refuse|garbage. It sets the environment as an admin behind a proxy would, with a
// password.
func Start(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 || answers[args[0]] == "" {
		ts.Fatalf("usage: relay tunnel|refuse|garbage")
	}
	org, err := url.Parse("http://" + ts.Getenv("HOST"))
	ts.Check(err)
	front := httptest.NewTLSServer(&httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(org)
		r.Out.Host = host
	}})
	ts.Defer(front.Close)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	ts.Defer(func() { _ = l.Close() })
	r := &relay{answer: answers[args[0]], org: front.Listener.Addr().String()}
	go r.serve(l)
	relays.Store(ts.MkAbs("."), r)

	authority := ts.MkAbs("authority.pem")
	ts.Check(os.WriteFile(authority, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: front.Certificate().Raw}), 0o600))
	ts.Setenv("SSL_CERT_FILE", authority)
	ts.Setenv("OKTA_CLIENT_ORGURL", "https://"+host)
	ts.Setenv("HOST", host)
	ts.Setenv("HTTPS_PROXY", "http://user:00scriptsecret@"+l.Addr().String())
}

// Asked asserts how many connections the proxy was asked for: relayed N.
func Asked(ts *testscript.TestScript, neg bool, args []string) {
	r, ok := relays.Load(ts.MkAbs("."))
	if neg || len(args) != 1 || !ok {
		ts.Fatalf("usage: relayed N, after relay")
	}
	if got := r.(*relay).connects.Load(); strconv.Itoa(int(got)) != args[0] {
		ts.Fatalf("the proxy was asked %d times, want %s", got, args[0])
	}
}

func (r *relay) serve(l net.Listener) {
	for {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		go r.connect(conn)
	}
}

func (r *relay) connect(conn net.Conn) {
	defer conn.Close()
	r.connects.Add(1)
	req, err := http.ReadRequest(bufio.NewReader(conn))
	if err != nil || req.Method != http.MethodConnect || req.Host != host+":443" {
		return
	}
	_, _ = io.WriteString(conn, strings.ReplaceAll(r.answer, "AUTH", req.Header.Get("Proxy-Authorization")))
	if r.answer != answers["tunnel"] {
		return
	}
	to, err := net.Dial("tcp", r.org)
	if err != nil {
		return
	}
	defer to.Close()
	go func() { _, _ = io.Copy(to, conn); _ = to.Close() }()
	_, _ = io.Copy(conn, to)
}
