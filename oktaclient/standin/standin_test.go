package standin_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"oktareset/oktaclient/standin"
)

const orgURL = "https://acme.okta.com"

// answer is a reply, read to its end.
type answer struct {
	status int
	header http.Header
	body   string
}

func (a answer) code() string {
	var e struct {
		Code string `json:"errorCode"`
	}
	_ = json.Unmarshal([]byte(a.body), &e)
	return e.Code
}

// send sends a request with the token in-process.
func send(ctx context.Context, o *standin.Org, method, path string) (answer, error) {
	req, err := http.NewRequestWithContext(ctx, method, orgURL+path, nil)
	if err != nil {
		return answer{}, err
	}
	req.Header.Set("Authorization", "SSWS "+o.Token())
	req.Header.Set("User-Agent", "test run/1")
	return roundTrip(o, req)
}

func roundTrip(o *standin.Org, req *http.Request) (answer, error) {
	resp, err := o.Transport().RoundTrip(req)
	if err != nil {
		return answer{}, err
	}
	defer func() { _ = resp.Body.Close() }()
	b, err := io.ReadAll(resp.Body)
	return answer{resp.StatusCode, resp.Header, string(b)}, err
}

// call is send for calls that must be answered.
func call(t *testing.T, o *standin.Org, method, path string) answer {
	t.Helper()
	a, err := send(t.Context(), o, method, path)
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	return a
}

// want checks status and error code ("" for none).
func want(t *testing.T, a answer, status int, code string) {
	t.Helper()
	if a.status != status || a.code() != code {
		t.Fatalf("got %d %s, want %d %q; body %s", a.status, a.code(), status, code, a.body)
	}
}

func decode[T any](t *testing.T, a answer) T {
	t.Helper()
	var v T
	if err := json.Unmarshal([]byte(a.body), &v); err != nil {
		t.Fatalf("decode %q: %v", a.body, err)
	}
	return v
}

// pause waits for a time of the bubble's clock.
func pause(d time.Duration) { <-time.After(d) }

// types lists the factor types of a user, by the API.
func types(t *testing.T, o *standin.Org, id string) []string {
	t.Helper()
	var list []string
	for _, f := range decode[[]struct{ FactorType, Provider string }](t, call(t, o, "GET", "/api/v1/users/"+id+"/factors")) {
		list = append(list, f.FactorType+":"+f.Provider)
	}
	slices.Sort(list)
	return list
}

func resetPath(id string) string { return "/api/v1/users/" + id + "/lifecycle/reset_factors" }

// quiet fails the test when the org was surprised or a fault never struck.
func quiet(t *testing.T, o *standin.Org) {
	t.Helper()
	if s := o.Stats().Surprises; len(s) > 0 {
		t.Errorf("surprises: %q", s)
	}
	if u := o.Unused(); len(u) > 0 {
		t.Errorf("unused faults: %v", u)
	}
}

const bob = "00u1234567890abcdefg"

// Example shows a reset in-process, without a network.
func Example() {
	org := standin.New(standin.Config{})
	org.AddIdentifiers(slices.Values([]string{"ada@example.com"}))

	req, _ := http.NewRequestWithContext(context.Background(), http.MethodPost,
		"https://acme.okta.com/api/v1/users/ada@example.com/lifecycle/reset_factors", nil)
	req.Header.Set("Authorization", "SSWS "+org.Token())
	client := &http.Client{Transport: org.Transport()}
	resp, err := client.Do(req)
	if err != nil {
		return
	}
	defer func() { _ = resp.Body.Close() }()
	fmt.Printf("%s, %d reset\n", resp.Status, org.Did("ada@example.com").Resets)
	// Output: 200 OK, 1 reset
}

func TestAuthentication(t *testing.T) {
	t.Parallel()
	o := standin.New(standin.Config{})
	tests := []struct {
		authorization string
		status        int
		code          string
		challenge     string
	}{
		{"SSWS " + o.Token(), 200, "", ""},
		{"", 403, "E0000005", ""},
		{"SSWS wrong", 401, "E0000011", "SSWS"},
		{"Bearer " + o.Token(), 401, "E0000011", `Bearer authorization_uri="` + orgURL + `/oauth2/v1/authorize", realm="` + orgURL +
			`", scope="okta.users.read", error="invalid_token", error_description="The access token is invalid.", resource="/api/v1/users/me"`},
		{o.Token(), 401, "E0000011", "SSWS"},
	}
	for _, tt := range tests {
		req, _ := http.NewRequestWithContext(t.Context(), "GET", orgURL+"/api/v1/users/me", nil)
		if tt.authorization != "" {
			req.Header.Set("Authorization", tt.authorization)
		}
		a, err := roundTrip(o, req)
		if err != nil {
			t.Fatal(err)
		}
		if a.status != tt.status || a.code() != tt.code || a.header.Get("Www-Authenticate") != tt.challenge {
			t.Errorf("Authorization %q = %d %s, challenge %q, want %d %s %q", tt.authorization, a.status, a.code(),
				a.header.Get("Www-Authenticate"), tt.status, tt.code, tt.challenge)
		}
		if tt.status != 200 && a.header.Get("X-Rate-Limit-Limit") != "" {
			t.Errorf("Authorization %q: counted in a bucket", tt.authorization)
		}
	}
}

func TestOrganization(t *testing.T) {
	t.Parallel()
	for engine, pipeline := range map[standin.Engine]string{standin.Identity: "idx", standin.Classic: "v1"} {
		o := standin.New(standin.Config{Engine: engine})
		req, _ := http.NewRequestWithContext(t.Context(), "GET", orgURL+"/.well-known/okta-organization", nil)
		a, err := roundTrip(o, req)
		if err != nil {
			t.Fatal(err)
		}
		got := decode[struct{ Pipeline string }](t, a)
		if got.Pipeline != pipeline {
			t.Errorf("engine %v: pipeline %q, want %q", engine, got.Pipeline, pipeline)
		}
	}
	o := standin.New(standin.Config{})
	if a := call(t, o, "GET", "/api/v1/org"); a.status != 200 || !strings.Contains(a.body, `"subdomain"`) {
		t.Errorf("GET /api/v1/org = %d %s", a.status, a.body)
	}
}

func TestUnknownPathIsASurprise(t *testing.T) {
	t.Parallel()
	tests := []struct{ method, path, code, surprise string }{
		{"GET", "/api/v2/users", "E0000008", "no such path"},
		{"GET", "/base/api/v1/users/me", "E0000008", "no such path"},
		{"PUT", "/api/v1/users/" + bob, "E0000022", "no such method"},
	}
	for _, tt := range tests {
		o := standin.New(standin.Config{})
		a := call(t, o, tt.method, tt.path)
		if a.code() != tt.code {
			t.Errorf("%s %s = %d %s, want %s", tt.method, tt.path, a.status, a.code(), tt.code)
		}
		if s := o.Stats().Surprises; len(s) != 1 || !strings.Contains(s[0], tt.surprise) {
			t.Errorf("%s %s: surprises %q, want %q", tt.method, tt.path, s, tt.surprise)
		}
	}
}

func TestLatency(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := standin.New(standin.Config{Latency: time.Second, LatencyJitter: 500 * time.Millisecond})
		o.Add(standin.User{ID: bob, Login: "bob@example.com"})
		different := map[time.Duration]bool{}
		for range 10 {
			start := time.Now()
			want(t, call(t, o, "POST", resetPath(bob)), 200, "")
			d := time.Since(start)
			if d < time.Second || d > 1500*time.Millisecond {
				t.Errorf("a call took %v, want 1 s to 1.5 s", d)
			}
			different[d] = true
		}
		if len(different) < 2 {
			t.Error("all calls took the same time")
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		if a, err := send(ctx, o, "POST", resetPath(bob)); !errors.Is(err, context.DeadlineExceeded) || o.Did(bob).Resets != 11 {
			t.Errorf("given up: %d, %v, %d resets; want 11, for the server carries on", a.status, err, o.Did(bob).Resets)
		}
	})
}
