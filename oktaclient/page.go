package oktaclient

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"net/url"
	"strconv"
)

// list reads a list page by page and yields its items. The next page's address comes from Okta's
// Link header and is used as it stands: cursors are opaque, and an empty page may have a next
// one. An error is yielded once, as the last.
func list[T any](ctx context.Context, c *Client, r request) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var none T
		for page, err := range listPages[T](ctx, c, r, 0) {
			for _, item := range page {
				if !yield(item, nil) {
					return
				}
			}
			if err != nil {
				yield(none, err)
			}
		}
	}
}

// ErrMorePages says that a list has more pages than were asked for.
var ErrMorePages = errors.New("okta has more pages than were asked for")

// maxEmptyPages in a row are the end of a bounded reading: behind what it has, a log may have next
// pages without end.
const maxEmptyPages = 2

// listPages is [list] page by page. The error comes alone: it is [ErrMorePages] after most pages, if
// there are more, or after empty ones that lead on and on. A most of 0 is no bound.
func listPages[T any](ctx context.Context, c *Client, r request, most int) iter.Seq2[[]T, error] {
	r.most, r.expects = maxPage, isList
	return func(yield func([]T, error) bool) {
		empty := 0
		limit, seen := r.query.Get("limit"), map[string]bool{r.requestURI(): true}
		for {
			var page []T
			rep, err := c.get(ctx, r, &page)
			if err != nil {
				yield(nil, err)
				return
			}
			if !yield(page, nil) {
				return
			}
			if empty++; len(page) > 0 {
				empty = 0
			}
			next, err := c.next(r.requestURI(), rep.links)
			switch {
			case err == nil && seen[next]:
				err = fmt.Errorf("%w: okta's next page is the same page again, or one before it", ErrPages)
			case err == nil && next == "" && len(seen) > 1:
				err = checkEnd[T](ctx, c, r, limit, len(page))
			}
			if err == nil && next != "" && most > 0 && (len(seen) == most || empty == maxEmptyPages) {
				err = ErrMorePages
			}
			if err != nil {
				yield(nil, err)
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

// checkEnd makes sure that a full page without a next link is the last one, if the pages before
// it had one: the link may have been lost on the way. It asks for the same page with one item
// less. That must have a next page, with no more than that one item. limit is the list's limit
// parameter.
func checkEnd[T any](ctx context.Context, c *Client, r request, limit string, size int) error {
	u, err := url.Parse(r.requestURI())
	if err != nil {
		return fmt.Errorf("%w: %w", ErrPages, err)
	}
	q := u.Query()
	if most, err := strconv.Atoi(cmp.Or(q.Get("limit"), limit)); err != nil || size < most || size < 2 {
		return nil
	}
	q.Set("limit", strconv.Itoa(size-1))
	u.RawQuery = q.Encode()
	r.uri = u.RequestURI()
	var shorter, last []T
	rep, err := c.get(ctx, r, &shorter)
	if err != nil {
		return err
	}
	if r.uri, err = c.next(r.uri, rep.links); err != nil {
		return err
	}
	if r.uri == "" {
		return fmt.Errorf("%w: a full page of %d doesn't say where the next one is", ErrPages, size)
	}
	if _, err := c.get(ctx, r, &last); err != nil {
		return err
	}
	if len(shorter)+len(last) > size {
		return fmt.Errorf("%w: a full page of %d didn't say where the next one is", ErrPages, size)
	}
	return nil
}

// isList reports whether a body is a list of things with an ID: nobody but Okta would answer so.
func isList(body []byte) bool {
	var list []struct {
		ID   string `json:"id"`
		UUID string `json:"uuid"`
	}
	return json.Unmarshal(body, &list) == nil && len(list) > 0 && list[0].ID+list[0].UUID != ""
}
