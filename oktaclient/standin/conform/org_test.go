package conform

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// signIn is a way to sign in.
type signIn struct {
	name    string
	app     bool
	dpop    bool
	classic bool // in a Classic Engine org, so that both are tried
}

var signIns = []signIn{{name: "API token"}, {name: "service app", app: true, classic: true}, {name: "DPoP", app: true, dpop: true}}

// scopes are those that the app is granted.
var scopes = []string{
	"okta.users.read", "okta.users.manage", "okta.groups.read", "okta.roles.read", "okta.logs.read", "okta.orgs.read",
}

// org is a stand-in org behind a proxy that records what goes through.
type org struct {
	signIn
	direct string            // its own address
	url    string            // that of the proxy
	env    map[string]string // as sandbox prints it, with the proxy's address
	mu     sync.Mutex
	log    []exchange
}

// top is the folder that make runs in.
const top = "../../.."

// program is the program under test.
func program(t *testing.T) string {
	t.Helper()
	path, err := filepath.Abs(filepath.Join(top, "oktareset"))
	if err == nil {
		_, err = os.Stat(path)
	}
	if err != nil {
		t.Fatalf("make build first: %v", err)
	}
	return path
}

// newKey writes an RSA key into a folder: the Node SDK proves tokens with no other.
func newKey(t *testing.T, dir string) string {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})
	path := filepath.Join(dir, "key.pem")
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// back is when people come back after a reset: not before the test ends. They have signed in from
// where they live before, so the log has places.
const back = time.Hour

// serve starts an org, and ends it with the test.
func serve(t *testing.T, s signIn) *org {
	t.Helper()
	dir := t.TempDir()
	fill := filepath.Join(dir, "fill.csv")
	if err := os.WriteFile(fill, []byte("login\n"+strings.Join(filled("desk", 30), "\n")), 0o600); err != nil {
		t.Fatal(err)
	}
	args := []string{"sandbox", "--users", "450", "--listen", "127.0.0.1:0", "--unlimited", "--latency", "0s", "--quiet", "--fill", fill, "--reenroll", back.String()}
	if s.app {
		args = append(args, "--app", newKey(t, dir))
		for _, scope := range scopes {
			args = append(args, "--scope", scope)
		}
	}
	if s.classic {
		args = append(args, "--engine", "classic")
	}
	if s.dpop {
		args = append(args, "--dpop")
	}
	cmd := exec.CommandContext(t.Context(), program(t), args...)
	cmd.Dir, cmd.Env, cmd.Stderr = dir, []string{"HOME=" + dir}, os.Stderr
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	o := &org{signIn: s, env: make(map[string]string)}
	last := "OKTA_CLIENT_TOKEN"
	if s.app {
		last = "OKTA_CLIENT_PRIVATEKEY"
	}
	lines := bufio.NewScanner(out)
	for o.env[last] == "" && lines.Scan() {
		name, value, _ := strings.Cut(strings.TrimPrefix(lines.Text(), "export "), "=")
		o.env[name] = strings.Trim(value, "'")
	}
	if o.env[last] == "" {
		t.Fatalf("sandbox didn't say how to sign in: %v", o.env)
	}
	o.direct = o.env["OKTA_CLIENT_ORGURL"]
	proxy := httptest.NewServer(o.record(t))
	t.Cleanup(proxy.Close)
	o.url = proxy.URL
	o.env["OKTA_CLIENT_ORGURL"] = o.url
	return o
}

// record passes requests on as they are, the name of the host too: proofs of DPoP and the links to
// pages name it.
func (o *org) record(t *testing.T) http.Handler {
	t.Helper()
	target, err := url.Parse(o.direct)
	if err != nil {
		t.Fatal(err)
	}
	type key struct{}
	proxy := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(target)
			r.Out.Host = r.In.Host
		},
		Transport: &http.Transport{DisableCompression: true},
		ModifyResponse: func(r *http.Response) error {
			content, err := io.ReadAll(r.Body)
			r.Body = io.NopCloser(bytes.NewReader(content))
			x := r.Request.Context().Value(key{}).(*exchange)
			x.status, x.reply, x.content = r.StatusCode, r.Header.Clone(), content
			o.mu.Lock()
			o.log = append(o.log, *x)
			o.mu.Unlock()
			return err
		},
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(body))
		u := *r.URL
		u.Scheme, u.Host = "http", r.Host
		x := &exchange{method: r.Method, url: &u, header: r.Header.Clone(), body: body}
		proxy.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), key{}, x)))
	})
}

// passcode is what the user's phone, app or token shows.
func (o *org) passcode(t *testing.T, user, factor string) string {
	t.Helper()
	reply, err := http.Get(o.direct + "/sandbox/users/" + url.PathEscape(user))
	if err != nil {
		t.Fatal(err)
	}
	defer reply.Body.Close()
	var is struct {
		Passcodes map[string]string `json:"passcodes"`
	}
	if err := json.NewDecoder(reply.Body).Decode(&is); err != nil {
		t.Fatal(err)
	}
	return is.Passcodes[factor]
}

var factorID = regexp.MustCompile(`"id":"([a-z]{3}[A-Za-z0-9]{17})"`)

// lastFactor is the ID of the factor with this prefix that was seen last.
func (o *org) lastFactor(prefix string) string {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, x := range slices.Backward(o.log) {
		for _, m := range factorID.FindAllSubmatch(x.content, -1) {
			if bytes.HasPrefix(m[1], []byte(prefix)) {
				return string(m[1])
			}
		}
	}
	return ""
}

var transactionID = regexp.MustCompile(`/transactions/([\w.-]+)"`)

// challenge is the ID of the last push that was sent.
func (o *org) challenge() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, x := range slices.Backward(o.log) {
		if m := transactionID.FindSubmatch(x.content); m != nil {
			return string(m[1])
		}
	}
	return ""
}

var qrCode = regexp.MustCompile(`http://[^"]*(/api/v1/users/[^"]*/qr/[^"]*)`)

// scan has the app of the user who enrolled a push last fetch the QR code, as the browser does that
// shows it.
func (o *org) scan(ctx context.Context) error {
	o.mu.Lock()
	path := ""
	for _, x := range o.log {
		if m := qrCode.FindSubmatch(x.content); m != nil {
			path = string(m[1])
		}
	}
	o.mu.Unlock()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, o.direct+path, http.NoBody)
	if err != nil {
		return err
	}
	reply, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	if reply.StatusCode != http.StatusOK {
		err = fmt.Errorf("the QR code: %s", reply.Status)
	}
	return errors.Join(err, reply.Body.Close())
}

var pushActivation = regexp.MustCompile(`/factors/opf[^/]+/lifecycle/activate$`)

// scanWhenAwaited is scan as soon as a client has asked how far the activation of a push is.
func (o *org) scanWhenAwaited(ctx context.Context) error {
	for {
		o.mu.Lock()
		awaited := slices.ContainsFunc(o.log, func(x exchange) bool { return pushActivation.MatchString(x.url.Path) })
		o.mu.Unlock()
		if awaited {
			return o.scan(ctx)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// count is how many exchanges there were.
func (o *org) count() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return len(o.log)
}
