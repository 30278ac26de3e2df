package watch

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"oktareset/oktaclient"
	"oktareset/testdata/logevent"
)

// lines are what resets come to: user, whether all factors went, how many events.
type foldLine struct {
	User    string
	All     bool
	Factors []string
	Main    string
}

func foldLines(resets []Reset) []foldLine {
	var list []foldLine
	for i := range resets {
		r := &resets[i]
		list = append(list, foldLine{r.Main().User().ID, r.All(), r.Factors(), r.Main().UUID})
	}
	return list
}

func TestFold(t *testing.T) {
	t.Parallel()
	off := func(id, user, actor, request, factor string) happening {
		return happening{ID: id, Type: oktaclient.EventDeactivate, User: user, Actor: actor, Request: request, Factor: factor}
	}
	all := func(id, user, request string) happening {
		return happening{ID: id, User: user, Actor: admin, Request: request}
	}
	verify := []string{"SIGNED_NONCE", "OKTA_VERIFY_PUSH", "OKTA_SOFT_TOKEN"}
	console := off("e1", alice, admin, "req1", "SMS_FACTOR")
	console.URI = "/api/v1/users/" + alice + "/lifecycle/reset_factors"
	failed := all("e1", alice, "req1")
	failed.Result = "FAILURE"
	tests := []struct {
		name  string
		pages [][]happening
		want  []foldLine
	}{
		{"Classic Engine", [][]happening{{all("e1", alice, "req1")}}, []foldLine{{alice, true, []string{}, "e1"}}},
		{
			"Identity Engine, the sum last, over two pages",
			[][]happening{{off("e1", alice, admin, "req1", "SMS_FACTOR")}, {all("e2", alice, "req1")}},
			[]foldLine{{alice, true, []string{"SMS_FACTOR"}, "e2"}},
		},
		{
			"two users by one request are two resets, in order",
			[][]happening{{all("e1", bob, "req1"), all("e2", alice, "req1")}},
			[]foldLine{{bob, true, []string{}, "e1"}, {alice, true, []string{}, "e2"}},
		},
		{
			"one Okta Verify is one factor",
			[][]happening{{off("e1", alice, admin, "req1", verify[0]), off("e2", alice, admin, "req1", verify[1]), off("e3", alice, admin, "req1", verify[2])}},
			[]foldLine{{alice, false, verify, "e1"}},
		},
		{
			"two factors by one request are a reset, whatever else the log says",
			[][]happening{{off("e1", alice, admin, "req1", verify[0]), off("e2", alice, admin, "req1", "SMS_FACTOR")}},
			[]foldLine{{alice, true, []string{verify[0], "SMS_FACTOR"}, "e1"}},
		},
		{
			"unless they are the user's own doing",
			[][]happening{{off("e1", alice, alice, "req1", verify[0]), off("e2", alice, alice, "req1", "SMS_FACTOR")}},
			[]foldLine{{alice, false, []string{verify[0], "SMS_FACTOR"}, "e1"}},
		},
		{"a single factor by a reset", [][]happening{{console}}, []foldLine{{alice, true, []string{"SMS_FACTOR"}, "e1"}}},
		{"what failed didn't happen", [][]happening{{failed}}, nil},
		{
			"an event that comes late to a reset isn't another one",
			[][]happening{{all("e1", alice, "req1")}, {}, {}, {off("e2", alice, admin, "req1", "SMS_FACTOR")}},
			[]foldLine{{alice, true, []string{}, "e1"}},
		},
		{
			"a sum that comes late to a single factor is a reset",
			[][]happening{{off("e2", alice, admin, "req1", "SMS_FACTOR")}, {}, {}, {all("e1", alice, "req1")}},
			[]foldLine{{alice, false, []string{"SMS_FACTOR"}, "e2"}, {alice, true, []string{}, "e1"}},
		},
		{
			"without a request each event stands alone",
			[][]happening{{all("e1", alice, ""), all("e2", alice, "")}},
			[]foldLine{{alice, true, []string{}, "e1"}, {alice, true, []string{}, "e2"}},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var f Fold
			var got []Reset
			for _, page := range tt.pages {
				var records []oktaclient.LogRecord
				for _, h := range page {
					records = append(records, h.Record(t))
				}
				got = append(got, f.Add(records)...)
			}
			got = append(got, f.End()...)
			if diff := cmp.Diff(tt.want, foldLines(got)); diff != "" {
				t.Errorf("resets (-want +got):\n%s", diff)
			}
			if f.Pending() {
				t.Error("some reset isn't over")
			}
		})
	}
}

// A reset waits for one more page, and its events are open until then.
func TestFoldWaitsForAPage(t *testing.T) {
	t.Parallel()
	var f Fold
	if got := f.Add([]oktaclient.LogRecord{happening{ID: "e1", User: alice, Actor: admin, Request: "r"}.Record(t)}); len(got) > 0 || !f.Open("e1") || f.Open("e2") {
		t.Errorf("over at once: %+v", got)
	}
	if got := f.Add(nil); len(got) != 1 || f.Open("e1") || f.Pending() {
		t.Errorf("not over after another page: %+v", got)
	}
}

// The time of a line is written as in the event, zeros included.
func TestTimeOfALine(t *testing.T) {
	t.Parallel()
	var p printer
	r := Reset{Records: []oktaclient.LogRecord{happening{ID: "e1", User: alice, Actor: admin, After: 900 * time.Millisecond}.Record(t)}}
	if got := p.line(oktaclient.OrgURL{}, &r).DateAndTime; got != "2026-11-22T04:00:00.900Z" {
		t.Errorf("dateAndTime %s", got)
	}
}

const (
	alice = "00u0000000000000000a"
	bob   = "00u0000000000000000b"
	admin = "00uadmin000000000000"
)

// happening is an event of the log.
type happening = logevent.Event
