package audit

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"oktareset/runner/access"
	"oktareset/runner/console"
	"oktareset/runner/progress"
)

// The lists of the usual service desks are taken as they are.
func TestDesks(t *testing.T) {
	t.Parallel()
	const id = "00u1abcdefghijklmnop"
	for name, tt := range map[string]struct {
		text    string
		o       TicketOptions
		ticket  string // as it stands in its column; "": refused
		user    string
		message string // part of the error
	}{
		"ServiceNow":               {text: "number,caller_id,short_description\nINC1,a@x,lost\n", ticket: "INC1", user: "a@x"},
		"ServiceNow, by labels":    {text: "Number,Caller,Short description\nINC1,a@x,lost\n", ticket: "INC1", user: "a@x"},
		"ServiceNow, addresses":    {text: "number,caller_id,caller_id.email\nINC1,Ann Lee,a@x\n", ticket: "INC1", user: "a@x"},
		"ServiceNow, names":        {text: "number,caller_id.user_name\nINC1,a@x\n", ticket: "INC1", user: "a@x"},
		"ServiceNow's requests":    {text: "Number,Requested for\nRITM1,a@x\n", ticket: "RITM1", user: "a@x"},
		"ServiceNow's others":      {text: "Number,Affected user\nINC1,a@x\n", ticket: "INC1", user: "a@x"},
		"Jira":                     {text: "Summary,Issue key,Issue id,Reporter,Reporter Id\nlost,IT-7,10007,a@x,5f7c\n", ticket: "IT-7", user: "a@x"},
		"Jira, addresses":          {text: "Key,Reporter,Reporter Email\nIT-7,Ann@home,a@x\n", ticket: "IT-7", user: "a@x"},
		"Zendesk":                  {text: "Id,Requester,Requester id,Requester email,Subject\n4711,Ann Lee,99,a@x,lost\n", ticket: "4711", user: "a@x"},
		"Zendesk's views":          {text: "Ticket ID,Requester Email,Created\n4711,a@x,2026-11-26\n", ticket: "4711", user: "a@x"},
		"Freshservice":             {text: "Ticket Id,Requester Name,Requester Email\n7,Ann Lee,a@x\n", ticket: "7", user: "a@x"},
		"ServiceDesk Plus":         {text: "RequestID,Subject,Requester\n7,lost,a@x\n", ticket: "7", user: "a@x"},
		"by hand":                  {text: "ticket,login\nCHG-1,a@x\n", ticket: "CHG-1", user: "a@x"},
		"by hand, a number sign":   {text: "Ticket #;User ID\n7;" + id + "\n", ticket: "7", user: id},
		"an ID that is the user's": {text: "id,key\n" + id + ",IT-7\n", ticket: "IT-7", user: id},
		"columns by name":          {text: "No.,Betroffen,key\nX1,a@x,2\n", o: TicketOptions{Column: "no", UserColumn: "betroffen"}, ticket: "X1", user: "a@x"},
		"the exact one of two":     {text: "No,no,login\n1,2,a@x\n", o: TicketOptions{Column: "no"}, ticket: "2", user: "a@x"},
		"names of people":          {text: "Id,Requester\n4711,Ann Lee\n", message: `"Ann Lee" is no Okta user ID and no address, and neither is any other cell of column "Requester"`},
		"no tickets":               {text: "caller,subject\na@x,lost\n", message: `no column of tickets beside that of the users, "caller": there are ["subject"]`},
		"one column":               {text: "caller\na@x\n", message: `has no column but "caller"`},
		"a column that isn't":      {text: "key,caller\n1,a@x\n", o: TicketOptions{Column: "No"}, message: `no column "No" beside that of the users, "caller": there are ["key"]`},
		"the users' own column":    {text: "key,caller\n1,a@x\n", o: TicketOptions{Column: "caller"}, message: `no column "caller" beside that of the users, "caller"`},
	} {
		path := filepath.Join(t.TempDir(), "tickets.csv")
		if err := os.WriteFile(path, []byte(tt.text), 0o600); err != nil {
			t.Fatal(err)
		}
		tt.o.File = path
		got, err := ticketsIn(t, tt.o)
		switch {
		case tt.message != "" && (err == nil || !strings.Contains(err.Error(), tt.message)):
			t.Errorf("%s: %v, want %s", name, err, tt.message)
		case tt.message == "" && (err != nil || got != tt.ticket+" "+tt.user):
			t.Errorf("%s: %q, %v, want %s %s", name, got, err, tt.ticket, tt.user)
		}
	}
}

// ticketsIn returns the tickets of a list and their users.
func ticketsIn(t *testing.T, o TicketOptions) (string, error) {
	t.Helper()
	f, place, err := openTickets(t.Context(), o)
	if err != nil {
		return "", err
	}
	defer f.Close()
	if w := f.Warnings(); len(w) > 0 {
		t.Errorf("%s: warnings %q", o.File, w)
	}
	var all []string
	for row, err := range f.Rows() {
		if err != nil {
			return "", err
		}
		all = append(all, row.Cells[place], row.Input)
	}
	return strings.Join(all, " "), nil
}

// A list without a single ticket is refused: it would let every reset pass.
func TestNoTickets(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "tickets.csv")
	for text, want := range map[string]bool{"ticket,login\nticket,login\n": false, "ticket,login\n": false, "ticket,login\nINC-1,a@x\n": true} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		r := &run{Env: &access.Env{Console: console.New(progress.NewScreen(io.Discard), console.Options{})}, opts: Options{Tickets: TicketOptions{File: path}}, audit: New(Subject{})}
		if err := r.readTickets(t.Context()); (err == nil) != want || err != nil && !strings.Contains(err.Error(), "no rows under the header") {
			t.Errorf("%q: %v", text, err)
		}
	}
}
