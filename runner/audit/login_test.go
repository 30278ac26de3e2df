package audit

import (
	"encoding/csv"
	"strings"
	"testing"

	"oktareset/runner/evidence"
	"oktareset/runner/table"
)

// The log names whom the results don't name, and contradicts what an input has claimed beside an
// ID; tickets go by the log's login then. The input's own columns follow, whatever they are called.
func TestLogins(t *testing.T) {
	t.Parallel()
	a := New(Subject{Runs: evidence.Runs{runA: {admin}}})
	for _, ticket := range []Ticket{{Ticket: "INC-1", User: alice + "@x"}, {Ticket: "INC-2", User: "claimed@x"}} {
		a.Ticket(ticket)
	}
	rows := []table.Record{line(alice, "reset", "req1"), line(bob, "reset", "req2"), line(other, "reset", "req3")}
	rows[1].Login, rows[2].Login = "claimed@x", strings.ToUpper(other)+"@x"
	for i := range rows {
		if err := a.Row(&rows[i]); err != nil {
			t.Fatal(err)
		}
		e := happening{ID: "e" + rows[i].RequestID, User: rows[i].UserID, Actor: admin, Request: rows[i].RequestID}.Event(t)
		a.Event(&e)
	}
	var b strings.Builder
	out, err := table.NewSheet(&b, table.Beside(Columns, []string{"Team", "Verdict", "input.verdict"}))
	if err != nil {
		t.Fatal(err)
	}
	s := a.NewSheet(out, 3)
	for i := range rows {
		if err := s.Row(&rows[i], []string{"=A", "x", "y"}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.Finish(); err != nil {
		t.Fatal(err)
	}
	got, err := csv.NewReader(strings.NewReader(b.String())).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	n := len(Columns)
	if header := strings.Join(got[0][n:], " "); header != "Team input.Verdict input.input.verdict" {
		t.Errorf("the input's columns are %q", header)
	}
	const login, note, ticket = 3, 12, 19
	for i, want := range []struct{ login, note, ticket, team string }{
		{alice + "@x", "", "INC-1", "'=A"},
		{"claimed@x", "the log calls this user " + bob + "@x", "", "'=A"},
		{strings.ToUpper(other) + "@x", "", "", "'=A"},
		{"", "", "INC-2", ""}, // the ticket of a user whom the log doesn't know
	} {
		l := got[i+1]
		if l[login] != want.login || l[note] != want.note || l[ticket] != want.ticket || l[n] != want.team {
			t.Errorf("line %d: login %q, note %q, tickets %q, team %q, want %q", i+1, l[login], l[note], l[ticket], l[n], want)
		}
	}
}
