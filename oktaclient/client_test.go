package oktaclient_test

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"oktareset/oktaclient"
	"oktareset/oktaclient/standin"
)

// serve runs a handler on a real connection and returns a client for it.
func serve(t *testing.T, h http.Handler, o oktaclient.Options) *oktaclient.Client {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	url, err := oktaclient.ParseOrgURL(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	return oktaclient.New(url, o)
}

const someID = "00u1234567890abcdEFG"

func TestRequestOnTheWire(t *testing.T) {
	t.Parallel()
	var calls atomic.Int32
	c := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		calls.Add(1)
		if r.Method != "POST" || r.URL.EscapedPath() != "/api/v1/users/"+someID+"/lifecycle/reset_factors" || r.URL.RawQuery != "" {
			t.Errorf("asked for %s %s?%s", r.Method, r.URL.EscapedPath(), r.URL.RawQuery)
		}
		body, _ := io.ReadAll(r.Body)
		if r.ContentLength != 0 || len(body) > 0 {
			t.Errorf("content length %d, body %q, want an empty body that is announced", r.ContentLength, body)
		}
		for name, want := range map[string]string{
			"Authorization": "SSWS secret", "User-Agent": "oktareset/1 run/7", "Accept": "application/json", "Cookie": "",
		} {
			if got := r.Header.Get(name); got != want {
				t.Errorf("%s: %q, want %q", name, got, want)
			}
		}
		http.SetCookie(w, &http.Cookie{Name: "JSESSIONID", Value: "1"})
		w.Header().Set("X-Okta-Request-Id", "req-1")
		_, _ = io.WriteString(w, "{}")
	}), oktaclient.Options{Token: "secret", UserAgent: "oktareset/1 run/7"})
	for range 2 {
		rep, err := c.ResetFactors(t.Context(), someID, nil)
		if err != nil || rep.Status != 200 || rep.RequestID != "req-1" || rep.Attempts != 1 {
			t.Errorf("ResetFactors = %+v, %v", rep, err)
		}
	}
	if calls.Load() != 2 {
		t.Errorf("%d calls, want 2", calls.Load())
	}
}

// A name for something other than a user must not reach the wire.
func TestReservedNamesAreNotSent(t *testing.T) {
	t.Parallel()
	c := serve(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { t.Errorf("asked for %s", r.URL) }), oktaclient.Options{})
	for _, id := range []string{"", "me", "ME", ".", "..", "../groups", "00u1234567890abcd/x", "alice@example.com", "00u1234567890abcd;x"} {
		rep, err := c.ResetFactors(t.Context(), id, nil)
		if oktaclient.FateOf(err) != oktaclient.NotSent || rep.Attempts != 0 {
			t.Errorf("ResetFactors(%q) = %v, want not sent", id, err)
		}
		if _, _, err := c.ListFactors(t.Context(), id); oktaclient.FateOf(err) != oktaclient.NotSent {
			t.Errorf("ListFactors(%q) = %v, want not sent", id, err)
		}
	}
	for _, id := range []string{"", "me", "Me", ".", ".."} {
		if _, _, err := c.GetUser(t.Context(), id); oktaclient.FateOf(err) != oktaclient.NotSent {
			t.Errorf("GetUser(%q) = %v, want not sent", id, err)
		}
	}
}

func TestLogins(t *testing.T) {
	t.Parallel()
	org := standin.New(standin.Config{})
	c := serve(t, org, oktaclient.Options{Token: oktaclient.Token(org.Token())})
	for _, login := range []string{
		"o'brien+x@example.com", "a/b@example.com", "jürgen@example.com", "x;y@example.com", `back\slash@example.com`,
		"per%cent@example.com", "que?ry@example.com", "ha#sh@example.com", "sp ace@example.com", `quo"te@example.com`, "plain",
	} {
		want := org.Add(standin.User{Login: login})
		for _, asked := range []string{login, strings.ToUpper(login)} {
			var got []oktaclient.User
			var err error
			if oktaclient.InPath(login) {
				got = make([]oktaclient.User, 1)
				got[0], _, err = c.GetUser(t.Context(), asked)
			} else {
				got, _, err = c.FindUsers(t.Context(), asked)
			}
			if err != nil || len(got) != 1 || got[0].ID != want.ID || got[0].Profile.Login != login {
				t.Errorf("look up %q: %v, %v; want %s", asked, got, err, want.ID)
			}
		}
	}
	if s := org.Stats().Surprises; len(s) > 0 {
		t.Errorf("surprises: %q", s)
	}
}

func TestErrorReplies(t *testing.T) {
	t.Parallel()
	const okta = `{"errorCode":"E0000038","errorSummary":"not in this status","errorLink":"x","errorId":"oae","errorCauses":[{"errorSummary":"suspended"}]}`
	tests := []struct {
		name, body, challenge string
		status                int
		want                  string
	}{
		{"okta", okta, "", 403, "403 Forbidden E0000038: not in this status (suspended)"},
		{
			"scope", "", `Bearer authorization_uri="https://x/oauth2/v1/authorize", realm="https://x", scope="okta.users.manage", error="insufficient_scope", error_description="y"`, 403,
			"403 Forbidden: insufficient_scope, scope okta.users.manage is needed",
		},
		{"huge summary", `{"errorCode":"E0000001","errorId":"oae","errorSummary":"` + strings.Repeat("x", 5000) + `"}`, "", 400, "400 Bad Request E0000001: " + strings.Repeat("x", 500) + "…"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("X-Okta-Request-Id", "req-2")
				if tt.challenge != "" {
					w.Header().Set("Www-Authenticate", tt.challenge)
				}
				w.WriteHeader(tt.status)
				_, _ = io.WriteString(w, tt.body)
			}), oktaclient.Options{})
			rep, err := c.ResetFactors(t.Context(), someID, nil)
			var api *oktaclient.APIError
			if !errors.As(err, &api) || api.Error() != tt.want || api.RequestID != "req-2" || api.Status != tt.status {
				t.Errorf("%v, want %q", err, tt.want)
			}
			if rep.Status != tt.status || rep.RequestID != "req-2" || rep.Attempts != 1 {
				t.Errorf("reply %+v", rep)
			}
		})
	}
}

// Bodies that aren't Okta's errors make no error of Okta's, whatever they contain: nothing in
// them is passed on.
func TestErrorRepliesOfNobody(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"html": "<!doctype html><title>E0000006</title>", "empty": "", "gateway's json": `{"status":404,"message":"Resource not found"}`, "array": "[1,2]",
		"wrong types": `{"errorCode":7,"errorId":8,"errorCauses":{}}`, "no ID": `{"errorCode":"E0000006","errorSummary":"x"}`, "no code": `{"errorId":"oae"}`,
		"torn": `{"errorCode":"E0000006","errorId":"oae","errorSummary":"`,
	} {
		c := serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("X-Okta-Request-Id", "req-2")
			w.WriteHeader(http.StatusForbidden)
			_, _ = io.WriteString(w, body)
		}), oktaclient.Options{})
		rep, err := c.ResetFactors(t.Context(), someID, nil)
		stranger, ok := errors.AsType[*oktaclient.NotOktaError](err)
		if !ok || stranger.Status != 403 || !strings.HasPrefix(err.Error(), "403 Forbidden: the answer may not come from Okta") || c.MetOkta() {
			t.Errorf("%s: %v, met Okta: %v", name, err, c.MetOkta())
		}
		if rep.Status != 403 || rep.RequestID != "req-2" || rep.Attempts != 1 {
			t.Errorf("%s: reply %+v", name, rep)
		}
	}
}

func TestRedirectIsNotFollowed(t *testing.T) {
	t.Parallel()
	var elsewhere atomic.Int32
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { elsewhere.Add(1) }))
	t.Cleanup(other.Close)
	for _, status := range []int{301, 302, 303, 307, 308} {
		c := serve(t, http.RedirectHandler(other.URL, status), oktaclient.Options{Token: "secret"})
		if _, err := c.ResetFactors(t.Context(), someID, nil); oktaclient.FateOf(err) != oktaclient.InDoubt {
			t.Errorf("%d: %v, want in doubt", status, err)
		}
	}
	if elsewhere.Load() > 0 {
		t.Errorf("%d requests went elsewhere", elsewhere.Load())
	}
}

func TestStrangeBodies(t *testing.T) {
	t.Parallel()
	endless := func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Okta-Request-Id", "req-3")
		chunk := []byte(strings.Repeat(" ", 1<<16))
		for r.Context().Err() == nil {
			if _, err := w.Write(chunk); err != nil {
				return
			}
		}
	}
	torn := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Okta-Request-Id", "req-4")
		w.Header().Set("Content-Length", "100")
		_, _ = io.WriteString(w, `{"id":`)
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}
	for name, h := range map[string]http.HandlerFunc{"endless": endless, "torn": torn} {
		c := serve(t, h, oktaclient.Options{Timeout: 5 * time.Second})
		if _, err := c.ResetFactors(t.Context(), someID, nil); err != nil {
			t.Errorf("%s: a reset that Okta answered with 200 and its request id: %v", name, err)
		}
	}
	garbage := serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Okta-Request-Id", "req-5")
		_, _ = io.WriteString(w, `{"id":"00u`)
	}), oktaclient.Options{})
	if u, _, err := garbage.GetUser(t.Context(), "alice"); err == nil {
		t.Errorf("GetUser made %+v of garbage", u)
	}
}

func TestCaptivePortal(t *testing.T) {
	t.Parallel()
	c := serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "<html>please sign in</html>")
	}), oktaclient.Options{})
	_, err := c.ResetFactors(t.Context(), someID, nil)
	if !errors.Is(err, oktaclient.ErrNotOkta) || c.MetOkta() {
		t.Errorf("%v, met Okta: %v; want ErrNotOkta, never met", err, c.MetOkta())
	}
}

func TestServerClock(t *testing.T) {
	t.Parallel()
	org := standin.New(standin.Config{ClockSkew: -3 * time.Hour})
	c := serve(t, org, oktaclient.Options{Token: oktaclient.Token(org.Token())})
	if d := time.Since(c.Now()); d > time.Minute {
		t.Errorf("before any reply the clock is %v off this machine's", d)
	}
	if _, _, err := c.GetMe(t.Context()); err != nil {
		t.Fatal(err)
	}
	if behind := time.Now().Add(-3 * time.Hour).Sub(c.Now()); behind < 0 || behind > 3*time.Second {
		t.Errorf("the clock is %v behind the server's, want 0 to 3 s", behind)
	}
}

func TestGetOrg(t *testing.T) {
	t.Parallel()
	for engine, want := range map[standin.Engine]string{
		standin.Identity: oktaclient.EngineIdentity, standin.Classic: oktaclient.EngineClassic,
	} {
		c := serve(t, standin.New(standin.Config{Engine: engine}), oktaclient.Options{Token: "not needed for this"})
		got, err := c.GetOrg(t.Context())
		if got.Engine != want || len(got.ID) != 20 || err != nil {
			t.Errorf("GetOrg = %+v, %v; want %q and an ID", got, err, want)
		}
	}
}

// An impossible org ID counts as none: it would get into files, and two orgs could have the same.
func TestOrgIDThatCannotBe(t *testing.T) {
	t.Parallel()
	for id, want := range map[string]string{
		"00o1abcdEF": "00o1abcdEF", "": "", "../x": "", "00o 1": "", "00ö": "", "a\nb": "", strings.Repeat("0", 41): "", strings.Repeat("0", 40): strings.Repeat("0", 40),
	} {
		c := serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("X-Okta-Request-Id", "r1")
			if err := json.NewEncoder(w).Encode(map[string]string{"id": id, "pipeline": "next"}); err != nil {
				t.Error(err)
			}
		}), oktaclient.Options{Token: "not needed for this"})
		if got, err := c.GetOrg(t.Context()); got.ID != want || got.Engine != "next" || err != nil {
			t.Errorf("GetOrg of the ID %q = %+v, %v", id, got, err)
		}
	}
}

func TestListFactors(t *testing.T) {
	t.Parallel()
	org := standin.New(standin.Config{})
	u := org.Add(standin.User{Login: "alice@example.com", Factors: []standin.Factor{{Type: "push", Provider: "OKTA"}, {Type: "brand:new", Provider: "ACME"}}})
	c := serve(t, org, oktaclient.Options{Token: oktaclient.Token(org.Token())})
	factors, _, err := c.ListFactors(t.Context(), u.ID)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range factors {
		names = append(names, f.String())
		if f.ID == "" || f.Status == "" || f.Created.IsZero() {
			t.Errorf("factor %+v lacks something", f)
		}
	}
	if got := strings.Join(names, " "); !strings.Contains(got, "push:OKTA") || !strings.Contains(got, "brand:new:ACME") {
		t.Errorf("factors %q", got)
	}
}
