package oktaclient_test

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"oktareset/oktaclient"
	"oktareset/oktaclient/standin"
)

// logPages serves pages of log events, each with the Link headers that links returns for it.
func logPages(t *testing.T, pages []string, links func(host string, page int) []string) *oktaclient.Client {
	t.Helper()
	return serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n := 0
		if after := r.URL.Query().Get("after"); after != "" {
			_, _ = fmt.Sscanf(after, "p+%d=", &n)
		}
		w.Header().Set("X-Okta-Request-Id", "req")
		for _, l := range links(r.Host, n) {
			w.Header().Add("Link", l)
		}
		_, _ = io.WriteString(w, pages[n])
	}), oktaclient.Options{})
}

func eventIDs(t *testing.T, c *oktaclient.Client) ([]string, error) {
	t.Helper()
	var ids []string
	for e, err := range c.ListFactorEvents(t.Context(), []string{someID}, time.Now(), time.Now()) {
		if err != nil {
			return ids, err
		}
		ids = append(ids, e.UUID)
	}
	return ids, nil
}

var threePages = []string{`[{"uuid":"a"},{"uuid":"b"}]`, `[]`, `[{"uuid":"c"}]`}

// Cursors are opaque: the link is used exactly as it is, and an empty page may have a next one.
func TestPagesAreFollowed(t *testing.T) {
	t.Parallel()
	link := func(host string, n int, rel string) string {
		return fmt.Sprintf(`<http://%s/api/v1/logs?after=p%%2B%d%%3D&limit=1000>; rel="%s"`, host, n, rel)
	}
	for name, links := range map[string]func(host string, n int) []string{
		"separate lines": func(host string, n int) []string {
			if n == 2 {
				return []string{link(host, n, "self")}
			}
			return []string{link(host, n, "self"), link(host, n+1, "next")}
		},
		"one line": func(host string, n int) []string {
			if n == 2 {
				return nil
			}
			return []string{link(host, n+1, "next") + ", " + link(host, n, "self")}
		},
		"without quotes": func(host string, n int) []string {
			if n == 2 {
				return []string{strings.ReplaceAll(link(host, n, "self"), `"`, "")}
			}
			return []string{strings.ReplaceAll(link(host, n, "self")+","+link(host, n+1, "next"), `"`, "")}
		},
		"other parameters": func(host string, n int) []string {
			if n == 2 {
				return nil
			}
			return []string{strings.Replace(link(host, n+1, "Next"), "; rel=", `; title="<x>, \"; rel=self" ; REL = `, 1)}
		},
		"relative": func(_ string, n int) []string {
			if n == 2 {
				return nil
			}
			return []string{fmt.Sprintf(`<?after=p%%2B%d%%3D&limit=1000>; rel=next`, n+1)}
		},
	} {
		ids, err := eventIDs(t, logPages(t, threePages, links))
		if err != nil || !slices.Equal(ids, []string{"a", "b", "c"}) {
			t.Errorf("%s: %q, %v; want a, b, c", name, ids, err)
		}
	}
}

func TestPagesElsewhereAreRefused(t *testing.T) {
	t.Parallel()
	for want, next := range map[string]string{
		"another address": `<http://evil.example/api/v1/logs?after=p%2B1%3D>; rel="next"`,
		"the same page":   `<http://HOST/api/v1/logs?after=p%2B0%3D>; rel="next"`,
	} {
		c := logPages(t, threePages, func(host string, _ int) []string { return []string{strings.ReplaceAll(next, "HOST", host)} })
		if ids, err := eventIDs(t, c); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q, %v; want an error with %q", ids, err, want)
		}
	}
}

// A header that can't be understood isn't the end of a list.
func TestLinksThatNobodyUnderstands(t *testing.T) {
	t.Parallel()
	for _, bad := range []string{`<http://HOST/api/v1/logs?after=p%2B1%3D>; rel="next`, `http://HOST/api/v1/logs?after=p%2B1%3D; rel="next"`, `<http://HOST/`} {
		c := logPages(t, threePages, func(host string, _ int) []string { return []string{strings.ReplaceAll(bad, "HOST", host)} })
		if ids, err := eventIDs(t, c); !errors.Is(err, oktaclient.ErrPages) {
			t.Errorf("%s: %q, %v; want an error", bad, ids, err)
		}
		if _, _, err := c.ReadLog(t.Context(), "/api/v1/logs?limit=1000"); !errors.Is(err, oktaclient.ErrPages) {
			t.Errorf("%s: follow: %v; want an error", bad, err)
		}
	}
}

// linkless removes the Link headers from some replies with lists, by their number from 1 on.
type linkless struct {
	next http.RoundTripper
	lose func(n int) bool
	n    int
}

func (l *linkless) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := l.next.RoundTrip(r)
	if l.n++; err == nil && l.lose(l.n) {
		resp.Header.Del("Link")
	}
	return resp, err
}

// If earlier pages had a next link, a full page without one is the last only if asking for one
// item less shows that.
func TestFullPageWithoutNextOne(t *testing.T) {
	t.Parallel()
	only := func(numbers ...int) func(int) bool { return func(n int) bool { return slices.Contains(numbers, n) } }
	for name, tt := range map[string]struct {
		users int
		lose  func(int) bool
		got   int
		ok    bool
		calls int
	}{
		"exactly two pages":          {400, only(), 400, true, 4},
		"two pages and one":          {401, only(), 401, true, 3},
		"one page":                   {200, only(), 200, true, 1},
		"a page lost":                {1000, only(2), 400, false, 4},
		"all links lost from then":   {1000, func(n int) bool { return n >= 2 }, 400, false, 3},
		"one item lost":              {401, only(2), 400, false, 4},
		"lost where it doesn't harm": {450, only(3), 450, true, 3},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			org := standin.New(standin.Config{})
			var members []string
			for i := range tt.users {
				status := standin.StatusActive
				if i == 0 {
					status = standin.StatusSuspended // not the token's owner, who is in no group
				}
				members = append(members, org.Add(standin.User{Login: fmt.Sprintf("user%d@example.com", i), Status: status}).ID)
			}
			g := org.AddGroup(standin.Group{Name: "all", Members: members})
			for what, list := range map[string]func(*oktaclient.Client) iter.Seq2[oktaclient.UserRecord, error]{
				"users": func(c *oktaclient.Client) iter.Seq2[oktaclient.UserRecord, error] {
					return c.ListUserRecords(t.Context(), oktaclient.UserQuery{Filter: `status eq "ACTIVE"`})
				},
				"members": func(c *oktaclient.Client) iter.Seq2[oktaclient.UserRecord, error] {
					return c.ListGroupUsers(t.Context(), g.ID)
				},
			} {
				wire := &linkless{next: org.Transport(), lose: tt.lose}
				c := clientOf(t, org, oktaclient.Options{Token: oktaclient.Token(org.Token()), Transport: wire})
				got, err := logins(list(c))
				if len(got) != tt.got || (err == nil) != tt.ok || err != nil && !errors.Is(err, oktaclient.ErrPages) || wire.n != tt.calls {
					t.Errorf("%s: %d of %d, %v after %d calls; want %d after %d, whole: %v", what, len(got), tt.users, err, wire.n, tt.got, tt.calls, tt.ok)
				}
			}
		})
	}
}
