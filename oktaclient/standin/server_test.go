package standin_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"oktareset/oktaclient/standin"
)

// raw sends a request over TCP and returns the reply as it is on the wire.
func raw(t *testing.T, server *httptest.Server, request string) []string {
	t.Helper()
	var d net.Dialer
	conn, err := d.DialContext(t.Context(), "tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if _, err := io.WriteString(conn, request); err != nil {
		t.Fatal(err)
	}
	var lines []string
	for s := bufio.NewScanner(conn); s.Scan(); {
		lines = append(lines, s.Text())
	}
	return lines
}

func TestOnTheWire(t *testing.T) {
	t.Parallel()
	o := standin.New(standin.Config{})
	o.Add(standin.User{ID: bob, Login: "bob@example.com"})
	server := httptest.NewServer(o)
	defer server.Close()
	lines := raw(t, server, "POST "+resetPath(bob)+" HTTP/1.1\r\nHost: x\r\nAuthorization: SSWS "+o.Token()+
		"\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
	for _, prefix := range []string{
		"HTTP/1.1 200 OK", "Date: ", "Content-Type: application/json", "Server: nginx", "Cache-Control: no-cache, no-store",
		"x-okta-request-id: ", "x-rate-limit-limit: 300", "x-rate-limit-remaining: 299", "x-rate-limit-reset: ", `p3p: CP="HONK"`, "{}",
	} {
		if !slices.ContainsFunc(lines, func(l string) bool { return strings.HasPrefix(l, prefix) }) {
			t.Errorf("no line starts with %q in\n%s", prefix, strings.Join(lines, "\n"))
		}
	}
	lines = raw(t, server, "GET /api/v1/users?limit=1 HTTP/1.1\r\nHost: acme.test\r\nAuthorization: SSWS "+o.Token()+
		"\r\nConnection: close\r\n\r\n")
	if !slices.Contains(lines, `Link: <http://acme.test/api/v1/users?limit=1>; rel="self"`) ||
		!slices.ContainsFunc(lines, func(l string) bool { return strings.HasPrefix(l, "Link: <http://acme.test/api/v1/users?after=200u") }) {
		t.Errorf("no two Link lines in\n%s", strings.Join(lines, "\n"))
	}
}

// A broken connection, a hanging answer and an endless one end as a real client sees them.
func TestFaultsOverHTTP(t *testing.T) {
	t.Parallel()
	o := standin.New(standin.Config{})
	o.Add(standin.User{ID: bob, Login: "bob@example.com"})
	server := httptest.NewServer(o)
	defer server.Close()
	for _, kind := range []standin.Kind{standin.Drop, standin.Endless} {
		o.Clear()
		o.Script(standin.Fault{Kind: kind})
		req, _ := http.NewRequestWithContext(t.Context(), "POST", server.URL+resetPath(bob), nil)
		req.Header.Set("Authorization", "SSWS "+o.Token())
		resp, err := server.Client().Do(req)
		if kind == standin.Drop {
			if err == nil {
				_ = resp.Body.Close()
				t.Error("the connection wasn't broken")
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if n, err := io.CopyN(io.Discard, resp.Body, 4<<20); err != nil {
			t.Errorf("read %d: %v", n, err)
		}
		_ = resp.Body.Close()
	}
}

func TestSandboxEndpoints(t *testing.T) {
	t.Parallel()
	o := standin.New(standin.Config{})
	o.Add(withFactors(bob, "push:OKTA"))
	server := httptest.NewServer(o)
	defer server.Close()
	want(t, call(t, o, "POST", resetPath(bob)), 200, "")
	get := func(path string, v any) int {
		req, _ := http.NewRequestWithContext(t.Context(), "GET", server.URL+path, nil)
		resp, err := server.Client().Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = resp.Body.Close() }()
		if err := json.NewDecoder(resp.Body).Decode(v); err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode
	}
	var stats standin.Stats
	var user struct {
		User  standin.User
		Deeds standin.Deeds
	}
	if status := get("/sandbox/stats", &stats); status != 200 ||
		stats.ResetsApplied != 1 || stats.Requests != 1 || stats.FirstReset.IsZero() {
		t.Errorf("stats = %d %+v", status, stats)
	}
	if status := get("/sandbox/users/"+bob, &user); status != 200 ||
		user.User.ID != bob || user.Deeds.Resets != 1 || len(user.User.Factors) != 2 {
		t.Errorf("user = %d %+v", status, user)
	}
	if status := get("/sandbox/users/nobody", &user); status != 404 {
		t.Errorf("nobody = %d, want 404", status)
	}
	quiet(t, o)
}

func BenchmarkReset(b *testing.B) {
	o := standin.New(standin.Config{Unlimited: true})
	ids := make([]string, b.N)
	for i := range ids {
		ids[i] = fmt.Sprintf("00u%017d", i)
	}
	o.AddIdentifiers(slices.Values(ids))
	b.ReportAllocs()
	b.ResetTimer()
	for _, id := range ids {
		if a, err := send(b.Context(), o, "POST", resetPath(id)); err != nil || a.status != 200 {
			b.Fatal(a, err)
		}
	}
}
