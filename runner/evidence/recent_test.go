package evidence_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"oktareset/oktaclient"
	"oktareset/oktaclient/standin"
	"oktareset/runner"
	"oktareset/runner/evidence"
)

const (
	alice = "00u1234567890abcdefa"
	bob   = "00u1234567890abcdefb"
)

// logged is an event in a test's short form.
type logged struct {
	at                int // seconds
	kind, user, actor string
	agent, uri, login string
	failed, group     bool
}

var start = time.Date(2026, 1, 2, 3, 0, 0, 0, time.UTC)

func (l logged) event() map[string]any {
	kind := map[string]string{
		"all": "user.mfa.factor.reset_all", "one": "user.mfa.factor.deactivate", "new": "user.mfa.factor.activate", "changed": "user.mfa.factor.update",
	}[l.kind]
	target := map[string]any{"id": l.user, "type": "User", "alternateId": l.login}
	if l.group {
		target["type"] = "UserGroup"
	}
	result := "SUCCESS"
	if l.failed {
		result = "FAILURE"
	}
	return map[string]any{
		"uuid": fmt.Sprint(l), "published": start.Add(time.Duration(l.at) * time.Second).Format(time.RFC3339Nano), "eventType": kind,
		"actor":        map[string]any{"id": l.actor, "type": "User", "alternateId": l.actor + "@example.com"},
		"target":       []any{target},
		"outcome":      map[string]any{"result": result},
		"client":       map[string]any{"userAgent": map[string]any{"rawUserAgent": l.agent}},
		"debugContext": map[string]any{"debugData": map[string]any{"requestUri": l.uri}},
	}
}

// clientOf returns a client of an org whose log is these pages, the newest event first.
func clientOf(t *testing.T, pages ...[]logged) *oktaclient.Client {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var page int
		_, _ = fmt.Sscan(r.URL.Query().Get("after"), &page)
		events := []any{}
		for _, l := range pages[page] {
			events = append(events, l.event())
		}
		if page+1 < len(pages) {
			w.Header().Set("Link", fmt.Sprintf(`<http://%s/api/v1/logs?after=%d>; rel="next"`, r.Host, page+1))
		}
		w.Header().Set("X-Okta-Request-Id", "req")
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(events)
	}))
	t.Cleanup(server.Close)
	url, err := oktaclient.ParseOrgURL(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	return oktaclient.New(url, oktaclient.Options{Token: "00token", Transport: server.Client().Transport})
}

func read(t *testing.T, c *oktaclient.Client, own func(evidence.Source) bool) *evidence.Recent {
	t.Helper()
	r, err := evidence.ReadRecent(t.Context(), c, evidence.Query{Since: start, Until: start.Add(time.Hour), Own: own, Pages: 20, For: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

const ourAgent = "oktareset/v1 run/20260102T030000Z-abcdef go"

func TestOf(t *testing.T) {
	t.Parallel()
	const reset = "/api/v1/users/x/lifecycle/reset_factors"
	tests := []struct {
		name     string
		events   []logged // newest first
		at       int      // of the reset; 0: none
		enrolled bool
	}{
		{name: "nothing"},
		{"an event of all factors", []logged{{at: 9, kind: "all"}}, 9, false},
		{"one factor by a reset's request", []logged{{at: 9, kind: "one", uri: reset}}, 9, false},
		{"one factor alone", []logged{{at: 9, kind: "one", uri: "/api/v1/users/x/factors/y"}}, 0, false},
		{"a failure", []logged{{at: 9, kind: "all", failed: true}}, 0, false},
		{"no user", []logged{{at: 9, kind: "all", group: true}}, 0, false},
		{"enrolled since", []logged{{at: 10, kind: "new"}, {at: 9, kind: "all"}}, 9, true},
		{"changed since", []logged{{at: 10, kind: "changed"}, {at: 9, kind: "all"}}, 9, true},
		{"enrolled in vain", []logged{{at: 10, kind: "new", failed: true}, {at: 9, kind: "all"}}, 9, false},
		{"enrolled before", []logged{{at: 9, kind: "all"}, {at: 8, kind: "new"}}, 9, false},
		{"enrolled in the same millisecond", []logged{{at: 9, kind: "all"}, {at: 9, kind: "new"}}, 9, true},
		{"enrolled between two resets", []logged{{at: 11, kind: "all"}, {at: 10, kind: "new"}, {at: 9, kind: "all"}}, 11, false},
		{"one factor lost since", []logged{{at: 10, kind: "one"}, {at: 9, kind: "all"}}, 9, false},
		{"enrolled by somebody else", []logged{{at: 10, kind: "new", user: bob}, {at: 9, kind: "all"}}, 9, false},
		{"enrolled by the run that reset", []logged{{at: 10, kind: "new", agent: ourAgent}, {at: 9, kind: "all", agent: ourAgent}}, 9, false},
		{"by its name, not its account", []logged{{at: 10, kind: "new", agent: ourAgent, actor: "eve"}, {at: 9, kind: "all", agent: ourAgent}}, 9, true},
		{"by it and by another", []logged{{at: 11, kind: "new"}, {at: 10, kind: "new", agent: ourAgent}, {at: 9, kind: "all", agent: ourAgent}}, 9, true},
		{"by who reset, in no run", []logged{{at: 10, kind: "new"}, {at: 9, kind: "all"}}, 9, true},
	}
	for _, tt := range tests {
		for i := range tt.events {
			l := &tt.events[i]
			if l.user == "" {
				l.user = alice
			}
			if l.actor == "" {
				l.actor = "admin"
			}
			l.login = map[string]string{alice: "Alice@example.com", bob: "bob@example.com"}[l.user]
		}
		r := read(t, clientOf(t, tt.events), nil)
		for _, name := range []string{alice, "alice@EXAMPLE.com"} {
			id, _ := runner.ParseIdentifier(name)
			got, ok := r.Of(id)
			if ok != (tt.at > 0) || ok && !got.At.Equal(start.Add(time.Duration(tt.at)*time.Second)) || got.Enrolled != tt.enrolled {
				t.Errorf("%s: %s = %+v, %v", tt.name, name, got, ok)
			}
		}
		if _, ok := r.Of(runner.Identifier{Kind: runner.KindID, Value: bob}); ok || r.Empty() != (tt.at == 0) || !r.Whole() {
			t.Errorf("%s: somebody else: %v, empty: %v, whole: %v", tt.name, ok, r.Empty(), r.Whole())
		}
	}
}

// Resets of the reader's own runs don't count, but only with their account.
func TestOwnRuns(t *testing.T) {
	t.Parallel()
	events := []logged{
		{at: 9, kind: "all", user: alice, actor: "admin", agent: ourAgent},
		{at: 8, kind: "all", user: bob, actor: "eve", agent: ourAgent},
		{at: 7, kind: "all", user: alice, actor: "help"},
	}
	r := read(t, clientOf(t, events), func(s evidence.Source) bool { return s.RunID == "20260102T030000Z-abcdef" && s.ActorID == "admin" })
	for user, want := range map[string]string{alice: "help@example.com", bob: "eve@example.com"} {
		if got, ok := r.Of(runner.Identifier{Kind: runner.KindID, Value: user}); !ok || got.By.Actor != want {
			t.Errorf("%s: %+v, %v; want by %s", user, got, ok, want)
		}
	}
}

// Two people had one login: its newest owner counts.
func TestLoginOfTwo(t *testing.T) {
	t.Parallel()
	r := read(t, clientOf(t, []logged{
		{at: 9, kind: "all", user: alice, login: "a@example.com"}, {at: 5, kind: "all", user: bob, login: "a@example.com"},
	}), nil)
	got, ok := r.Of(runner.Identifier{Kind: runner.KindLogin, Value: "a@example.com"})
	if !ok || !got.At.Equal(start.Add(9*time.Second)) {
		t.Errorf("%+v, %v", got, ok)
	}
}

// A reading that ends early isn't whole, and says how far it got.
func TestBounds(t *testing.T) {
	t.Parallel()
	event := func(at int) []logged { return []logged{{at: at, kind: "all", user: alice}} }
	tests := []struct {
		name    string
		pages   [][]logged
		most    int
		whole   bool
		reached int // seconds; -1: nothing is known
	}{
		{"one page", [][]logged{event(9)}, 2, true, 0},
		{"an empty log", [][]logged{nil}, 2, true, 0},
		{"as many as allowed", [][]logged{event(9), event(8)}, 2, true, 0},
		{"one too many", [][]logged{event(9), event(8), event(7)}, 2, false, 8},
		{"an empty page between", [][]logged{event(9), nil, event(8)}, 9, true, 0},
		{"empty pages at the end", [][]logged{event(9), nil, nil, nil}, 9, false, 9},
		{"empty pages", [][]logged{nil, nil, nil}, 9, false, -1},
	}
	for _, tt := range tests {
		r, err := evidence.ReadRecent(t.Context(), clientOf(t, tt.pages...), evidence.Query{Since: start, Until: start.Add(time.Hour), Pages: tt.most, For: time.Minute})
		if err != nil || r.Whole() != tt.whole {
			t.Errorf("%s: whole: %v, %v", tt.name, r.Whole(), err)
		}
		want := start.Add(time.Duration(tt.reached) * time.Second)
		if tt.reached < 0 {
			want = time.Time{}
		}
		if !r.Since().Equal(want) || tt.reached > 0 && (r.Reached(want) || !r.Reached(want.Add(time.Millisecond))) || tt.reached < 0 && r.Reached(start.Add(time.Hour)) {
			t.Errorf("%s: read back to %s, want %s", tt.name, r.Since(), want)
		}
	}
}

// If the next page is the same page again, that is an error, and the events read before it count.
func TestSamePageAgain(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Link", fmt.Sprintf(`<http://%s/api/v1/logs?after=1>; rel="next"`, r.Host))
		w.Header().Set("X-Okta-Request-Id", "req")
		_ = json.NewEncoder(w).Encode([]any{logged{at: 9, kind: "all", user: alice}.event()})
	}))
	defer server.Close()
	url, _ := oktaclient.ParseOrgURL(server.URL)
	c := oktaclient.New(url, oktaclient.Options{Token: "00token", Transport: server.Client().Transport})
	r, err := evidence.ReadRecent(t.Context(), c, evidence.Query{Since: start, Until: start.Add(time.Hour), Pages: 20, For: time.Minute})
	if err == nil || !strings.Contains(err.Error(), "the same page again") || r.Whole() || r.Empty() {
		t.Errorf("%v, whole: %v, empty: %v", err, r.Whole(), r.Empty())
	}
}

// A reading ends at its time limit, and with its context.
func TestReadingEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		org := standin.New(standin.Config{})
		org.Script(standin.Fault{Kind: standin.Hang, Op: standin.OpLogs})
		url, _ := oktaclient.ParseOrgURL("https://acme.okta.com")
		c := oktaclient.New(url, oktaclient.Options{Token: oktaclient.Token(org.Token()), Transport: org.Transport()})
		q := evidence.Query{Since: time.Now().Add(-time.Hour), Until: time.Now(), Pages: 20, For: 30 * time.Second}
		began := time.Now()
		r, err := evidence.ReadRecent(t.Context(), c, q)
		// The request under way at that time is waited for.
		if took := time.Since(began); err != nil || r.Whole() || !r.Since().IsZero() || took < 30*time.Second || took > 30*time.Second+oktaclient.DefaultTimeout {
			t.Errorf("by its time: %v after %s", err, time.Since(began))
		}
		enough := errors.New("enough")
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Second, enough)
		defer cancel()
		if _, err := evidence.ReadRecent(ctx, c, q); !errors.Is(err, enough) {
			t.Errorf("by its caller: %v", err)
		}
	})
}

func TestNobody(t *testing.T) {
	t.Parallel()
	var r *evidence.Recent
	if _, ok := r.Of(runner.Identifier{Kind: runner.KindID, Value: alice}); ok || !r.Empty() || r.Whole() || r.Reached(time.Now()) || !r.Since().IsZero() {
		t.Error("a log that wasn't read knows somebody")
	}
}

// BenchmarkMemory shows the cost of a user.
func BenchmarkMemory(b *testing.B) {
	const pages = 50
	for b.Loop() {
		org := standin.New(standin.Config{ResetEvents: standin.ResetAllOnly, Unlimited: true})
		for i := range pages * oktaclient.LogPage {
			u := org.Add(standin.User{Login: fmt.Sprintf("user%d@example.com", i)})
			org.ResetBy("okta.admin@example.com", u.ID)
		}
		url, _ := oktaclient.ParseOrgURL("https://acme.okta.com")
		c := oktaclient.New(url, oktaclient.Options{Token: oktaclient.Token(org.Token()), Transport: org.Transport()})
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		r, err := evidence.ReadRecent(b.Context(), c, evidence.Query{Since: time.Now().Add(-time.Hour), Until: time.Now().Add(time.Second), Pages: pages + 1, For: time.Hour})
		if err != nil || !r.Whole() {
			b.Fatal(err)
		}
		runtime.GC()
		runtime.ReadMemStats(&after)
		b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/(pages*oktaclient.LogPage), "bytes/user")
		runtime.KeepAlive(r)
		runtime.KeepAlive(org)
	}
}
