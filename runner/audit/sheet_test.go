package audit

import (
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"oktareset/oktaclient"
	"oktareset/runner/evidence"
	"oktareset/runner/table"
)

// Tickets are found by ID, by the login of the results, and by the login that the log has.
func TestTickets(t *testing.T) {
	t.Parallel()
	a := New(Subject{Runs: evidence.Runs{runA: {admin}}})
	for i, user := range []string{alice, strings.ToUpper(bob) + "@x", bob + "@X", "nobody@x.com"} {
		if !a.Ticket(Ticket{Ticket: fmt.Sprintf("INC-%d", i+1), User: user}) {
			t.Fatalf("ticket for %q refused", user)
		}
	}
	if a.Ticket(Ticket{Ticket: "INC-9", User: "me"}) {
		t.Error("a ticket for the reserved word me was accepted")
	}
	rows := []table.Record{line(alice, "reset", "req1"), line(bob, "reset", "req2"), line(other, "reset", "req3"), line("00u0000000000000000d", "failed", "req4")}
	rows[1].Login = bob + "@x"
	for i := range rows {
		if err := a.Row(&rows[i]); err != nil {
			t.Fatal(err)
		}
		e := happening{ID: fmt.Sprint("e", i), User: rows[i].UserID, Actor: admin, Request: rows[i].RequestID, Result: []string{"", "", "", "FAILURE"}[i]}.Event(t)
		a.Event(&e)
	}
	var b strings.Builder
	out, err := table.NewSheet(&b, Columns)
	if err != nil {
		t.Fatal(err)
	}
	s := a.NewSheet(out, 0)
	for i := range rows {
		if err := s.Row(&rows[i], nil); err != nil {
			t.Fatal(err)
		}
	}
	counts, err := s.Finish()
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, l := range strings.Split(strings.TrimSpace(b.String()), "\n")[1:] {
		cells := strings.Split(l, ",")
		got = append(got, strings.Join(cells[len(cells)-3:len(cells)-1], " "))
	}
	want := []string{"INC-1 found", "INC-2 INC-3 found", " no_ticket", " ", "INC-4 no_reset"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("tickets (-want +got):\n%s", diff)
	}
	if counts.NoTicket != 1 || counts.NoReset != 1 || counts.OK() || counts.Tickets != 4 {
		t.Errorf("counts %+v", counts)
	}
}

// An audit shows the first lines that need attention, and counts the others.
func TestMoreExamples(t *testing.T) {
	t.Parallel()
	a := New(Subject{Runs: evidence.Runs{runA: {admin}}})
	rows := make([]table.Record, maxExamples+2)
	for i := range rows {
		rows[i] = line(fmt.Sprintf("00u%017d", i), "reset", fmt.Sprint("req", i))
		if err := a.Row(&rows[i]); err != nil {
			t.Fatal(err)
		}
	}
	out, err := table.NewSheet(io.Discard, Columns)
	if err != nil {
		t.Fatal(err)
	}
	s := a.NewSheet(out, 0)
	for i := range rows {
		if err := s.Row(&rows[i], nil); err != nil {
			t.Fatal(err)
		}
	}
	if c, err := s.Finish(); err != nil || len(c.Worst) != maxExamples || c.More != 2 {
		t.Errorf("%d examples and %d more of %d missing, %v", len(c.Worst), c.More, c.Verdicts[Missing], err)
	}
}

// A stray says whether all factors went: an Okta Verify is a single factor, however many events it
// has.
func TestStrayNote(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		want    string
		uri     string
		factors []string
	}{
		{"lost a single factor", "", []string{"SIGNED_NONCE", "OKTA_VERIFY_PUSH", "OKTA_SOFT_TOKEN"}},
		{"lost a single factor", "", []string{"SMS_FACTOR"}},
		{"was reset", "", []string{"SMS_FACTOR", "CALL_FACTOR"}},
		{"was reset", "", []string{"OKTA_VERIFY_PUSH", "OKTA_SOFT_TOKEN", "SMS_FACTOR"}},
		{"was reset", "/api/v1/users/" + alice + "/lifecycle/reset_factors", []string{"SMS_FACTOR"}},
	} {
		a := New(Subject{})
		for i, factor := range tt.factors {
			e := happening{ID: fmt.Sprint("e", i), Type: oktaclient.EventDeactivate, User: alice, Actor: other, Request: "req1", URI: tt.uri, Factor: factor}.Event(t)
			a.Event(&e)
		}
		strays := a.Strays()
		if len(strays) != 1 || !strings.HasPrefix(strays[0].note(), "this user "+tt.want+" by "+other+"@x") {
			t.Errorf("%q: %+v, want one who %s", tt.factors, strays, tt.want)
		}
	}
}
