package standin_test

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"oktareset/oktaclient/standin"
)

type logEvent struct {
	UUID      string
	Published time.Time
	EventType string
	Outcome   struct{ Result, Reason string }
	Actor     struct{ ID string }
	Target    []struct{ ID, AlternateID, Type string }
	Client    struct {
		UserAgent struct{ RawUserAgent string }
	}
	Transaction  struct{ ID string }
	DebugContext struct {
		DebugData struct{ RequestID, RequestURI string }
	}
}

// events follows a query of the log to its end.
func events(t *testing.T, o *standin.Org, query url.Values) (list []logEvent, calls int) {
	t.Helper()
	path := "/api/v1/logs?" + query.Encode()
	for path != "" && calls < 200 {
		a := call(t, o, "GET", path)
		if a.status != 200 {
			t.Fatalf("GET %s = %d %s", path, a.status, a.body)
		}
		page := decode[[]logEvent](t, a)
		calls++
		list = append(list, page...)
		path = next(a)
		if len(page) == 0 {
			break
		}
	}
	return list, calls
}

func TestEventsOfAReset(t *testing.T) {
	both := []string{"user.mfa.factor.reset_all", "user.mfa.factor.deactivate OKTA_VERIFY_PUSH", "user.mfa.factor.deactivate SMS_FACTOR"}
	tests := []struct {
		engine standin.Engine
		events standin.Events
		want   []string
	}{
		{standin.Classic, standin.DefaultEvents, both[:1]},
		{standin.Identity, standin.DefaultEvents, both},
		{standin.Identity, standin.ResetAllOnly, both[:1]},
		{standin.Identity, standin.DeactivateOnly, both[1:]},
		{standin.Identity, standin.NoEvents, nil},
	}
	for _, tt := range tests {
		synctest.Test(t, func(t *testing.T) {
			o := standin.New(standin.Config{Engine: tt.engine, ResetEvents: tt.events, ClockSkew: time.Hour})
			o.Add(withFactors(bob, "push:OKTA", "sms:OKTA"))
			a := call(t, o, "POST", resetPath(bob))
			list, _ := events(t, o, url.Values{"until": {"2100-01-01T00:00:00Z"}})
			var got []string
			for _, e := range list {
				name := e.EventType
				if e.Outcome.Reason != "" {
					name += " " + strings.TrimSuffix(strings.TrimPrefix(e.Outcome.Reason, "User reset "), " factor")
				}
				got = append(got, name)
				id := a.header.Get("X-Okta-Request-Id")
				if e.Actor.ID != o.Owner().ID || e.Target[0].ID != bob || e.Transaction.ID != id || e.DebugContext.DebugData.RequestID != id ||
					e.Client.UserAgent.RawUserAgent != "test run/1" || e.Outcome.Result != "SUCCESS" ||
					!e.Published.Equal(time.Now().Add(time.Hour)) || e.DebugContext.DebugData.RequestURI != resetPath(bob) {
					t.Errorf("event %+v", e)
				}
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("%v %v (-want +got):\n%s", tt.engine, tt.events, diff)
			}
		})
	}
}

func TestLogLagAndLateChanges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := standin.New(standin.Config{LogLag: 10 * time.Second, Engine: standin.Classic})
		o.Add(standin.User{ID: bob, Login: "bob@example.com"})
		o.Script(standin.Fault{Kind: standin.GatewayTimeout, When: standin.Late, Delay: 5 * time.Second})
		start := time.Now()
		want(t, call(t, o, "POST", resetPath(bob)), 504, "")
		o.Clear()
		bounded := url.Values{"until": {"2100-01-01T00:00:00Z"}}
		pause(15*time.Second - time.Millisecond)
		if list, _ := events(t, o, bounded); len(list) != 0 {
			t.Errorf("events before the lag: %v", list)
		}
		pause(time.Millisecond)
		list, _ := events(t, o, bounded)
		if len(list) != 1 || !list[0].Published.Equal(start.Add(5*time.Second)) {
			t.Errorf("events after the lag: %v, want one published when the change landed", list)
		}
	})
}

func TestLogQuery(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := standin.New(standin.Config{Unlimited: true, ResetEvents: standin.ResetAllOnly})
		var ids, requests []string
		start := time.Now()
		for i := range 25 {
			id := fmt.Sprintf("00u000000000000000%02d", i)
			o.AddIdentifiers(slices.Values([]string{id}))
			a := call(t, o, "POST", resetPath(id))
			requests = append(requests, a.header.Get("X-Okta-Request-Id"))
			ids = append(ids, id)
			pause(time.Second)
		}
		call(t, o, "DELETE", "/api/v1/users/"+ids[3]+"/sessions")
		at := func(i int) string { return start.Add(time.Duration(i) * time.Second).UTC().Format(time.RFC3339) }
		tests := []struct {
			query url.Values
			want  []string
			calls int
		}{
			{url.Values{"since": {at(5)}, "until": {at(8)}}, ids[5:9], 1},
			{url.Values{"since": {at(5)}, "until": {at(8)}, "limit": {"2"}}, ids[5:9], 2},
			{url.Values{"since": {at(0)}, "until": {at(24)}, "limit": {"10"}}, ids, 3},
			{url.Values{"since": {at(23)}, "limit": {"1"}, "filter": {`eventType eq "user.mfa.factor.reset_all"`}}, ids[23:], 3}, // polling
			{url.Values{"until": {at(60)}, "filter": {`eventType eq "user.session.clear"`}}, ids[3:4], 1},
			{url.Values{"until": {at(60)}, "filter": {`target.id eq "` + ids[7] + `" and outcome.result eq "success"`}}, ids[7:8], 1},
			{url.Values{"until": {at(60)}, "filter": {`transaction.id eq "` + requests[9] + `"`}}, ids[9:10], 1},
			{url.Values{"until": {at(60)}, "filter": {
				`(eventType eq "user.mfa.factor.reset_all" or eventType eq "user.mfa.factor.deactivate") and ` +
					`(target.id eq "` + ids[3] + `" or target.id eq "` + ids[4] + `") and client.userAgent.rawUserAgent co "run/1"`,
			}}, ids[3:5], 1},
			{url.Values{"until": {at(60)}, "filter": {`actor.id eq "nobody"`}}, nil, 1},
			{url.Values{"until": {at(3)}, "sortOrder": {"DESCENDING"}, "limit": {"2"}}, []string{ids[3], ids[2], ids[1], ids[0]}, 2},
			{url.Values{"until": {at(3)}, "limit": {"0"}}, nil, 1},
			{url.Values{"until": {at(60)}, "q": {"CLEAR"}}, ids[3:4], 1},
			{url.Values{"until": {at(60)}, "q": {"reset_all " + ids[4]}}, ids[4:5], 1}, // both words
			{url.Values{"until": {at(60)}, "q": {"reset clear"}}, nil, 1},
		}
		for _, tt := range tests {
			list, calls := events(t, o, tt.query)
			var got []string
			for _, e := range list {
				got = append(got, e.Target[0].ID)
			}
			if !slices.Equal(got, tt.want) || calls != tt.calls {
				t.Errorf("%v = %v in %d calls, want %v in %d", tt.query, got, calls, tt.want, tt.calls)
			}
		}
		for query, code := range map[string]string{
			"since=yesterday": "E0000001", "limit=-1": "E0000001", "sortOrder=UP": "E0000001", "after=x": "E0000031",
			"filter=" + url.QueryEscape(`published gt "2020"`): "E0000031",
		} {
			want(t, call(t, o, "GET", "/api/v1/logs?"+query), 400, code)
		}
	})
}

// A page may end in the middle of one request's events, and polling goes on where it stopped.
func TestLogPagesWithinARequest(t *testing.T) {
	t.Parallel()
	for _, order := range []string{"ASCENDING", "DESCENDING"} {
		o := standin.New(standin.Config{})
		o.Add(withFactors(bob, "push:OKTA", "sms:OKTA", "webauthn:FIDO", "call:OKTA"))
		call(t, o, "POST", resetPath(bob))
		query := url.Values{"limit": {"2"}, "sortOrder": {order}, "until": {"2100-01-01T00:00:00Z"}}
		list, calls := events(t, o, query)
		seen := map[string]bool{}
		for _, e := range list {
			seen[e.UUID] = true
		}
		if len(list) != 5 || len(seen) != 5 || calls != 3 {
			t.Errorf("%s: %d events, %d different, in %d pages; want 5, 5, 3", order, len(list), len(seen), calls)
		}
	}
	o := standin.New(standin.Config{ResetEvents: standin.ResetAllOnly})
	o.Add(standin.User{ID: bob, Login: "bob@example.com"})
	a := call(t, o, "GET", "/api/v1/logs")
	call(t, o, "POST", resetPath(bob))
	for i, n := range []int{1, 0, 0} {
		if a = call(t, o, "GET", next(a)); len(decode[[]logEvent](t, a)) != n {
			t.Errorf("poll %d = %s, want %d events", i, a.body, n)
		}
	}
}

// Somebody else's reset bears their name and their browser, and none of the token.
func TestResetBySomebodyElse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := standin.New(standin.Config{ResetEvents: standin.ResetAllOnly})
		o.Add(withFactors(bob, "sms:OKTA"))
		help := o.Add(standin.User{Login: "help@example.com"})
		if o.ResetBy("nobody@example.com", bob) || o.ResetBy(help.ID, "nobody@example.com") {
			t.Error("somebody who doesn't exist took part in a reset")
		}
		want(t, call(t, o, "POST", "/sandbox/users/"+bob+"/reset?by=help@example.com"), 204, "")
		want(t, call(t, o, "POST", "/sandbox/users/"+bob+"/reset?by=nobody@example.com"), 404, "E0000007")
		want(t, call(t, o, "POST", "/sandbox/users/"+bob), 405, "E0000022")
		until := url.Values{"until": {"2100-01-01T00:00:00Z"}}
		list, _ := events(t, o, until)
		if len(list) != 1 || list[0].Actor.ID != help.ID || list[0].Target[0].ID != bob ||
			!strings.HasPrefix(list[0].Client.UserAgent.RawUserAgent, "Mozilla/") {
			t.Errorf("events %+v, want one by %s", list, help.ID)
		}
		until.Set("filter", `transaction.detail.requestApiTokenId eq "00Tstandintoken01x5d7"`)
		if list, _ := events(t, o, until); len(list) != 0 {
			t.Errorf("events by the token: %+v", list)
		}
		if o.Did(bob).Resets != 1 || o.Did(bob).ResetCalls != 0 {
			t.Errorf("deeds %+v, want a reset that is no call of the token's", o.Did(bob))
		}
	})
}
