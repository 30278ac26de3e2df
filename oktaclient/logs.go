package oktaclient

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"
)

// The events that a reset writes into the System Log. Okta's own pages disagree on which of them
// an Identity Engine org writes: expect either, and several deactivations for one Okta Verify.
const (
	EventResetAll   = "user.mfa.factor.reset_all"
	EventDeactivate = "user.mfa.factor.deactivate"
)

// OutcomeSuccess is the outcome of an event that happened.
const OutcomeSuccess = "SUCCESS"

// LogPage is how many events Okta returns at most at once. The log's bucket is small: 120 calls a
// minute at best.
const LogPage = 1000

// LogTargets is how many users one query of the log may name: it keeps the URL below 4 KB.
const LogTargets = 50

// LogParty is an actor or a target of an event.
type LogParty struct {
	ID          string `json:"id"`
	Type        string `json:"type"` // as User, PublicClientAppEntity
	AlternateID string `json:"alternateId"`
	DisplayName string `json:"displayName"`
}

// Login returns the login, or another name by which the org knows the party. It is "" if the log has
// none: then it says "unknown".
func (p LogParty) Login() string {
	if strings.EqualFold(p.AlternateID, "unknown") {
		return ""
	}
	return p.AlternateID
}

// LogEvent is an event of the System Log, as far as this program needs it.
type LogEvent struct {
	UUID      string     `json:"uuid"`
	Published time.Time  `json:"published"` // by the server's clock
	EventType string     `json:"eventType"`
	Version   string     `json:"version"`
	Message   string     `json:"displayMessage"`
	Actor     LogParty   `json:"actor"`
	Target    []LogParty `json:"target"`
	Outcome   struct {
		Result string `json:"result"`
		Reason string `json:"reason"`
	} `json:"outcome"`
	Client struct {
		UserAgent struct {
			Raw string `json:"rawUserAgent"`
		} `json:"userAgent"`
		IP    string `json:"ipAddress"`
		Place struct {
			City    string `json:"city"`
			Country string `json:"country"`
		} `json:"geographicalContext"` // null where Okta doesn't know it
	} `json:"client"`
	Transaction struct {
		ID string `json:"id"`
	} `json:"transaction"`
	DebugContext struct {
		DebugData map[string]any `json:"debugData"` // Okta promises nothing about its keys
	} `json:"debugContext"`
}

// RequestID is the x-okta-request-id of the call that caused the event, or "".
func (e *LogEvent) RequestID() string {
	if id, ok := e.DebugContext.DebugData["requestId"].(string); ok {
		return id
	}
	return e.Transaction.ID
}

// User is the user who the event happened to: its first target of that type. Its ID is "" if
// there is none.
func (e *LogEvent) User() LogParty {
	for _, t := range e.Target {
		if t.Type == "User" {
			return t
		}
	}
	return LogParty{}
}

// Factor returns the type of the factor that the event took, gave or was about, in the log's own
// words, as OKTA_VERIFY_PUSH, or "". The reasons seen so far read like "User reset
// OKTA_VERIFY_PUSH factor" and "User set up OKTA_VERIFY_PUSH factor"; an attempt to verify has it
// in its debug data.
func (e *LogEvent) Factor() string {
	verb := "reset"
	switch {
	case e.EventType == EventVerify:
		name, _ := e.DebugContext.DebugData["factor"].(string)
		return name
	case e.Enrolls():
		verb = "set up"
	case e.EventType != EventDeactivate:
		return ""
	}
	name, ok := strings.CutPrefix(e.Outcome.Reason, "User "+verb+" ")
	name, whole := strings.CutSuffix(name, " factor")
	if !ok || !whole || name == "" || strings.ContainsAny(name, " \t") {
		return ""
	}
	return name
}

// Whole reports whether the event certainly belongs to a reset of all factors: by its type, or by
// the call that caused it.
func (e *LogEvent) Whole() bool {
	uri, _ := e.DebugContext.DebugData["requestUri"].(string)
	return e.EventType == EventResetAll || strings.HasSuffix(uri, "/lifecycle/reset_factors")
}

// ListFactorEvents yields the System Log's events between since and until that took a factor from
// one of the users with these IDs (none: from anybody), oldest first. Recent events may still be
// missing: the log lags.
//
// Okta API:
// https://developer.okta.com/docs/api/openapi/okta-management/management/tag/SystemLog/#tag/SystemLog/operation/listLogEvents
//
//meta:operation GET /api/v1/logs
func (c *Client) ListFactorEvents(ctx context.Context, userIDs []string, since, until time.Time) iter.Seq2[LogEvent, error] {
	return list[LogEvent](ctx, c, factorEventsOf(userIDs, since, until))
}

// maxLogPages is more than the log ever has for the few users of one query.
const maxLogPages = 10

// ErrLogTooLong means that the log had more pages than are read: events that weren't found may
// still be there.
var ErrLogTooLong = fmt.Errorf("the System Log has more than %d pages of events of these users", maxLogPages)

// FindFactorEvents returns the System Log's events since a time that took a factor from one of
// the users with these IDs, oldest first. It ends after a few pages, whatever the log says. With
// an error it returns what it found before.
//
// Okta API:
// https://developer.okta.com/docs/api/openapi/okta-management/management/tag/SystemLog/#tag/SystemLog/operation/listLogEvents
//
//meta:operation GET /api/v1/logs
func (c *Client) FindFactorEvents(ctx context.Context, userIDs []string, since time.Time) ([]LogEvent, error) {
	until := c.Now() // nothing was published later, and a query without an end has no last page
	if !since.Before(until) {
		since = until.Add(-time.Second)
	}
	r := factorEventsOf(userIDs, since, until)
	r.most, r.expects = maxPage, isList
	var found []LogEvent
	for empty, pages := 0, 0; pages < maxLogPages; pages++ {
		var page []LogEvent
		rep, err := c.get(ctx, r, &page)
		if err != nil {
			return found, err
		}
		found = append(found, page...)
		next, err := c.next(r.requestURI(), rep.links)
		if err != nil {
			return found, err
		}
		empty++
		if len(page) > 0 {
			empty = 0
		}
		if next == "" || empty == maxEmptyPages {
			return found, nil
		}
		r.uri = next
	}
	return found, ErrLogTooLong
}

// factorEventsOf asks for the events that took a factor from one of the users (none: from
// anybody).
func factorEventsOf(userIDs []string, since, until time.Time) request {
	return LogQuery{Types: FactorsTaken, Targets: userIDs, Since: since, Until: until}.request()
}

// LogRecord is an event together with its whole JSON.
type LogRecord struct {
	LogEvent
	Raw json.RawMessage
}

// UnmarshalJSON reads an event and keeps its JSON.
func (r *LogRecord) UnmarshalJSON(b []byte) error {
	r.Raw = slices.Clone(b)
	return json.Unmarshal(b, &r.LogEvent)
}
