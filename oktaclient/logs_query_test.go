package oktaclient_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"testing"
	"time"

	"oktareset/oktaclient"
	"oktareset/oktaclient/standin"
)

// One bounded query, whose pages end.
func TestListEvents(t *testing.T) {
	t.Parallel()
	since := time.Date(2026, 11, 22, 4, 0, 0, 0, time.FixedZone("CET", 3600))
	for _, tt := range []struct {
		name  string
		query oktaclient.LogQuery
		pages int // that there are
		most  int
		want  url.Values
		more  bool
	}{
		{
			"newest first",
			oktaclient.LogQuery{Types: []string{"a", "b"}, Since: since, Until: since.Add(time.Hour), NewestFirst: true},
			3, 0,
			url.Values{"until": {"2026-11-22T04:00:00.000Z"}, "sortOrder": {"DESCENDING"}, "filter": {`eventType eq "a" or eventType eq "b"`}},
			false,
		},
		{
			"of some people",
			oktaclient.LogQuery{Types: []string{"a"}, Since: since, Targets: []string{"t1"}, Actors: []string{"t1", "a2"}},
			3, 3,
			url.Values{"filter": {`(eventType eq "a") and (target.id eq "t1" or actor.id eq "t1" or actor.id eq "a2")`}},
			false,
		},
		{"too many", oktaclient.LogQuery{Types: []string{"a"}, Since: since}, 3, 2, url.Values{"filter": {`eventType eq "a"`}}, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var asked []*http.Request
			c := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				asked = append(asked, r)
				w.Header().Set("X-Okta-Request-Id", "req")
				if len(asked) < tt.pages {
					w.Header().Set("Link", fmt.Sprintf(`<http://%s/api/v1/logs?after=%d>; rel="next"`, r.Host, len(asked)))
				}
				_, _ = fmt.Fprintf(w, `[{"uuid":"e%d","client":{"ipAddress":"192.0.2.1","geographicalContext":{"city":"Utrecht","country":"Netherlands"}}}]`, len(asked))
			}), oktaclient.Options{})
			var got []string
			var end error
			for events, err := range c.ListEvents(t.Context(), tt.query, tt.most) {
				for _, e := range events {
					got = append(got, e.UUID+" "+e.Client.IP+" "+e.Client.Place.City+" "+e.Client.Place.Country)
				}
				end = err
			}
			n := tt.pages
			if tt.most > 0 {
				n = min(n, tt.most)
			}
			if len(got) != n || len(asked) != n || got[n-1] != fmt.Sprintf("e%d 192.0.2.1 Utrecht Netherlands", n) || errors.Is(end, oktaclient.ErrMorePages) != tt.more || !tt.more && end != nil {
				t.Errorf("%q in %d requests, %v", got, len(asked), end)
			}
			tt.want.Set("since", "2026-11-22T03:00:00.000Z")
			tt.want.Set("limit", "1000")
			if q := asked[0].URL.Query(); q.Encode() != tt.want.Encode() {
				t.Errorf("asks for %v, want %v", q, tt.want)
			}
			if n > 1 && asked[1].URL.RequestURI() != "/api/v1/logs?after=1" {
				t.Errorf("went on with %s", asked[1].URL)
			}
		})
	}
}

// A link to another org is an error.
func TestListEventsElsewhere(t *testing.T) {
	t.Parallel()
	c := serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Okta-Request-Id", "req")
		w.Header().Set("Link", `<https://evil.example.com/api/v1/logs?after=1>; rel="next"`)
		_, _ = io.WriteString(w, "[]")
	}), oktaclient.Options{})
	var end error
	for _, err := range c.ListEvents(t.Context(), oktaclient.LogQuery{Since: time.Now(), Until: time.Now()}, 9) {
		end = err
	}
	if !errors.Is(end, oktaclient.ErrPages) {
		t.Errorf("%v, want %v", end, oktaclient.ErrPages)
	}
}

// BenchmarkListEvents shows what a page of the log costs: the time of after and audit goes there.
func BenchmarkListEvents(b *testing.B) {
	org := standin.New(standin.Config{Unlimited: true})
	for i := range oktaclient.LogPage {
		u := org.Add(standin.User{Login: fmt.Sprintf("user%d@example.com", i), Factors: []standin.Factor{{Type: "sms", Provider: "OKTA"}}})
		org.ResetBy("okta.admin@example.com", u.ID)
	}
	url, err := oktaclient.ParseOrgURL("https://acme.okta.com")
	if err != nil {
		b.Fatal(err)
	}
	var page []byte // as the stand-in has it, which has no part in the time
	c := oktaclient.New(url, oktaclient.Options{Token: oktaclient.Token(org.Token()), Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
		if page == nil {
			rep, err := org.Transport().RoundTrip(r)
			if err == nil {
				page, err = io.ReadAll(rep.Body)
			}
			if err != nil {
				return nil, err
			}
		}
		rep := &http.Response{StatusCode: 200, Header: http.Header{"X-Okta-Request-Id": {"req"}}, Body: io.NopCloser(bytes.NewReader(page)), Request: r}
		return rep, nil
	})})
	q := oktaclient.LogQuery{Types: oktaclient.FactorsTaken, Since: time.Now().Add(-time.Hour), Until: time.Now().Add(time.Minute)}
	b.ReportAllocs()
	for b.Loop() {
		n := 0
		for events, err := range c.ListEvents(b.Context(), q, 0) {
			if err != nil {
				b.Fatal(err)
			}
			n += len(events)
		}
		if n != oktaclient.LogPage {
			b.Fatalf("%d events", n)
		}
	}
	b.SetBytes(int64(len(page)))
}
