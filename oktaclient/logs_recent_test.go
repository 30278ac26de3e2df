package oktaclient_test

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"oktareset/oktaclient"
)

// One bounded query, the newest event first, with a last page.
func TestReadEvents(t *testing.T) {
	t.Parallel()
	var asked []string
	c := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.URL.RequestURI())
		w.Header().Set("X-Okta-Request-Id", "req")
		if len(asked) < 3 {
			w.Header().Set("Link", fmt.Sprintf(`<http://%s/api/v1/logs?after=%d>; rel="next"`, r.Host, len(asked)))
		}
		_, _ = fmt.Fprintf(w, `[{"uuid":"e%d","eventType":"user.mfa.factor.activate"}]`, len(asked))
	}), oktaclient.Options{})
	since := time.Date(2026, 11, 22, 4, 0, 0, 0, time.FixedZone("CET", 3600))
	cursor := oktaclient.RecentFactorEvents(since, since.Add(time.Hour))
	u, err := url.Parse(string(cursor))
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	if q.Get("since") != "2026-11-22T03:00:00.000Z" || q.Get("until") != "2026-11-22T04:00:00.000Z" || q.Get("limit") != "1000" ||
		q.Get("sortOrder") != "DESCENDING" || q.Get("filter") != `eventType eq "user.mfa.factor.reset_all" or eventType eq "user.mfa.factor.deactivate"`+
		` or eventType eq "user.mfa.factor.activate" or eventType eq "user.mfa.factor.update"` {
		t.Errorf("asks for %s", cursor)
	}
	for n := 1; n <= 3; n++ {
		events, next, err := c.ReadEvents(t.Context(), cursor)
		if err != nil || len(events) != 1 || events[0].UUID != fmt.Sprintf("e%d", n) || !events[0].Enrolls() || (next == "") != (n == 3) {
			t.Fatalf("page %d: %+v, next %q, %v", n, events, next, err)
		}
		cursor = next
	}
	if want := "/api/v1/logs?after=1 /api/v1/logs?after=2"; strings.Join(asked[1:], " ") != want {
		t.Errorf("went on with %q, want %q", asked[1:], want)
	}
}

// No cursor leads anywhere else, and a link to another place is an error.
func TestReadEventsElsewhere(t *testing.T) {
	t.Parallel()
	var link string
	c := serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Okta-Request-Id", "req")
		w.Header().Set("Link", "<"+link+`>; rel="next"`)
		_, _ = io.WriteString(w, "[]")
	}), oktaclient.Options{})
	if _, _, err := c.ReadEvents(t.Context(), "/api/v1/users?x"); oktaclient.FateOf(err) != oktaclient.NotSent {
		t.Errorf("a cursor of users: %v", err)
	}
	for _, link = range []string{"https://evil.example.com/api/v1/logs?after=1", c.Org().String() + "/api/v1/users?after=1"} {
		if _, next, err := c.ReadEvents(t.Context(), oktaclient.RecentFactorEvents(time.Now(), time.Now())); err == nil || next != "" {
			t.Errorf("%s: next %q, %v", link, next, err)
		}
	}
}
