package oktaclient_test

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"oktareset/oktaclient"
)

// logPages serves pages of log events; each has the Link headers that links returns for it.
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

// Cursors are opaque: what the link says is asked for to the letter, and an empty page may have a next one.
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
