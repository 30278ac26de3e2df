package oktaclient_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"oktareset/oktaclient"
	"oktareset/oktaclient/standin"
)

// The log gets one bounded query, for everybody or for some.
func TestLogQueries(t *testing.T) {
	t.Parallel()
	since := time.Date(2026, 11, 22, 4, 0, 0, 0, time.FixedZone("CET", 3600))
	both := `eventType eq "user.mfa.factor.reset_all" or eventType eq "user.mfa.factor.deactivate"`
	for _, tt := range []struct {
		ids    []string
		filter string
	}{
		{nil, both},
		{[]string{someID, "00u2"}, `(` + both + `) and (target.id eq "` + someID + `" or target.id eq "00u2")`},
	} {
		c := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			q := r.URL.Query()
			if q.Get("since") != "2026-11-22T03:00:00.000Z" || q.Get("until") != "2026-11-22T03:01:00.000Z" || q.Get("limit") != "1000" ||
				q.Get("filter") != tt.filter || r.URL.Path != "/api/v1/logs" {
				t.Errorf("asked for %s", r.URL)
			}
			w.Header().Set("X-Okta-Request-Id", "req")
			_, _ = io.WriteString(w, "[]")
		}), oktaclient.Options{})
		for _, err := range c.ListFactorEvents(t.Context(), tt.ids, since, since.Add(time.Minute)) {
			t.Error(err)
		}
	}
}

// A polling query has no end: an empty page continues too.
func TestReadLog(t *testing.T) {
	t.Parallel()
	const page = `[{"uuid":"e1","eventType":"user.mfa.factor.deactivate","displayMessage":"m","version":"0",` +
		`"target":[{"id":"0oa1","type":"AppInstance"},{"id":"00u1","type":"User"}],` +
		`"outcome":{"result":"SUCCESS","reason":"User reset SMS_FACTOR factor"},"unknown":{"a":1}}]`
	var asked []string
	c := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.URL.RequestURI())
		w.Header().Set("X-Okta-Request-Id", "req")
		w.Header().Set("Link", fmt.Sprintf(`<http://%s/api/v1/logs?after=p%%2B%d%%3D>; rel="next"`, r.Host, len(asked)))
		if len(asked) == 1 {
			_, _ = io.WriteString(w, page)
			return
		}
		_, _ = io.WriteString(w, "[]")
	}), oktaclient.Options{})
	cursor := oktaclient.FollowFactorEvents(time.Date(2026, 11, 22, 4, 0, 0, 0, time.UTC))
	if strings.Contains(string(cursor), "until") || !strings.Contains(string(cursor), "sortOrder=ASCENDING") {
		t.Errorf("cursor %q is no polling query", cursor)
	}
	want := []string{string(cursor), "/api/v1/logs?after=p%2B1%3D", "/api/v1/logs?after=p%2B2%3D"}
	for n := range want {
		events, next, err := c.ReadLog(t.Context(), cursor)
		if err != nil {
			t.Fatal(err)
		}
		if n == 0 {
			e := events[0]
			if e.UUID != "e1" || e.User().ID != "00u1" || e.Factor() != "SMS_FACTOR" || e.Message != "m" || string(e.Raw) != page[1:len(page)-1] {
				t.Errorf("event %+v", e)
			}
		} else if len(events) > 0 {
			t.Errorf("events %+v", events)
		}
		cursor = next
	}
	if diff := cmp.Diff(want, asked); diff != "" {
		t.Errorf("asked for (-want +got):\n%s", diff)
	}
}

// The token goes nowhere else, wherever a cursor or a link leads.
func TestLogCursors(t *testing.T) {
	t.Parallel()
	for _, s := range []string{
		"", "/api/v1/users?after=1", "http://evil.example/api/v1/logs?after=1", "//evil.example/api/v1/logs?", "/api/v1/logs", "/api/v1/logs/../users?",
		"/api/v1/logs?a b", "/api/v1/logs?a\r\nX: y", "/api/v1/logs?a#b", "/api/v1/logs?é",
	} {
		if c, err := oktaclient.ParseLogCursor(s); err == nil {
			t.Errorf("ParseLogCursor(%q) = %q, want an error", s, c)
		}
	}
	for name, link := range map[string]string{
		"none": "", "another host": `<https://evil.example/api/v1/logs?after=1>; rel="next"`, "another path": `<http://HOST/api/v1/users?after=1>; rel="next"`,
	} {
		c := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("X-Okta-Request-Id", "req")
			w.Header().Set("Link", strings.ReplaceAll(link, "HOST", r.Host))
			_, _ = io.WriteString(w, "[]")
		}), oktaclient.Options{})
		if _, next, err := c.ReadLog(t.Context(), oktaclient.FollowFactorEvents(time.Now())); err == nil {
			t.Errorf("%s: next is %q, want an error", name, next)
		}
		_, _, err := c.ReadLog(t.Context(), "/api/v1/users?x=1")
		if oktaclient.FateOf(err) != oktaclient.NotSent {
			t.Errorf("a cursor to another path: %v, want not sent", err)
		}
	}
}

func TestEventFacts(t *testing.T) {
	t.Parallel()
	e := oktaclient.LogEvent{EventType: oktaclient.EventDeactivate}
	for reason, want := range map[string]string{
		"User reset OKTA_VERIFY_PUSH factor": "OKTA_VERIFY_PUSH", "": "", "User reset factor": "", "User deleted SMS_FACTOR factor": "",
		"User reset  factor": "", "User set up SMS_FACTOR factor": "",
	} {
		if e.Outcome.Reason = reason; e.Factor() != want {
			t.Errorf("%q is of the factor %q, want %q", reason, e.Factor(), want)
		}
	}
	if e.Whole() || e.User().ID != "" || e.User().Login() != "" || oktaclient.TakesVerify("") {
		t.Errorf("an event of nobody: %+v", e)
	}
	for name, want := range map[string]string{"alice@example.com": "alice@example.com", "unknown": "", "Unknown": "", "": ""} {
		if got := (oktaclient.LogParty{AlternateID: name}).Login(); got != want {
			t.Errorf("%q is the login %q, want %q", name, got, want)
		}
	}
	e.DebugContext.DebugData = map[string]any{"requestUri": "/api/v1/users/00u1/lifecycle/reset_factors"}
	if !e.Whole() {
		t.Error("a deactivation by a reset isn't one of all factors")
	}
}

// The statistics include the times of the first and the last request.
func TestStatsOfTime(t *testing.T) {
	t.Parallel()
	virtually(t, "times", func(t *testing.T) {
		w := newWorld(t, 0, standin.Config{}, oktaclient.Options{})
		if s := w.client.Stats(); !s.First.IsZero() || !s.Last.IsZero() {
			t.Errorf("before the first request: %+v", s)
		}
		start := time.Now()
		for range 3 {
			if _, _, err := w.client.GetMe(t.Context()); err != nil {
				t.Error(errors.Join(err))
			}
			pass(time.Minute)
		}
		if s := w.client.Stats(); !s.First.Equal(start) || !s.Last.Equal(start.Add(2*time.Minute)) || s.Requests != 3 {
			t.Errorf("%+v, want 3 requests from %v to 2 minutes later", s, start)
		}
	})
}

// A look into the log reads what is published so far, follows pages, and ends whatever the log
// says.
func TestFindFactorEvents(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		pages string // for each page: an event, nothing, an error; the last one repeats for ever
		end   bool   // no page follows them
		found int
		asked int
		fails bool
	}{
		{"one page", "e", true, 1, 1, false},
		{"three pages, one of them empty", "e.e", true, 2, 3, false},
		{"empty pages without end", "e..", false, 1, 3, false},
		{"full pages without end", "e", false, 10, 10, true},
		{"an error behind a page", "e!", false, 1, 2, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			asked := 0
			c := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if until, err := time.Parse(time.RFC3339, r.URL.Query().Get("until")); asked == 0 && (err != nil || until.After(time.Now())) {
					t.Errorf("asked until %v, %v", until, err)
				}
				kind := tt.pages[min(asked, len(tt.pages)-1)]
				asked++
				w.Header().Set("X-Okta-Request-Id", "req")
				if !tt.end || asked < len(tt.pages) {
					w.Header().Set("Link", fmt.Sprintf(`<http://%s/api/v1/logs?after=%d>; rel="next"`, r.Host, asked))
				}
				switch kind {
				case 'e':
					_, _ = io.WriteString(w, `[{"uuid":"u"}]`)
				case '.':
					_, _ = io.WriteString(w, "[]")
				default:
					w.WriteHeader(http.StatusForbidden)
					_, _ = io.WriteString(w, `{"errorCode":"E0000006","errorId":"oae1"}`)
				}
			}), oktaclient.Options{})
			found, err := c.FindFactorEvents(t.Context(), []string{someID}, time.Now().Add(-time.Minute))
			if len(found) != tt.found || asked != tt.asked || (err != nil) != tt.fails {
				t.Errorf("%d events in %d pages, %v; want %d in %d, an error: %v", len(found), asked, err, tt.found, tt.asked, tt.fails)
			}
		})
	}
}
