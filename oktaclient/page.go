package oktaclient

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/url"
	"strings"
)

// list makes a paged read and yields its items. The next page is where Okta's Link header says, taken as it stands: cursors are
// opaque, and an empty page may have a next one. An error is yielded once, as the last.
func list[T any](ctx context.Context, c *Client, r request) iter.Seq2[T, error] {
	r.most = maxPage
	return func(yield func(T, error) bool) {
		var none T
		seen := map[string]bool{r.requestURI(): true}
		for {
			var page items[T]
			rep, err := c.get(ctx, r, &page)
			if err != nil {
				yield(none, err)
				return
			}
			for _, item := range page {
				if !yield(item, nil) {
					return
				}
			}
			next, err := c.next(rep.links)
			if err == nil && seen[next] {
				err = errors.New("okta's next page is the same page again, or one before it")
			}
			if err != nil {
				yield(none, err)
				return
			}
			if next == "" {
				return
			}
			seen[next] = true
			r.uri = next
		}
	}
}

// next returns path and query of the next page, "" after the last one. A link to another host is refused: the token would go there.
func (c *Client) next(links []string) (string, error) {
	for _, line := range links {
		for _, link := range strings.Split(line, "<") { // several links in one line stand for several lines
			target, params, ok := strings.Cut(link, ">")
			if !ok || !strings.Contains(params, `rel="next"`) {
				continue
			}
			u, err := url.Parse(target)
			if err != nil || u.Scheme != c.org.scheme || !strings.EqualFold(u.Host, c.org.host) {
				return "", fmt.Errorf("okta's next page is at another address, %q", cut(target, 200))
			}
			return u.RequestURI(), nil
		}
	}
	return "", nil
}
