package oktaclient

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// LogCursor is a place in the System Log to read on from: path and query of a request. It doesn't
// name the org.
type LogCursor string

// logPath is the beginning of every cursor.
const logPath = "/api/v1/logs?"

// FollowFactorEvents returns the cursor for the events that were stored since a time and took a
// factor from somebody. They come in the order in which the log stored them, so that none is
// missed, however late.
func FollowFactorEvents(since time.Time) LogCursor {
	q := LogQuery{Types: FactorsTaken, Since: since}.values()
	q.Set("sortOrder", "ASCENDING")
	return LogCursor(logPath + q.Encode())
}

// ParseLogCursor returns the cursor in a text, or an error if it could lead anywhere else.
func ParseLogCursor(s string) (LogCursor, error) {
	if !strings.HasPrefix(s, logPath) || strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' || r == '#' }) {
		return "", fmt.Errorf("%q isn't a place in the System Log", cut(s, 60))
	}
	return LogCursor(s), nil
}

// ReadLog returns the next page of events, at most [LogPage], and the place after it. There is
// always one; if there is nothing new yet, it may be the same.
//
// Okta API:
// https://developer.okta.com/docs/api/openapi/okta-management/management/tag/SystemLog/#tag/SystemLog/operation/listLogEvents
//
//meta:operation GET /api/v1/logs
func (c *Client) ReadLog(ctx context.Context, from LogCursor) ([]LogRecord, LogCursor, error) {
	from, err := ParseLogCursor(string(from))
	if err != nil {
		return nil, "", unsentError(err)
	}
	var page []LogRecord
	rep, err := c.get(ctx, request{bucket: BucketLogs, path: apiPath("logs"), uri: string(from), most: maxPage, texts: maxEventText}, &page)
	if err != nil {
		return nil, "", err
	}
	link, err := c.next(string(from), rep.links)
	if err == nil && link == "" {
		err = fmt.Errorf("%w: okta doesn't say where the log goes on", ErrPages)
	}
	if err != nil {
		return nil, "", err
	}
	next, err := ParseLogCursor(link)
	return page, next, err
}
