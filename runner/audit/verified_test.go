package audit

import (
	"strings"
	"testing"
	"time"

	"oktareset/oktaclient"
	"oktareset/runner/results"
)

// A verification is in the log if an event says so of this user and this factor, at that time or of
// that request. Without one, the row is a finding, however well its reset is proved.
func TestVerifiedByTheLog(t *testing.T) {
	t.Parallel()
	at := began.Add(-time.Minute)
	attempt := func(e happening) *happening {
		e.Type, e.ID = oktaclient.EventVerify, "v1"
		return &e
	}
	const found, none = "the log has the verification by sms:OKTA, event v1", "the log has no verification by sms:OKTA at 2026-11-22T03:59:00.000Z"
	for _, tt := range []struct {
		name  string
		by    string // "": the row says nothing
		event *happening
		want  Verdict
		note  string
	}{
		{"by the request, whenever", "sms:OKTA", attempt(happening{User: alice, Actor: admin, Request: "req0", Factor: "SMS", After: time.Hour}), Confirmed, found},
		{"by the user, as target", "sms:OKTA", attempt(happening{User: alice, Actor: admin, Factor: "SMS_FACTOR", After: -time.Minute}), Confirmed, found},
		{"by the user, as actor", "sms:OKTA", attempt(happening{User: bob, Actor: alice, Factor: "SMS_FACTOR", After: -2 * time.Minute}), Confirmed, found},
		{"which factor isn't said", "sms:OKTA", attempt(happening{User: alice, Actor: admin, After: -time.Minute}), Confirmed, found},
		{"another factor", "sms:OKTA", attempt(happening{User: alice, Actor: admin, Factor: "EMAIL_FACTOR", After: -time.Minute}), Missing, none},
		{"somebody else", "sms:OKTA", attempt(happening{User: bob, Actor: admin, Request: "req0", Factor: "SMS_FACTOR", After: -time.Minute}), Missing, none},
		{"it failed", "sms:OKTA", attempt(happening{User: alice, Actor: admin, Request: "req0", Factor: "SMS_FACTOR", After: -time.Minute, Result: "FAILURE"}), Missing, none},
		{"too late", "sms:OKTA", attempt(happening{User: alice, Actor: admin, Factor: "SMS_FACTOR"}), Missing, none},
		{"too early", "sms:OKTA", attempt(happening{User: alice, Actor: admin, Factor: "SMS_FACTOR", After: -7 * time.Minute}), Missing, none},
		{"nothing", "sms:OKTA", nil, Missing, none},
		{"the row says nothing", "", nil, Missing, "the run was to verify the user first, and the result doesn't say that it did"},
	} {
		a := New(Subject{
			Runs: []string{runA}, Actors: []string{admin},
			Verified: &results.Verified{UserID: alice, By: "sms:OKTA", At: at, RequestID: "req0"},
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
		e := happening{ID: "e1", User: alice, Actor: admin, Request: "req1", Run: runA}.Event(t)
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
