package standin_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"oktareset/oktaclient/standin"
)

// script scripts faults as a command line has them.
func script(t *testing.T, o *standin.Org, faults ...string) {
	t.Helper()
	for _, s := range faults {
		f, err := standin.ParseFault(s)
		if err != nil {
			t.Fatal(err)
		}
		o.Script(f)
	}
}

// orgOfBob is an org with a user who has a push with its totp, an sms and a Google Authenticator.
func orgOfBob(cfg standin.Config) *standin.Org {
	o := standin.New(cfg)
	o.Add(standin.User{ID: bob, Login: "bob@example.com", Factors: []standin.Factor{
		{Type: "push", Provider: "OKTA"},
		{Type: "token:software:totp", Provider: "OKTA"},
		{Type: "sms", Provider: "OKTA"},
		{Type: "token:software:totp", Provider: "GOOGLE"},
	}})
	return o
}

// A page that isn't Okta's may have any status; the answer that it hides is made, or isn't, or
// comes about later.
func TestPageOfAnyStatus(t *testing.T) {
	t.Parallel()
	for code := 200; code < 600; code++ {
		o := orgOfBob(standin.Config{})
		script(t, o, "page_after:reset_factors:code="+strconv.Itoa(code))
		a := call(t, o, "POST", resetPath(bob))
		if a.status != code || a.code() != "" || a.header.Get("X-Okta-Request-Id") != "" || o.Did(bob).Resets != 1 {
			t.Errorf("%d: %d %v, %d resets", code, a.status, a.header, o.Did(bob).Resets)
		}
		if o.Stats().TooMany != 0 {
			t.Errorf("%d: a proxy's page counts as one of the org's 429s", code)
		}
	}
}

// Half of a reset takes the first factors, with their events, and says nothing of a whole one.
func TestPartOfAReset(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		fault  string
		cfg    standin.Config
		left   string
		events string
	}{
		{"drop_after:reset_factors:part=1", standin.Config{}, "email:OKTA sms:OKTA token:software:totp:GOOGLE token:software:totp:OKTA", "User reset OKTA_VERIFY_PUSH factor"},
		{"500_after:part=3", standin.Config{}, "email:OKTA token:software:totp:GOOGLE", "User reset OKTA_VERIFY_PUSH factor, User reset OKTA_SOFT_TOKEN factor, User reset SMS_FACTOR factor"},
		{"page_after:code=404:part=1", standin.Config{ResetEvents: standin.DeactivateOnly}, "email:OKTA sms:OKTA token:software:totp:GOOGLE token:software:totp:OKTA", "User reset OKTA_VERIFY_PUSH factor"},
		{"500_after:part=9", standin.Config{ResetEvents: standin.ResetAllOnly}, "email:OKTA", ""},
		{"500_after:part=1", standin.Config{Engine: standin.Classic}, "sms:OKTA token:software:totp:GOOGLE token:software:totp:OKTA", ""},
		{"slow:delay=1ns:part=1", standin.Config{ResetEvents: standin.NoEvents}, "email:OKTA sms:OKTA token:software:totp:GOOGLE token:software:totp:OKTA", ""},
	} {
		o := orgOfBob(tt.cfg)
		script(t, o, tt.fault)
		_, _ = send(t.Context(), o, "POST", resetPath(bob))
		o.Clear()
		if got := strings.Join(types(t, o, bob), " "); got != tt.left {
			t.Errorf("%s: left %s, want %s", tt.fault, got, tt.left)
		}
		var reasons []string
		for _, e := range decode[[]event](t, call(t, o, "GET", "/api/v1/logs")) {
			reasons = append(reasons, e.Outcome.Reason)
		}
		if got := strings.Join(reasons, ", "); got != tt.events {
			t.Errorf("%s: events %q, want %q", tt.fault, got, tt.events)
		}
		if d := o.Did(bob); d.Resets != 0 || d.PartResets != 1 || o.Stats().UsersReset != 0 {
			t.Errorf("%s: deeds %+v", tt.fault, d)
		}
		want(t, call(t, o, "POST", resetPath(bob)), 200, "")
		if d := o.Did(bob); d.Resets != 1 || o.Stats().UsersReset != 1 {
			t.Errorf("%s: deeds after a whole reset %+v", tt.fault, d)
		}
	}
}

type event struct {
	Published time.Time
	EventType string
	Outcome   struct{ Reason string }
	Target    []struct{ ID string }
	Actor     struct{ ID string }
}

// A factor that stays is listed after any number of resets, and it can be used.
func TestFactorsThatStay(t *testing.T) {
	t.Parallel()
	for _, engine := range []standin.Engine{standin.Identity, standin.Classic} {
		o := orgOfBob(standin.Config{Engine: engine, Stays: []string{"push"}})
		o.AddIdentifiers(slices.Values([]string{"made@example.com"}))
		made, _ := o.User("made@example.com")
		had := slices.ContainsFunc(made.Factors, func(f standin.Factor) bool { return f.Type == "push" })
		for range 2 {
			want(t, call(t, o, "POST", resetPath(bob)), 200, "")
			want(t, call(t, o, "POST", resetPath(made.ID)), 200, "")
		}
		if got := strings.Join(types(t, o, bob), " "); !strings.Contains(got, "push:OKTA") || strings.Contains(got, "totp") || strings.Contains(got, "sms") {
			t.Errorf("engine %d: left %s", engine, got)
		}
		if got := slices.Contains(types(t, o, made.ID), "push:OKTA"); got != had {
			t.Errorf("engine %d: a push of a user who was made up stays: %v, want %v", engine, got, had)
		}
	}
	o := standin.New(standin.Config{StayEvents: true})
	o.Add(standin.User{ID: bob, Login: "bob@example.com", Factors: []standin.Factor{
		{Type: "sms", Provider: "OKTA", Stays: true}, {Type: "call", Provider: "OKTA"},
	}})
	want(t, call(t, o, "POST", resetPath(bob)), 200, "")
	u, _ := o.User(bob)
	i := slices.IndexFunc(u.Factors, func(f standin.Factor) bool { return f.Type == "sms" })
	if i < 0 {
		t.Fatalf("the sms is gone: %+v", u.Factors)
	}
	want(t, call(t, o, "POST", "/api/v1/users/"+bob+"/factors/"+u.Factors[i].ID+"/verify"), 200, "")
	if a := call(t, o, "GET", "/api/v1/logs?q=SMS_FACTOR"); !strings.Contains(a.body, "User reset SMS_FACTOR factor") {
		t.Errorf("no event of the factor that stays: %s", a.body)
	}
}

// A change may land long after the client has given up.
func TestChangesThatComeLate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o := orgOfBob(standin.Config{})
		u, _ := o.User(bob)
		script(t, o, "drop_late:delay=75s")
		tests := []struct {
			method, path, body string
			done               func(standin.Deeds) int
		}{
			{"DELETE", "/factors/" + u.Factors[3].ID, "", func(d standin.Deeds) int { return d.Unenrolls }},
			{"POST", "/lifecycle/reset_factors", "", func(d standin.Deeds) int { return d.Resets }},
			{"DELETE", "/sessions", "", func(d standin.Deeds) int { return d.SessionsCleared }},
			{"POST", "/factors?updatePhone=true", `{"factorType":"sms","provider":"OKTA","profile":{"phoneNumber":"+15550001111"}}`, func(d standin.Deeds) int { return d.Enrolls }},
		}
		for _, tt := range tests {
			req, _ := http.NewRequestWithContext(t.Context(), tt.method, orgURL+"/api/v1/users/"+bob+tt.path, strings.NewReader(tt.body))
			req.Header.Set("Authorization", "SSWS "+o.Token())
			if _, err := roundTrip(o, req); err == nil {
				t.Errorf("%s %s: it was answered", tt.method, tt.path)
			}
			pause(74 * time.Second)
			if n := tt.done(o.Did(bob)); n != 0 {
				t.Errorf("%s %s: done before its time", tt.method, tt.path)
			}
			pause(2 * time.Second)
			if n := tt.done(o.Did(bob)); n != 1 {
				t.Errorf("%s %s: done %d times after its time", tt.method, tt.path, n)
			}
		}
	})
}

// A wrong Date leaves what else tells the time alone, whoever answers.
func TestWrongDate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o := orgOfBob(standin.Config{ClockSkew: -time.Minute})
		now := time.Now().Add(-time.Minute)
		script(t, o, "date:offset=-2h", "page:list_roles", "401:me")
		check := func(a answer, offset time.Duration) {
			t.Helper()
			date, err := http.ParseTime(a.header.Get("Date"))
			if err != nil || date.Sub(now.Add(offset)).Abs() > time.Second {
				t.Errorf("Date is %s, want %s", date, now.Add(offset))
			}
		}
		check(call(t, o, "POST", resetPath(bob)), -2*time.Hour)
		check(call(t, o, "GET", "/api/v1/users/me"), -2*time.Hour)
		check(call(t, o, "GET", "/api/v1/nowhere"), -2*time.Hour)
		if a := call(t, o, "GET", "/api/v1/users/"+bob+"/roles"); a.status != 403 || !strings.Contains(a.body, "<html>") {
			t.Errorf("a page with a wrong Date: %d %s", a.status, a.body)
		}
		a := call(t, o, "GET", "/api/v1/logs")
		reset, _ := strconv.ParseInt(a.header.Get("X-Rate-Limit-Reset"), 10, 64)
		if at := decode[[]event](t, a)[0].Published; time.Unix(reset, 0).Before(now) || at.Sub(now).Abs() > time.Second {
			t.Errorf("reset %s, published %s; the clock is at %s", time.Unix(reset, 0), at, now)
		}
		o.Clear()
		script(t, o, "date:logs")
		check(call(t, o, "GET", "/api/v1/logs"), time.Hour)
		check(call(t, o, "GET", "/api/v1/users/me"), 0)
	})
}

// A list without an end gives an empty page each time and another cursor; when that is over, the
// list goes on where it was.
func TestPagesWithoutEnd(t *testing.T) {
	t.Parallel()
	for _, path := range []string{
		"/api/v1/logs?sortOrder=DESCENDING&until=2100-01-01T00:00:00Z", "/api/v1/logs?limit=1", "/api/v1/users?limit=1",
		"/api/v1/groups?limit=1", "/api/v1/groups/%s/users?limit=1",
	} {
		o := standin.New(standin.Config{Users: 3})
		for u := range o.Users() {
			call(t, o, "POST", resetPath(u.ID))
		}
		groups := decode[[]struct{ ID string }](t, call(t, o, "GET", "/api/v1/groups"))
		if strings.Contains(path, "%s") {
			path = fmt.Sprintf(path, groups[0].ID)
		}
		whole := call(t, o, "GET", path)
		script(t, o, "no_end:times=50")
		seen, at := map[string]bool{}, path
		for range 50 {
			a := call(t, o, "GET", at)
			at = next(a)
			if a.body != "[]" || at == "" || seen[at] {
				t.Fatalf("%s: page %s, next %q, seen before: %v", path, a.body, at, seen[at])
			}
			seen[at] = true
		}
		if a := call(t, o, "GET", at); a.body != whole.body {
			t.Errorf("%s: goes on with %s, want %s", path, a.body, whole.body)
		}
		want(t, call(t, o, "GET", "/api/v1/users/"+bob), 404, "E0000007")
	}
	o := standin.New(standin.Config{})
	script(t, o, "no_end")
	if a := call(t, o, "GET", "/api/v1/iam/assignees/users"); !strings.Contains(a.body, `"value":[]`) || !strings.Contains(a.body, `"next"`) {
		t.Errorf("admins: %s", a.body)
	}
}

// One query of several can be struck.
func TestFaultOfAQuery(t *testing.T) {
	t.Parallel()
	o := orgOfBob(standin.Config{})
	script(t, o, `403:logs:query=eventType eq "user.mfa.factor.reset_all"`, "404:logs:query=limit=7")
	const filter = "/api/v1/logs?filter=eventType+eq+%22user.mfa.factor."
	want(t, call(t, o, "GET", filter+"reset_all%22"), 403, "E0000006")
	want(t, call(t, o, "GET", filter+"deactivate%22"), 200, "")
	want(t, call(t, o, "GET", "/api/v1/logs?limit=7"), 404, "E0000008")
	want(t, call(t, o, "GET", "/api/v1/logs"), 200, "")
	quiet(t, o)
}

func TestLogLagChanges(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o := orgOfBob(standin.Config{})
		want(t, call(t, o, "POST", resetPath(bob)), 200, "")
		o.SetLogLag(time.Minute)
		if a := call(t, o, "GET", "/api/v1/logs"); a.body != "[]" {
			t.Errorf("at once: %s", a.body)
		}
		pause(time.Minute)
		if a := call(t, o, "GET", "/api/v1/logs"); a.body == "[]" {
			t.Error("a minute later: nothing")
		}
	})
}

// One user's limit is no bucket's: the headers go on counting the calls that are left.
func TestLimitOfOneUser(t *testing.T) {
	t.Parallel()
	o := orgOfBob(standin.Config{})
	o.AddIdentifiers(slices.Values([]string{"eve@example.com"}))
	script(t, o, "429_user:reset_factors:user="+bob)
	for range 3 {
		a := call(t, o, "POST", resetPath(bob))
		want(t, a, 429, "E0000047")
		if left, _ := strconv.Atoi(a.header.Get("X-Rate-Limit-Remaining")); left < 200 {
			t.Errorf("the bucket has %d calls left", left)
		}
		want(t, call(t, o, "POST", resetPath("eve@example.com")), 200, "")
	}
	if o.Did(bob).Resets != 0 {
		t.Error("reset all the same")
	}
}

func TestLinkSpellings(t *testing.T) {
	t.Parallel()
	const address = orgURL + "/api/v1/users?after=200udXNlcnM6MQ&limit=1"
	for fault, wanted := range map[string]string{
		"link_bare":    "<" + address + ">; rel=next",
		"link_upper":   "<" + address + `>; REL="Next"`,
		"link_order":   "<" + address + `>; type="application/json"; rel="next"`,
		"link_extra":   "<" + address + `>; title="a, b; rel=\"x\""; rel="next"`,
		"link_several": "<" + address + `>; rel="prefetch next"`,
		"link_broken":  "<" + address + `; rel="next"`,
		"link_joined":  "<" + orgURL + `/api/v1/users?limit=1>; rel="self", <` + address + `>; rel="next"`,
	} {
		o := standin.New(standin.Config{Users: 3})
		script(t, o, fault)
		lines := call(t, o, "GET", "/api/v1/users?limit=1").header.Values("Link")
		if n := map[bool]int{true: 1, false: 2}[fault == "link_joined"]; len(lines) != n || lines[n-1] != wanted {
			t.Errorf("%s: %q, want %q", fault, lines, wanted)
		}
		if a := call(t, o, "GET", "/api/v1/users/me"); len(a.header.Values("Link")) != 0 {
			t.Errorf("%s: a user has links %q", fault, a.header.Values("Link"))
		}
	}
	o := standin.New(standin.Config{Users: 3})
	script(t, o, "link_none")
	if a := call(t, o, "GET", "/api/v1/users?limit=1"); len(a.header.Values("Link")) != 0 || len(decode[[]any](t, a)) != 1 {
		t.Errorf("link_none: %q %s", a.header.Values("Link"), a.body)
	}
}

// The answer is whole and announces nothing, and the connection is no good for another.
func TestCloseAfterReply(t *testing.T) {
	t.Parallel()
	o := orgOfBob(standin.Config{})
	script(t, o, "close:delay=1s", "drop:clear_sessions", "endless:list_roles")
	server := httptest.NewServer(o)
	defer server.Close()
	var addresses []string
	client := &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
		addresses = append(addresses, address)
		return (&net.Dialer{}).DialContext(ctx, network, address)
	}}}
	ask := func(method, path string) (answer, error) {
		req, _ := http.NewRequestWithContext(t.Context(), method, server.URL+path, nil)
		req.Header.Set("Authorization", "SSWS "+o.Token())
		resp, err := client.Do(req)
		if err != nil {
			return answer{}, err
		}
		defer resp.Body.Close()
		if resp.Close {
			t.Errorf("%s %s: the close is announced", method, path)
		}
		b, err := io.ReadAll(io.LimitReader(resp.Body, 1<<16))
		return answer{resp.StatusCode, resp.Header, string(b)}, err
	}
	a, err := ask("POST", resetPath(bob))
	if err != nil || a.status != 200 || a.body != "{}" || a.header.Get("Connection") != "" || a.header.Get("X-Okta-Request-Id") == "" {
		t.Fatalf("first reply: %v %+v", err, a)
	}
	// Sent on the same connection before it closes, the second request is lost.
	if _, err := ask("POST", resetPath(bob)); err == nil {
		t.Error("a reused connection brought an answer")
	}
	if d := o.Did(bob); d.Resets != 1 || len(addresses) != 1 {
		t.Errorf("%d resets over %d connections", d.Resets, len(addresses))
	}
	if _, err := ask("DELETE", "/api/v1/users/"+bob+"/sessions"); err == nil {
		t.Error("a call that is dropped was answered")
	}
	if a, err := ask("GET", "/api/v1/users/"+bob+"/roles"); err != nil || len(a.body) != 1<<16 {
		t.Errorf("an endless body: %d bytes, %v", len(a.body), err)
	}
	quiet(t, o)

	in := orgOfBob(standin.Config{}) // in-process there is no connection to close
	script(t, in, "close")
	want(t, call(t, in, "POST", resetPath(bob)), 200, "")
	want(t, call(t, in, "POST", resetPath(bob)), 200, "")
}

func TestOrgID(t *testing.T) {
	t.Parallel()
	id := func(o *standin.Org, host string) string {
		req, _ := http.NewRequestWithContext(t.Context(), "GET", "https://"+host+"/.well-known/okta-organization", nil)
		a, err := roundTrip(o, req)
		if err != nil {
			t.Fatal(err)
		}
		return decode[struct{ ID string }](t, a).ID
	}
	one, two := standin.New(standin.Config{}), standin.New(standin.Config{Seed: 1})
	if a, b := id(one, "acme.okta.com"), id(one, "login.acme.com"); a != b || a != one.ID() || len(a) != 20 || a[:3] != "00o" {
		t.Errorf("one org: %q and %q", a, b)
	}
	if a, b := id(one, "acme.okta.com"), id(two, "acme.okta.com"); a == b {
		t.Errorf("two orgs: both are %q", a)
	}
	if a := id(standin.New(standin.Config{ID: "00oacme"}), "acme.okta.com"); a != "00oacme" {
		t.Errorf("an ID that was set: %q", a)
	}
	if a := call(t, one, "GET", "/api/v1/org"); !strings.Contains(a.body, one.ID()) {
		t.Errorf("the org's settings: %s", a.body)
	}
}
