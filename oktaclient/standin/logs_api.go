package standin

import (
	"math"
	"net/url"
	"strings"
	"time"
)

const (
	defaultLogPage = 100
	maxLogPage     = 1000
	// defaultLogPeriod is how far back the log is read when since isn't given.
	defaultLogPeriod = 7 * 24 * time.Hour
)

// logs answers with a page of the System Log. With until the pages end; without it the client
// polls, and there is always a next page, be it empty.
func (c *call) logs() {
	params := c.r.URL.Query()
	q, bounded, refused := c.logQuery(params)
	if refused != nil {
		c.fail(*refused)
		return
	}
	page, next, more := c.o.events(q)
	cursor := ""
	if more || !bounded && !q.descending {
		cursor = formatCursor("logs", next)
	}
	c.links(params, cursor)
	c.json(page)
}

// logQuery reads the parameters; bounded tells whether the query has an end.
func (c *call) logQuery(params url.Values) (q logQuery, bounded bool, refused *failure) {
	refuse := func(f failure) (logQuery, bool, *failure) { return logQuery{}, false, &f }
	q = logQuery{since: c.o.now().Add(-defaultLogPeriod).UnixMilli(), until: math.MaxInt64, from: -1}
	for name, target := range map[string]*int64{"since": &q.since, "until": &q.until} {
		if text := params.Get(name); text != "" {
			t, err := time.Parse(time.RFC3339, text)
			if err != nil {
				return refuse(badParameter(name))
			}
			*target = t.UnixMilli()
		}
	}
	var err error
	if q.filter, err = parseFilter(params.Get("filter"), dialect{attrs: logAttributes}); err != nil {
		return refuse(badFilter(err))
	}
	q.keywords = strings.Fields(strings.ToLower(params.Get("q")))
	var ok bool
	if q.limit, ok = pageLimit(params, defaultLogPage, 0, maxLogPage); !ok {
		return refuse(badParameter("limit"))
	}
	if after, _, _ := strings.Cut(params.Get("after"), pageMark); after != "" {
		if q.from, ok = parseCursor("logs", after); !ok {
			return refuse(c.o.invalidCursor())
		}
	}
	switch params.Get("sortOrder") {
	case "", "ASCENDING":
	case "DESCENDING":
		q.descending = true
	default:
		return refuse(badParameter("sortOrder"))
	}
	return q, params.Get("until") != "", nil
}
