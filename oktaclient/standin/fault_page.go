package standin

import (
	"net/http"
	"strconv"
	"strings"
)

// blockedPage is what a proxy says that inspects what passes it.
const blockedPage = "<!DOCTYPE html>\n<html><head><title>Blocked</title></head><body><h1>Blocked</h1>" +
	"<p>Your organization's policy doesn't allow this content.</p></body></html>\n"

func (f Fault) code() int {
	if f.Code == 0 {
		return http.StatusForbidden
	}
	return f.Code
}

// blocked answers as a proxy does that blocks the answer: with a page of its own.
func blocked(c *call, f Fault) { c.page(f.code(), blockedPage) }

// blockedBody answers as a proxy does that puts its own status and page under the headers of the
// answer. No limit of the org's is behind a 429 of that kind, so it doesn't count as one.
func blockedBody(c *call, f Fault) {
	c.headers(f.code(), []string{"text/html; charset=utf-8"})
	c.finish(f.code())
	_, _ = c.w.Write([]byte(blockedPage))
}

// noEnd answers with an empty page of a list, and with a link to a next one whose cursor is new
// each time. Once the fault is over, the link leads to what comes next in the list.
func noEnd(c *call, _ Fault) {
	params := c.r.URL.Query()
	place, n, _ := strings.Cut(params.Get("after"), pageMark)
	count, _ := strconv.Atoi(n)
	cursor := place + pageMark + strconv.Itoa(count+1)
	if c.route.op == OpListAdmins {
		params.Set("after", cursor)
		next := link{Href: c.base() + c.r.URL.Path + "?" + params.Encode()}
		c.json(map[string]any{"value": []any{}, "_links": map[string]link{"next": next}})
		return
	}
	c.links(params, cursor)
	c.json([]any{})
}

// pageMark comes before the number of an empty page in a cursor.
const pageMark = "."
