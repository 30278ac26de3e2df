package audit

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"oktareset/oktaclient"
	"oktareset/runner/evidence"
	"oktareset/runner/table"
	"oktareset/testdata/logevent"
)

const (
	alice = "00u0000000000000000a"
	bob   = "00u0000000000000000b"
	admin = "00uadmin000000000000"
	other = "00uother000000000000"
	runA  = "20261122T040000Z-aaaaaa"
	runB  = "20261122T050000Z-bbbbbb"
)

var began = logevent.Began

// line is a line of results, worked on in the first minute.
func line(user, status, request string) table.Record {
	return table.Record{
		Row: "1", Input: user, UserID: user, Status: status, RequestID: request,
		StartedAt: stamp(began), FinishedAt: stamp(began.Add(time.Second)), RunID: runA,
	}
}

// withFactors is alice's line with the factors that she had.
func withFactors(status, reason, factors string) table.Record {
	rec := line(alice, status, "req1")
	rec.Reason, rec.Factors = reason, factors
	return rec
}

// happening is an event of the log.
type happening = logevent.Event

func TestVerdicts(t *testing.T) {
	t.Parallel()
	subject := Subject{Runs: evidence.Runs{runA: {admin}, runB: {admin}}}
	two := Subject{Runs: evidence.Runs{runA: {admin}, runB: {other}}}
	recorded := subject
	recorded.Recorded = true
	deactivate := func(id, factor string) happening {
		return happening{ID: id, Type: oktaclient.EventDeactivate, User: alice, Actor: admin, Request: "req1", Run: runA, Factor: factor}
	}
	tests := []struct {
		name    string
		subject Subject
		row     table.Record
		log     []happening
		want    Finding // without note
		note    string
		strays  int
	}{
		{
			"by request", subject, line(alice, "reset", "req1"),
			[]happening{{ID: "e1", User: alice, Actor: admin, Request: "req1", Run: runA}},
			Finding{Verdict: Confirmed, Proof: ByRequest, Events: []string{"e1"}},
			"", 0,
		},
		{
			"by request, whoever the log says it was", subject, line(alice, "reset", "req1"),
			[]happening{{ID: "e1", User: alice, Actor: other, Request: "req1"}},
			Finding{Verdict: Confirmed, Proof: ByRequest, Events: []string{"e1"}, ActorID: other, Actor: other + "@x"},
			"", 0,
		},
		{
			"one Okta Verify in three events, and their sum", subject, line(alice, "reset", "req1"),
			[]happening{
				deactivate("e1", "SIGNED_NONCE"), deactivate("e2", "OKTA_VERIFY_PUSH"), deactivate("e3", "OKTA_SOFT_TOKEN"),
				{ID: "e4", User: alice, Actor: admin, Request: "req1", Run: runA},
			},
			Finding{
				Verdict: Confirmed, Proof: ByRequest, Events: []string{"e1", "e2", "e3", "e4"},
				Factors: []string{"OKTA_SOFT_TOKEN", "OKTA_VERIFY_PUSH", "SIGNED_NONCE"},
			},
			"", 0,
		},
		{
			"the same event twice", subject, line(alice, "reset", "req1"),
			[]happening{deactivate("e1", "SMS_FACTOR"), deactivate("e1", "SMS_FACTOR")},
			Finding{Verdict: Confirmed, Proof: ByRequest, Events: []string{"e1"}, Factors: []string{"SMS_FACTOR"}},
			"", 0,
		},
		{
			"each recorded factor has its event", recorded, withFactors("reset", "", "sms:OKTA email:OKTA webauthn:FIDO"),
			[]happening{deactivate("e1", "SMS_FACTOR"), deactivate("e2", "FIDO_WEBAUTHN")},
			Finding{Verdict: Confirmed, Proof: ByRequest, Events: []string{"e1", "e2"}, Factors: []string{"FIDO_WEBAUTHN", "SMS_FACTOR"}},
			"", 0,
		},
		{
			"a recorded factor has no event", recorded, withFactors("reset", "verified", "sms:OKTA webauthn:FIDO"),
			[]happening{deactivate("e1", "SMS_FACTOR")},
			Finding{Verdict: Missing, Proof: ByRequest, Events: []string{"e1"}, Factors: []string{"SMS_FACTOR"}},
			"the log has a part of the reset, and no event for webauthn:FIDO", 0,
		},
		{
			"a recorded factor has no event, but that of all", recorded, withFactors("reset", "", "sms:OKTA webauthn:FIDO"),
			[]happening{deactivate("e1", "SMS_FACTOR"), {ID: "e2", User: alice, Actor: admin, Request: "req1", Run: runA}},
			Finding{Verdict: Confirmed, Proof: ByRequest, Events: []string{"e1", "e2"}, Factors: []string{"SMS_FACTOR"}},
			"", 0,
		},
		{
			"a recorded Okta Verify goes with its push", recorded, withFactors("reset", "", "push:OKTA signed_nonce:OKTA token:software:totp:OKTA"),
			[]happening{deactivate("e1", "OKTA_VERIFY_PUSH")},
			Finding{Verdict: Confirmed, Proof: ByRequest, Events: []string{"e1"}, Factors: []string{"OKTA_VERIFY_PUSH"}},
			"", 0,
		},
		{
			"a recorded Okta Verify doesn't go with its codes", recorded, withFactors("reset", "", "push:OKTA token:software:totp:OKTA"),
			[]happening{deactivate("e1", "OKTA_SOFT_TOKEN")},
			Finding{Verdict: Missing, Proof: ByRequest, Events: []string{"e1"}, Factors: []string{"OKTA_SOFT_TOKEN"}},
			"no event for push:OKTA", 0,
		},
		{
			"an event that doesn't say which factor went", recorded, withFactors("reset", "", "sms:OKTA webauthn:FIDO"),
			[]happening{deactivate("e1", "SMS_FACTOR"), deactivate("e2", "")},
			Finding{Verdict: Confirmed, Proof: ByRequest, Events: []string{"e1", "e2"}, Factors: []string{"SMS_FACTOR"}},
			"", 0,
		},
		{
			"unknown, and each recorded factor has its event", recorded, withFactors("unknown", "unverified", "sms:OKTA"),
			[]happening{deactivate("e1", "SMS_FACTOR")},
			Finding{Verdict: Confirmed, Proof: ByRequest, Events: []string{"e1"}, Factors: []string{"SMS_FACTOR"}, Settled: true},
			"the log proves the reset", 0,
		},
		{
			"unknown, and one recorded factor has no event", recorded, withFactors("unknown", "incomplete", "sms:OKTA call:OKTA"),
			[]happening{deactivate("e1", "SMS_FACTOR")},
			Finding{Verdict: Unproved, Proof: ByRequest, Events: []string{"e1"}, Factors: []string{"SMS_FACTOR"}},
			"no event for call:OKTA", 0,
		},
		{
			"unknown, and nobody recorded what was there", subject, line(alice, "unknown", "req1"),
			[]happening{deactivate("e1", "SMS_FACTOR")},
			Finding{Verdict: Unproved, Proof: ByRequest, Events: []string{"e1"}, Factors: []string{"SMS_FACTOR"}},
			"single factors that went", 0,
		},
		{
			"by another run of the ledger, hours later", subject, line(alice, "reset", "lost"),
			[]happening{{ID: "e1", User: alice, Actor: admin, Request: "req9", Run: runB, After: time.Hour}},
			Finding{Verdict: Confirmed, Proof: ByRun, Events: []string{"e1"}},
			"", 0,
		},
		{
			"by time", subject, line(alice, "reset", "lost"),
			[]happening{{ID: "e1", User: alice, Actor: admin, Request: "req9", After: 4 * time.Second}},
			Finding{Verdict: Confirmed, Proof: ByTime, Events: []string{"e1"}},
			"", 0,
		},
		{
			"too late for time alone", subject, line(alice, "reset", "lost"),
			[]happening{{ID: "e1", User: alice, Actor: admin, Request: "req9", After: time.Minute}},
			Finding{Verdict: Missing},
			"the log has no reset", 1,
		},
		{
			"in the name of our run, by somebody else", subject, line(alice, "reset", "lost"),
			[]happening{{ID: "e1", User: alice, Actor: other, Request: "req9", Run: runA}},
			Finding{Verdict: Missing},
			"the log has no reset", 1,
		},
		{
			"in the name of our run, by the account of another of our runs", two, line(alice, "reset", "lost"),
			[]happening{{ID: "e1", User: alice, Actor: other, Request: "req9", Run: runA}},
			Finding{Verdict: Missing},
			"the log has no reset", 1,
		},
		{
			"in the name of a run without a recorded account, which sent nothing",
			Subject{Runs: evidence.Runs{}},
			line(alice, "unknown", ""),
			[]happening{{ID: "e1", User: alice, Actor: other, Request: "req9", Run: runA}},
			Finding{Verdict: Unproved},
			"the log has no reset", 1,
		},
		{
			"at that time, by an account that no run used",
			Subject{Runs: evidence.Runs{}},
			line(alice, "reset", "lost"),
			[]happening{{ID: "e1", User: alice, Actor: other, Request: "req9"}},
			Finding{Verdict: Missing},
			"the log has no reset", 1,
		},
		{
			"by a run of another file", subject, line(alice, "reset", "lost"),
			[]happening{{ID: "e1", User: alice, Actor: admin, Request: "req9", Run: "20261122T040000Z-cccccc"}},
			Finding{Verdict: Missing},
			"the log has no reset", 1,
		},
		{
			"another admin, besides", subject, line(alice, "reset", "req1"),
			[]happening{{ID: "e1", User: alice, Actor: admin, Request: "req1", Run: runA}, {ID: "e2", User: alice, Actor: other, Request: "req2"}},
			Finding{Verdict: Confirmed, Proof: ByRequest, Events: []string{"e1"}},
			"", 1,
		},
		{
			"the same account elsewhere, before and after", subject, line(alice, "reset", "req1"),
			[]happening{
				{ID: "e0", User: alice, Actor: admin, Request: "req0", After: -time.Second},
				{ID: "e1", User: alice, Actor: admin, Request: "req1", Run: runA},
				{ID: "e2", User: alice, Actor: admin, Request: "req2", After: time.Second},
				{ID: "e3", Type: oktaclient.EventDeactivate, User: alice, Actor: admin, Request: "req2", After: time.Second, Factor: "SMS_FACTOR"},
			},
			Finding{Verdict: Confirmed, Proof: ByRequest, Events: []string{"e1"}},
			"", 2,
		},
		{
			"people who remove their own factor", subject, line(alice, "reset", "req1"),
			[]happening{
				{ID: "e1", User: alice, Actor: admin, Request: "req1"},
				{ID: "e2", Type: oktaclient.EventDeactivate, User: bob, Actor: bob, Request: "req2", Factor: "SMS_FACTOR"},
			},
			Finding{Verdict: Confirmed, Proof: ByRequest, Events: []string{"e1"}},
			"", 0,
		},
		{
			"twice", subject, line(alice, "reset", "req1"),
			[]happening{{ID: "e1", User: alice, Actor: admin, Request: "req1", Run: runA}, {ID: "e2", User: alice, Actor: admin, Request: "req2", Run: runB}},
			Finding{Verdict: Contradicted, Proof: ByRequest, Events: []string{"e1", "e2"}},
			"the log has 2 resets", 0,
		},
		{
			"several factors, one by one", subject, line(alice, "reset", "req1"),
			[]happening{
				deactivate("e1", "SMS_FACTOR"),
				{ID: "e2", Type: oktaclient.EventDeactivate, User: alice, Actor: admin, Request: "req2", Run: runA, Factor: "CALL_FACTOR"},
			},
			Finding{Verdict: Confirmed, Proof: ByRequest, Events: []string{"e1", "e2"}, Factors: []string{"CALL_FACTOR", "SMS_FACTOR"}},
			"", 0,
		},
		{
			"the log says that it failed", subject, line(alice, "reset", "req1"),
			[]happening{{ID: "e1", User: alice, Actor: admin, Request: "req1", Run: runA, Result: "FAILURE"}},
			Finding{Verdict: Contradicted, Proof: ByRequest, Events: []string{"e1"}},
			"the log says that the reset failed", 0,
		},
		{"nothing happened to a failed row", subject, line(alice, "failed", "req1"), nil, Finding{Verdict: NoEventExpected}, "", 0},
		{
			"a refusal in the log", subject, line(alice, "forbidden", "req1"),
			[]happening{{ID: "e1", User: alice, Actor: admin, Request: "req1", Run: runA, Result: "FAILURE"}},
			Finding{Verdict: NoEventExpected, Proof: ByRequest, Events: []string{"e1"}},
			"", 0,
		},
		{
			"a failed row was reset", subject, line(alice, "failed", "req1"),
			[]happening{{ID: "e1", User: alice, Actor: admin, Request: "req1", Run: runA}},
			Finding{Verdict: Contradicted, Proof: ByRequest, Events: []string{"e1"}},
			"the result says failed", 0,
		},
		{
			"a failed row, and another admin", subject, line(alice, "failed", "req1"),
			[]happening{{ID: "e1", User: alice, Actor: other, Request: "req2"}},
			Finding{Verdict: NoEventExpected},
			"", 1,
		},
		{"nothing recorded, nothing written", recorded, line(alice, "reset", "req1"), nil, Finding{Verdict: NoEventExpected}, "no factor was listed", 0},
		{
			"nothing recorded, and an event", recorded, line(alice, "reset", "req1"),
			[]happening{{ID: "e1", User: alice, Actor: admin, Request: "req1", Run: runA}},
			Finding{Verdict: Confirmed, Proof: ByRequest, Events: []string{"e1"}},
			"", 0,
		},
		{
			"unknown, settled by its run", subject, line(alice, "unknown", ""),
			[]happening{{ID: "e1", User: alice, Actor: admin, Request: "req9", Run: runA, After: time.Minute}},
			Finding{Verdict: Confirmed, Proof: ByRun, Events: []string{"e1"}, Settled: true},
			"the log proves the reset", 0,
		},
		{
			"unknown, and time is no proof", subject, line(alice, "unknown", ""),
			[]happening{{ID: "e1", User: alice, Actor: admin, Request: "req9", After: time.Minute}},
			Finding{Verdict: Unproved, Proof: ByTime, Events: []string{"e1"}},
			"nothing shows that the row's request did it", 0,
		},
		{"unknown, and the log knows nothing", subject, line(alice, "unknown", ""), nil, Finding{Verdict: Unproved}, "no reset", 0},
		{
			"partial: the reset took place", subject, line(alice, "partial", "req1"),
			[]happening{{ID: "e1", User: alice, Actor: admin, Request: "req1", Run: runA}},
			Finding{Verdict: Confirmed, Proof: ByRequest, Events: []string{"e1"}},
			"", 0,
		},
		{"invalid", subject, table.Record{Row: "1", Status: "invalid"}, nil, Finding{Verdict: NoEventExpected}, "", 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a := New(tt.subject)
			if err := a.Row(&tt.row); err != nil {
				t.Fatal(err)
			}
			for _, h := range tt.log {
				e := h.Event(t)
				a.Event(&e)
			}
			got := a.Verdict(0)
			if len(got.Events) > 0 {
				if tt.want.ActorID == "" {
					tt.want.ActorID, tt.want.Actor = admin, admin+"@x"
				}
				tt.want.Login = tt.row.UserID + "@x" // the results have none
			}
			if !strings.Contains(got.Note, tt.note) || tt.note == "" && got.Note != "" {
				t.Errorf("note %q, want %q", got.Note, tt.note)
			}
			if got.First.IsZero() == (len(got.Events) > 0) {
				t.Errorf("first event at %v of %d", got.First, len(got.Events))
			}
			got.Note, got.First = "", time.Time{}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("finding (-want +got):\n%s", diff)
			}
			if strays := a.Strays(); len(strays) != tt.strays {
				t.Errorf("%d strays, want %d: %+v", len(strays), tt.strays, strays)
			}
		})
	}
}

// Of the rows of one user, the one that was worked on has the events.
func TestDuplicateRows(t *testing.T) {
	t.Parallel()
	a := New(Subject{Runs: evidence.Runs{runA: {admin}}})
	for _, r := range []table.Record{line(alice, "skipped", ""), line(alice, "reset", "lost"), line(alice, "skipped", "")} {
		if err := a.Row(&r); err != nil {
			t.Fatal(err)
		}
	}
	e := happening{ID: "e1", User: alice, Actor: admin, Request: "req1", Run: runA}.Event(t)
	a.Event(&e)
	for n, want := range []Verdict{NoEventExpected, Confirmed, NoEventExpected} {
		if got := a.Verdict(n); got.Verdict != want {
			t.Errorf("row %d: %+v, want %s", n+1, got, want)
		}
	}
}

func TestSpan(t *testing.T) {
	t.Parallel()
	at := func(status string, start, end time.Duration) table.Record {
		r := line(alice, status, "")
		r.StartedAt, r.FinishedAt = stamp(began.Add(start)), stamp(began.Add(end))
		return r
	}
	crashed := at("unknown", 0, 0)
	crashed.FinishedAt = ""
	never := at("not_attempted", 0, 0)
	never.StartedAt, never.FinishedAt = "", ""
	tests := []struct {
		name        string
		rows        []table.Record
		from, until time.Duration
	}{
		{"settled rows", []table.Record{at("reset", time.Minute, 2*time.Minute), never, at("failed", 0, time.Second)}, -5 * time.Second, 125 * time.Second},
		{"a lost answer may come late", []table.Record{at("unknown", 0, 20*time.Second)}, -5 * time.Second, 125 * time.Second},
		{"a crash leaves no end", []table.Record{crashed}, -5 * time.Second, 125 * time.Second},
	}
	for _, tt := range tests {
		a := New(Subject{})
		for _, r := range tt.rows {
			if err := a.Row(&r); err != nil {
				t.Fatal(err)
			}
		}
		since, until, ok := a.Span()
		if !ok || !since.Equal(began.Add(tt.from)) || !until.Equal(began.Add(tt.until)) {
			t.Errorf("%s: %v to %v", tt.name, since, until)
		}
	}
	a := New(Subject{})
	if err := a.Row(&never); err != nil {
		t.Fatal(err)
	}
	if _, _, ok := a.Span(); ok {
		t.Error("rows that were never begun have a time")
	}
	damaged := at("reset", 0, 0)
	damaged.StartedAt = "yesterday"
	if err := a.Row(&damaged); err == nil || !strings.Contains(err.Error(), `started_at is "yesterday"`) {
		t.Errorf("Row = %v", err)
	}
}

func TestPackUUID(t *testing.T) {
	t.Parallel()
	m := newMarks()
	for _, id := range []string{"36fe4870-fc8b-ab16-0c80-1ae6fc0bb09e", "", "e1", "36FE4870-fc8b-ab16-0c80-1ae6fc0bb09e", "36fe4870-fc8b-ab16-0c80+1ae6fc0bb09e", strings.Repeat("-", 36)} {
		if got := m.id(m.add(&oktaclient.LogEvent{UUID: id}, new(evidence.Fact), ByTime, 0, 0, -1)); got != id {
			t.Errorf("event ID %q comes back as %q", id, got)
		}
	}
}
