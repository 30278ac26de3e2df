package report

import (
	"time"

	"oktareset/runner"
	"oktareset/runner/results"
	"oktareset/runner/table"
)

// Subject is what a page is about, besides the rows: what the manifest says, and how the file
// agrees with it.
type Subject struct {
	Version   string // of the program that makes the page
	File      string // name of the results or the plan, without folders
	SHA256    string // of its bytes, in hexadecimal; "" unless the run has finished it
	Recorded  string // what SHA256 has to be, by the manifest
	Condition Condition
	Counted   runner.Counts // rows by status, as the run counted them; nil when it didn't get to that
	Apply     string        // the command that resets whom a plan names; "" when there is none

	Incomplete string // why a plan can't be carried out as it is; "" for one that is whole
	Complete   string // the command that completes it; "" when it has to be made again

	Plan     bool // nothing was changed: the rows say what would be
	Sandbox  bool // the org was the stand-in
	Org      string
	Engine   string // identity, classic or ""
	Account  Account
	Ticket   string
	Steps    []string // names of what each row went through, in order
	Planned  []string // of a plan: names of the steps that it left out, because they change something
	Input    Input
	Consent  Consent
	Verified *results.Verified // how the user proved who they are; nil: nobody was asked to, or did
	Runs     []Run             // in the order in which they began
	Columns  []string          // names of the input's columns, of which lines have Cells
	After    *After            // who is back; nil: no list says it
	AnHour   float64           // of a plan: how many users its run can do in an hour; 0: that isn't known
}

// Condition is how a file agrees with its manifest.
type Condition int

// The conditions of a file.
const (
	Intact  Condition = iota // as the run left it
	Changed                  // changed since
)

// Account is the Okta account whose credentials were used.
type Account struct {
	ID    string
	Login string // "" for a service app
}

// Input is the file that named the users.
type Input struct {
	File     string // its name, without folders
	SHA256   string // in hexadecimal
	Bytes    int64
	Rows     int
	Distinct int // distinct valid identifiers
	Column   string
}

// Consent is what allowed the run to change anything. Count, or Min and Max, are numbers of users.
type Consent struct {
	How   string // prompt, confirm, sandbox, none, or "" when it was never given
	Count int
	Min   int
	Max   int
	At    time.Time
}

// Run is one execution of the program over the input.
type Run struct {
	ID          string
	StartedAt   time.Time
	FinishedAt  time.Time // zero: it runs, or it died
	Options     map[string]string
	User        string // who started it, and on which machine
	Host        string
	Stopped     string  // why it ended early; "" when every row was worked on
	Requests    int     // of any kind
	Attempts    int     // of these, those that tried to change somebody
	TooMany     int     // replies 429
	AtOnce      int     // of these, those of the limit on requests at the same time
	SecondsHeld float64 // spent waiting for a rate limit or an outage
	Proof       []Wait  // for proof of lost answers
}

// Wait is a time in which a run waited, by Okta's clock.
type Wait struct{ From, To time.Time }

// Line is what became of one row.
type Line struct {
	Row    int
	Record table.Record
	Cells  []string // of the input's columns; only read before the next line is asked for
}

// Summary is what a page says in short.
type Summary struct {
	Rows int // of the file
	Open int // of these, rows that need attention

	Back    string // how many are back, in words; "": no list says it
	Look    int    // users to look at
	Problem string // why a list that is there isn't shown; ""
}
