package standin_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"oktareset/oktaclient/standin"
)

func TestFaults(t *testing.T) {
	tests := []struct {
		fault   string
		status  int // 0 when there is no answer
		code    string
		resets  int  // at once
		ids     bool // an x-okta-request-id
		limits  bool // rate-limit headers
		anyText string
	}{
		{fault: "drop"},
		{fault: "drop_before"},
		{fault: "drop_after", resets: 1},
		{fault: "drop_late:delay=5s"},
		{fault: "refuse"},
		{fault: "hang"},
		{fault: "hang_after", resets: 1},
		{fault: "slow:delay=1s", status: 200, resets: 1, ids: true, limits: true},
		{fault: "slow:delay=1m", resets: 1}, // the client gives up first; the server carries on
		{fault: "500", status: 500, code: "E0000009", ids: true, limits: true},
		{fault: "500_after", status: 500, code: "E0000009", resets: 1, ids: true, limits: true},
		{fault: "502", status: 502, anyText: "<html>"},
		{fault: "503_after", status: 503, resets: 1},
		{fault: "504_after", status: 504, resets: 1},
		{fault: "504_late:delay=5s", status: 504},
		{fault: "garbage", status: 200, resets: 1, ids: true, limits: true, anyText: `{"id":"00u`},
		{fault: "portal", status: 200, anyText: "accept the terms"},
		{fault: "redirect", status: 307, ids: true, limits: true},
		{fault: "readonly", status: 503, code: "E0000010", ids: true, limits: true},
		{fault: "409", status: 409, code: "E0000112", ids: true, limits: true},
		{fault: "423", status: 423, code: "E0000239", ids: true, limits: true},
		{fault: "429_bare", status: 429, code: "E0000047", ids: true},
		{fault: "429_past", status: 429, code: "E0000047", ids: true, limits: true},
		{fault: "429_concurrency", status: 429, code: "E0000047", ids: true, limits: true},
		{fault: "429_sms", status: 429, code: "E0000204", ids: true, limits: true},
		{fault: "401", status: 401, code: "E0000011", ids: true, limits: true},
		{fault: "401_auth", status: 401, code: "E0000004", ids: true, limits: true},
		{fault: "403", status: 403, code: "E0000006", ids: true, limits: true},
		{fault: "403_session", status: 403, code: "E0000005", ids: true, limits: true},
		{fault: "403_scope", status: 403, ids: true, limits: true},
		{fault: "403_status", status: 403, code: "E0000038", ids: true, limits: true},
		{fault: "404", status: 404, code: "E0000008", ids: true, limits: true},
		{fault: "429_user", status: 429, code: "E0000047", ids: true, limits: true},
		{fault: "page", status: 403, anyText: "<h1>Blocked"},
		{fault: "page:code=200", status: 200, anyText: "<h1>Blocked"},
		{fault: "page_after:code=404", status: 404, resets: 1, anyText: "policy"},
		{fault: "page_after:code=204", status: 204, resets: 1},
		{fault: "page_late:code=429:delay=5s", status: 429, anyText: "<html>"},
		{fault: "page_headers:code=401", status: 401, ids: true, limits: true, anyText: "<html>"},
		{fault: "page_headers_after:code=400", status: 400, resets: 1, ids: true, limits: true, anyText: "<html>"},
		{fault: "page_headers_late:code=599:delay=5s", status: 599, ids: true, limits: true, anyText: "<html>"},
		{fault: "strip", status: 200, resets: 1, limits: true, anyText: "{}"},
		{fault: "date", status: 200, resets: 1, ids: true, limits: true, anyText: "{}"},
		{fault: "outage:for=30s"},
		{fault: "outage_after:for=30s", resets: 1},
		{fault: "outage_closed:for=30s"},
		{fault: "outage_closed_after:for=30s", resets: 1},
		{fault: "outage_refused:for=30s"},
		{fault: "404_user", status: 404, code: "E0000007", ids: true, limits: true},
	}
	for _, tt := range tests {
		t.Run(tt.fault, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				o := standin.New(standin.Config{})
				o.Add(standin.User{ID: bob, Login: "bob@example.com"})
				f, err := standin.ParseFault(tt.fault)
				if err != nil {
					t.Fatal(err)
				}
				f.Times = 1
				o.Script(f)
				ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
				defer cancel()
				a, err := send(ctx, o, "POST", resetPath(bob))
				if (err == nil) != (tt.status != 0) || a.status != tt.status || a.code() != tt.code {
					t.Errorf("reset = %d %s, %v; want %d %s", a.status, a.code(), err, tt.status, tt.code)
				}
				if !strings.Contains(a.body, tt.anyText) {
					t.Errorf("body %q, want %q in it", a.body, tt.anyText)
				}
				if got := a.header.Get("X-Okta-Request-Id") != ""; got != tt.ids {
					t.Errorf("request ID: %v, want %v", got, tt.ids)
				}
				if got := a.header.Get("X-Rate-Limit-Limit") != ""; got != tt.limits {
					t.Errorf("rate-limit headers: %v, want %v", got, tt.limits)
				}
				if got := o.Did(bob).Resets; got != tt.resets {
					t.Errorf("resets = %d, want %d", got, tt.resets)
				}
				late := tt.resets
				if f.When == standin.Late {
					late = 1
				}
				pause(time.Minute)
				if got := o.Did(bob).Resets; got != late {
					t.Errorf("resets a minute later = %d, want %d", got, late)
				}
				want(t, call(t, o, "POST", resetPath(bob)), 200, "") // once is once
				quiet(t, o)
			})
		})
	}
}

func TestEndless(t *testing.T) {
	t.Parallel()
	o := standin.New(standin.Config{})
	o.Script(standin.Fault{Kind: standin.Endless})
	req, _ := http.NewRequestWithContext(t.Context(), "GET", orgURL+"/api/v1/users/me", nil)
	req.Header.Set("Authorization", "SSWS "+o.Token())
	resp, err := o.Transport().RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	n, err := io.CopyN(io.Discard, resp.Body, 10<<20)
	if n != 10<<20 || err != nil {
		t.Errorf("read %d, %v; want 10 MiB", n, err)
	}
	_ = resp.Body.Close()
	if _, err := resp.Body.Read(make([]byte, 1)); !errors.Is(err, http.ErrBodyReadAfterClose) {
		t.Errorf("read after Close = %v", err)
	}
}

func TestFaultChoosesCalls(t *testing.T) {
	t.Parallel()
	other := "00u00000000000000eve"
	tests := []struct {
		fault string
		want  string // of ten resets of bob, then two of eve, then a GET: x where it struck
	}{
		{"403", "xxxxxxxxxxxxx"},
		{"403:reset_factors", "xxxxxxxxxxxx."},
		{"403:all:user=" + bob, "xxxxxxxxxx..x"},
		{"403:reset_factors:user=bob@example.com", "xxxxxxxxxx..."},
		{"403:get_user", "............x"},
		{"401:reset_factors:skip=7", ".......xxxxx."},
		{"403:reset_factors:times=3", "xxx.........."},
		{"403:reset_factors:every=4", "...x...x...x."},
		{"403:reset_factors:skip=2:every=4:times=2", ".....x...x..."},
		{"403:p=1e-12", "............."},
	}
	for _, tt := range tests {
		o := standin.New(standin.Config{})
		o.Add(standin.User{ID: bob, Login: "bob@example.com"})
		o.Add(standin.User{ID: other, Login: "eve@example.com"})
		f, err := standin.ParseFault(tt.fault)
		if err != nil {
			t.Fatal(err)
		}
		o.Script(f)
		got := ""
		step := func(a answer) {
			if a.status == 200 {
				got += "."
			} else {
				got += "x"
			}
		}
		for range 10 {
			step(call(t, o, "POST", resetPath(bob)))
		}
		for range 2 {
			step(call(t, o, "POST", resetPath(other)))
		}
		step(call(t, o, "GET", "/api/v1/users/"+bob))
		if got != tt.want {
			t.Errorf("%s struck %s, want %s", tt.fault, got, tt.want)
		}
		if unused := len(o.Unused()) == 1; unused != !strings.Contains(got, "x") {
			t.Errorf("%s: unused = %v", tt.fault, unused)
		}
	}
}

func TestFaultMatchAndProbability(t *testing.T) {
	t.Parallel()
	o := standin.New(standin.Config{Users: 40, Unlimited: true})
	o.Script(standin.Fault{Kind: standin.Forbidden, Match: func(u standin.User) bool { return len(u.Roles) > 0 }})
	for u := range o.Users() {
		if a := call(t, o, "GET", "/api/v1/users/"+u.ID); (a.status == 403) != (len(u.Roles) > 0) {
			t.Errorf("GET of %v = %d", u.Roles, a.status)
		}
	}
	want(t, call(t, o, "GET", "/api/v1/users"), 200, "") // names no user
	o.Clear()
	o.Script(standin.Fault{Kind: standin.ReadOnly, Probability: 0.25})
	struck := 0
	for range 1000 {
		if call(t, o, "GET", "/api/v1/org").status != 200 {
			struck++
		}
	}
	if struck < 180 || struck > 320 {
		t.Errorf("p=0.25 struck %d of 1000", struck)
	}
}

func TestParseFault(t *testing.T) {
	t.Parallel()
	for _, s := range []string{
		"drop_after:reset_factors:p=0.01", "401:reset_factors:skip=100", "504_late:delay=1m30s", "403:user=" + bob, "slow:delay=2s",
		"429_bare:logs:times=2:every=3", "403_scope", "hang_after", "page_after:reset_factors:code=404", "page_headers:code=599",
		"date:logs:offset=-1h0m0s", "no_end:logs:query=reset_all", "no_end", "link_extra", "close:delay=5ms", "outage:from=30s:for=20s",
		"outage_closed_after:from=1m0s", "drop_after:reset_factors:part=1", "drop:from=1s:for=2s", "slow:delay=1s:part=2",
	} {
		f, err := standin.ParseFault(s)
		if err != nil || f.String() != s {
			t.Errorf("ParseFault(%q) = %v, %v", s, f, err)
		}
	}
	for s, hint := range map[string]string{
		"": "the kinds are", "crash": "the kinds are", "403_late": "can't come late", "refuse_after": "can't come after",
		"drop:frobnicate": "the operations are activate, catalog, clear_sessions", "drop:me:p=2": "from 0 to 1", "drop:me:p=0": "never", "drop:me:p=NaN": "from 0 to 1", "drop:me:skip=x": "not a number",
		"drop:me:skip=-1": "below 0", "drop:me:colour=red": "none of", "drop:me:logs": "key=value", "drop:delay=5": "not a number",
		"page:code=199": "200 to 599", "page:code=600": "200 to 599", "500:code=500": "only page", "drop:offset=1h": "only date",
		"no_end:get_user": "no list", "drop:part=1": "no part of it", "drop_after:enroll:part=1": "part is of", "date_after": "can't come after",
		"date:part=1": "leaves what is done alone", "outage_late": "can't come late", "drop:from=-1s": "below 0", "drop_after:part=-1": "below 0",
	} {
		if f, err := standin.ParseFault(s); err == nil || !strings.Contains(err.Error(), hint) {
			t.Errorf("ParseFault(%q) = %v, %v; want an error with %q", s, f, err, hint)
		}
	}
}

func FuzzParseFault(f *testing.F) {
	f.Add("drop_after:reset_factors:p=0.01")
	f.Add("slow:user=00u:skip=1:times=2:every=3:delay=1ms")
	f.Fuzz(func(t *testing.T, s string) {
		fault, err := standin.ParseFault(s)
		if err != nil {
			return
		}
		again, err := standin.ParseFault(fault.String())
		if err != nil || again.String() != fault.String() {
			t.Errorf("ParseFault(%q).String() = %q, which is read as %v, %v", s, fault, again, err)
		}
	})
}

func TestTransportAsRealOnes(t *testing.T) {
	t.Parallel()
	o := standin.New(standin.Config{})
	o.Script(standin.Fault{Kind: standin.Refuse, Times: 1}, standin.Fault{Kind: standin.Drop, Times: 1})
	var got int
	ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { got++ }})

	_, err := send(ctx, o, "GET", "/api/v1/users/me")
	var op *net.OpError
	if !errors.As(err, &op) || op.Op != "dial" || got != 0 || o.Stats().Requests != 0 {
		t.Errorf("refused: %v, GotConn %d times, %d requests", err, got, o.Stats().Requests)
	}
	if _, err = send(ctx, o, "GET", "/api/v1/users/me"); !errors.Is(err, io.ErrUnexpectedEOF) || got != 1 {
		t.Errorf("dropped: %v, GotConn %d times", err, got)
	}
	gone, cancel := context.WithCancelCause(ctx)
	cancel(errors.New("no more"))
	if _, err = send(gone, o, "GET", "/api/v1/users/me"); err == nil || err.Error() != "no more" || got != 1 {
		t.Errorf("cancelled: %v, GotConn %d times", err, got)
	}
	client := &http.Client{Transport: o.Transport(), Timeout: time.Millisecond}
	o.Script(standin.Fault{Kind: standin.Hang})
	req, _ := http.NewRequestWithContext(t.Context(), "GET", orgURL+"/api/v1/users/me", nil)
	req.Header.Set("Authorization", "SSWS "+o.Token())
	resp, err := client.Do(req)
	var timeout net.Error
	if err == nil {
		_ = resp.Body.Close()
	}
	if !errors.As(err, &timeout) || !timeout.Timeout() {
		t.Errorf("client timeout: %v", err)
	}
	quiet(t, o)
}

func TestFollowingARedirectIsASurprise(t *testing.T) {
	t.Parallel()
	o := standin.New(standin.Config{})
	o.Script(standin.Fault{Kind: standin.Redirect})
	req, _ := http.NewRequestWithContext(t.Context(), "GET", orgURL+"/api/v1/users/me", nil)
	req.Header.Set("Authorization", "SSWS "+o.Token())
	req.Header.Set("Cookie", "JSESSIONID=1")
	for range 2 {
		resp, err := (&http.Client{Transport: o.Transport()}).Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
	}
	if s := o.Stats().Surprises; len(s) != 2 || !strings.Contains(s[0], "cookie") || !strings.Contains(s[1], "redirected") {
		t.Errorf("surprises %q, want the cookie and the redirect", s)
	}
}
