package oktaclient

import (
	"context"
	"iter"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The events of somebody who comes back after a reset.
const (
	EventActivate = "user.mfa.factor.activate"      // a factor was given
	EventUpdate   = "user.mfa.factor.update"        // one was changed, which shows that there is one
	EventSignIn   = "user.session.start"            // by its actor
	EventAdmin    = "user.session.access_admin_app" // the Admin Console was opened, by its actor
)

// EventVerify is an attempt to prove who a user is, by a factor. At a sign-in the user is its actor;
// whether that is so of a verification by the API, Okta's pages don't say.
const EventVerify = "user.authentication.auth_via_mfa"

// FactorsTaken are the events that take factors.
var FactorsTaken = []string{EventResetAll, EventDeactivate}

// FactorsGiven are the events that give a user a factor, or show that there is one.
var FactorsGiven = []string{EventActivate, EventUpdate}

// Enrolls reports whether the event gave its user a factor, or changed one that the user has.
func (e *LogEvent) Enrolls() bool { return slices.Contains(FactorsGiven, e.EventType) }

// LogQuery says which events of the log are asked for. Some events of a period may not be there
// yet: the log lags.
type LogQuery struct {
	Types           []string
	Since, Until    time.Time // published; Until zero: there is no end
	Targets, Actors []string  // IDs: only events with one of these; none: everybody's
	NewestFirst     bool      // so that who reads a part knows all that happened after it
}

const logTime = "2006-01-02T15:04:05.000Z"

// values are the parameters of the request.
func (q LogQuery) values() url.Values {
	v := url.Values{"since": {q.Since.UTC().Format(logTime)}, "limit": {strconv.Itoa(LogPage)}}
	if !q.Until.IsZero() {
		v.Set("until", q.Until.UTC().Format(logTime))
	}
	if q.NewestFirst {
		v.Set("sortOrder", "DESCENDING")
	}
	filter := strings.Join(equal("eventType", q.Types), " or ")
	if people := append(equal("target.id", q.Targets), equal("actor.id", q.Actors)...); len(people) > 0 {
		filter = "(" + filter + ") and (" + strings.Join(people, " or ") + ")"
	}
	v.Set("filter", filter)
	return v
}

// equal are conditions that an attribute has one of some values.
func equal(attribute string, values []string) []string {
	conditions := make([]string, len(values))
	for i, value := range values {
		conditions[i] = attribute + " eq " + quoteFilter(value)
	}
	return conditions
}

func (q LogQuery) request() request {
	return request{bucket: BucketLogs, path: apiPath("logs"), query: q.values(), texts: maxEventText}
}

// ListEvents yields the events of a query in pages of at most [LogPage]. An error is yielded alone,
// as the last: [ErrMorePages] after most pages, if there are more. A most of 0 is no bound.
//
// Okta API:
// https://developer.okta.com/docs/api/openapi/okta-management/management/tag/SystemLog/#tag/SystemLog/operation/listLogEvents
//
//meta:operation GET /api/v1/logs
func (c *Client) ListEvents(ctx context.Context, q LogQuery, most int) iter.Seq2[[]LogEvent, error] {
	return listPages[LogEvent](ctx, c, q.request(), most)
}
