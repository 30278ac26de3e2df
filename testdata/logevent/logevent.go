// Package logevent makes events of a System Log for the tests of what reads one.
package logevent

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"oktareset/oktaclient"
)

// Began is when the log of the tests begins.
var Began = time.Date(2026, 11, 22, 4, 0, 0, 0, time.UTC)

// Event is an event of the log: by default the reset of all factors of a user, and a success.
type Event struct {
	ID, Type, User, Actor, Request, Run, Factor, URI, Result string

	After time.Duration // behind Began
}

// Event returns the event as the client reads it.
func (e Event) Event(t *testing.T) oktaclient.LogEvent { return e.Record(t).LogEvent }

// Record returns the event together with its text. Whoever has an ID has the login ID@x.
func (e Event) Record(t *testing.T) oktaclient.LogRecord {
	t.Helper()
	if e.Type == "" {
		e.Type = oktaclient.EventResetAll
	}
	if e.Result == "" {
		e.Result = oktaclient.OutcomeSuccess
	}
	agent := "Mozilla/5.0"
	if e.Run != "" {
		agent = "oktareset/1.0 run/" + e.Run
	}
	reason, verified := "", ""
	if e.Type == oktaclient.EventVerify {
		verified = e.Factor
	} else if e.Factor != "" {
		reason = "User reset " + e.Factor + " factor"
	}
	text := fmt.Sprintf(`{"uuid":%q,"published":%q,"eventType":%q,"actor":{"id":%q,"alternateId":"%[4]s@x"},`+
		`"target":[{"id":"0oa","type":"AppInstance"},{"id":%q,"type":"User","alternateId":"%[5]s@x"}],"outcome":{"result":%q,"reason":%q},`+
		`"client":{"userAgent":{"rawUserAgent":%q}},"debugContext":{"debugData":{"requestId":%q,"requestUri":%q,"factor":%q}}}`,
		e.ID, Began.Add(e.After).Format(time.RFC3339Nano), e.Type, e.Actor, e.User, e.Result, reason, agent, e.Request, e.URI, verified)
	var r oktaclient.LogRecord
	if err := json.Unmarshal([]byte(text), &r); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return r
}
