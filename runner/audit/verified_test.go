package audit

import (
	"strings"
	"testing"
	"time"

	"oktareset/oktaclient"
	"oktareset/runner/evidence"
	"oktareset/runner/results"
)

// A verification is in the log if an event says so of this user: of that request or, where that
// can't be known, of this factor at that time. The factors go within five minutes. Otherwise the
// row is a finding, however well its reset is proved.
func TestVerifiedByTheLog(t *testing.T) {
	t.Parallel()
	at := began.Add(-time.Minute)
	attempt := func(e happening) *happening {
		e.Type, e.ID = oktaclient.EventVerify, "v1"
		return &e
	}
	const push = "the log has the verification by push:OKTA, event v1"
	const late = "a factor went at 2026-11-25T04:00:00.000Z, more than 5 minutes after the verification by sms:OKTA at 2026-11-22T03:59:00.000Z"
	const found, none = "the log has the verification by sms:OKTA, event v1", "the log has no verification by sms:OKTA at 2026-11-22T03:59:00.000Z"
	for _, tt := range []struct {
		name  string
		by    string // "": the row says nothing
		event *happening
		reset time.Duration // behind the start
		want  Verdict
		note  string
	}{
		{"by the request, whenever", "sms:OKTA", attempt(happening{User: alice, Actor: admin, Request: "req0", Factor: "SMS", After: time.Hour}), 0, Confirmed, found},
		{"by the user, as target", "sms:OKTA", attempt(happening{User: alice, Actor: admin, Factor: "SMS_FACTOR", After: -time.Minute}), 0, Confirmed, found},
		{"by the user, as actor", "sms:OKTA", attempt(happening{User: bob, Actor: alice, Factor: "SMS_FACTOR", After: -2 * time.Minute}), 0, Confirmed, found},
		{"which factor isn't said", "sms:OKTA", attempt(happening{User: alice, Actor: admin, After: -time.Minute}), 0, Confirmed, found},
		{"another factor", "sms:OKTA", attempt(happening{User: alice, Actor: admin, Factor: "EMAIL_FACTOR", After: -time.Minute}), 0, Missing, none},
		{"somebody else", "sms:OKTA", attempt(happening{User: bob, Actor: admin, Request: "req0", Factor: "SMS_FACTOR", After: -time.Minute}), 0, Missing, none},
		{"it failed", "sms:OKTA", attempt(happening{User: alice, Actor: admin, Request: "req0", Factor: "SMS_FACTOR", After: -time.Minute, Result: "FAILURE"}), 0, Missing, none},
		{"too late", "sms:OKTA", attempt(happening{User: alice, Actor: admin, Factor: "SMS_FACTOR"}), 0, Missing, none},
		{"too early", "sms:OKTA", attempt(happening{User: alice, Actor: admin, Factor: "SMS_FACTOR", After: -7 * time.Minute}), 0, Missing, none},
		{"another request, just before", "sms:OKTA", attempt(happening{User: alice, Actor: alice, Request: "req9", Factor: "SMS_FACTOR", After: -2 * time.Minute}), 0, Missing, none},
		{"a push, answered by the device", "push:OKTA", attempt(happening{User: alice, Actor: alice, Request: "req9", Factor: "OKTA_VERIFY_PUSH", After: -time.Minute}), 0, Confirmed, push},
		{"a request under way at the end", "sms:OKTA", attempt(happening{User: alice, Actor: admin, Request: "req0", Factor: "SMS", After: -time.Minute}), 5 * time.Minute, Confirmed, found},
		{"a factor that went days later", "sms:OKTA", attempt(happening{User: alice, Actor: admin, Request: "req0", Factor: "SMS", After: -time.Minute}), 72 * time.Hour, Missing, late},
		{"nothing", "sms:OKTA", nil, 0, Missing, none},
		{"the row says nothing", "", nil, 0, Missing, "the run was to verify the user first, and the result doesn't say that it did"},
	} {
		a := New(Subject{
			Runs:     evidence.Runs{runA: {admin}},
			Verified: &results.Verified{UserID: alice, By: tt.by, At: at, RequestID: "req0"},
		})
		rec, cells := line(alice, "reset", "req1"), []string{"", "", "sales"}
		if tt.by != "" {
			cells[0], cells[1] = tt.by, stamp(at)
		}
		if err := a.Row(&rec); err != nil {
			t.Fatal(err)
		}
		if err := a.Verified(&rec, cells); err != nil {
			t.Fatal(err)
		}
		e := happening{ID: "e1", User: alice, Actor: admin, Request: "req1", Run: runA, After: tt.reset}.Event(t)
		a.Event(&e)
		if tt.event != nil {
			e := tt.event.Event(t)
			a.verified[0].take(&e)
		}
		if f := a.Verdict(0); f.Verdict != tt.want || f.Note != tt.note || f.Verified != (tt.want == Confirmed) {
			t.Errorf("%s: %s, %q; want %s, %q", tt.name, f.Verdict, f.Note, tt.want, tt.note)
		}
	}
	rec := line(alice, "reset", "req1")
	a := New(Subject{})
	for _, cells := range [][]string{{"sms:OKTA", "yesterday"}, {"sms:OKTA"}, nil} {
		if err := a.Row(&rec); err != nil {
			t.Fatal(err)
		}
		if err := a.Verified(&rec, cells); err == nil || !strings.Contains(err.Error(), "row 1: its ") {
			t.Errorf("%q: %v, want an error", cells, err)
		}
	}
}
