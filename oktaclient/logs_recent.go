package oktaclient

import (
	"context"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// The events that give a user a factor, or that show that the user has one.
const (
	EventActivate = "user.mfa.factor.activate"
	EventUpdate   = "user.mfa.factor.update"
)

// Enrolls reports whether the event gave its user a factor, or changed one that the user has.
func (e *LogEvent) Enrolls() bool { return e.EventType == EventActivate || e.EventType == EventUpdate }

// RecentFactorEvents returns the cursor for the events between since and until that took a factor
// from somebody or gave one. The newest come first: whoever reads only a part knows all that
// happened after it.
func RecentFactorEvents(since, until time.Time) LogCursor {
	types := []string{EventResetAll, EventDeactivate, EventActivate, EventUpdate}
	for i, t := range types {
		types[i] = `eventType eq "` + t + `"`
	}
	return LogCursor(logPath + url.Values{
		"since": {since.UTC().Format(logTime)}, "until": {until.UTC().Format(logTime)}, "limit": {strconv.Itoa(LogPage)},
		"sortOrder": {"DESCENDING"}, "filter": {strings.Join(types, " or ")},
	}.Encode())
}

// ReadEvents returns the next page of a period's events, at most [LogPage], and the place after
// it, "" at the end of the period.
//
// Okta API:
// https://developer.okta.com/docs/api/openapi/okta-management/management/tag/SystemLog/#tag/SystemLog/operation/listLogEvents
//
//meta:operation GET /api/v1/logs
func (c *Client) ReadEvents(ctx context.Context, from LogCursor) ([]LogEvent, LogCursor, error) {
	from, err := ParseLogCursor(string(from))
	if err != nil {
		return nil, "", unsentError(err)
	}
	var page items[LogEvent]
	rep, err := c.get(ctx, request{bucket: BucketLogs, path: apiPath("logs"), uri: string(from), most: maxPage, texts: maxEventText}, &page)
	if err != nil {
		return nil, "", err
	}
	link, err := c.next(string(from), rep.links)
	if err != nil || link == "" {
		return page, "", err
	}
	next, err := ParseLogCursor(link)
	return page, next, err
}
