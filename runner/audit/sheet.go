package audit

import (
	"cmp"
	"strings"
	"time"

	"oktareset/runner/evidence"
	"oktareset/runner/table"
)

// Columns are the columns of an audit, in order: first what the results say about a row, then what
// the log says. The input's own columns follow them.
var Columns = table.AuditColumns

// The words of the column ticket_verdict: whether a list of tickets has the reset.
const (
	TicketFound = "found"
	NoTicket    = "no_ticket" // a reset without a ticket
	NoReset     = "no_reset"  // a ticket without a reset
)

// Counts is the outcome of an audit.
type Counts struct {
	Verdicts   map[Verdict]int `json:"verdicts"`                // rows, and under unexplained the strays
	Settled    int             `json:"settled"`                 // rows that are unknown in the results, and certain by the log
	Tickets    int             `json:"tickets,omitempty"`       // in the list; 0: there is none
	Verified   int             `json:"verified,omitempty"`      // rows whose user's verification the log has
	OtherLogin int             `json:"other_login,omitempty"`   // rows whose user has another login in the log than in the results
	NoTicket   int             `json:"without_ticket"`          // resets without one
	NoReset    int             `json:"tickets_without_a_reset"` // tickets without one
	Worst      []Example       `json:"examples,omitempty"`      // the first few that need attention
	More       int             `json:"more,omitempty"`          // that need attention, too
}

// Example is a line of the audit that needs attention.
type Example struct {
	Row     string `json:"row,omitempty"` // "": no row
	User    string `json:"user"`
	Verdict string `json:"verdict"`
	Note    string `json:"note"`
}

// maxExamples is how many lines are shown besides the file: enough to see what is wrong.
const maxExamples = 10

// OK reports whether everything is confirmed and explained.
func (c *Counts) OK() bool {
	for v, n := range c.Verdicts {
		if n > 0 && !v.OK() {
			return false
		}
	}
	return c.NoTicket == 0 && c.NoReset == 0
}

// Sheet writes an audit: a line for each row of the results in their order, then a line for each
// stray, then a line for each ticket without a reset.
type Sheet struct {
	audit  *Audit
	out    *table.Sheet
	counts Counts
	n      int
	extra  int // the input's own columns
}

// NewSheet begins to write an audit whose log was read. With a list of tickets every reset needs
// one. extra is how many columns of its own the input has in the results.
func (a *Audit) NewSheet(out *table.Sheet, extra int) *Sheet {
	return &Sheet{audit: a, out: out, extra: extra, counts: Counts{Verdicts: make(map[Verdict]int), Tickets: len(a.tickets.all)}}
}

// Row writes the next line of the results, with the cells of the input's own columns.
func (s *Sheet) Row(rec *table.Record, extra []string) error {
	f := s.audit.Verdict(s.n)
	took := s.audit.took(s.n, &f)
	s.n++
	s.counts.Verdicts[f.Verdict]++
	if f.Settled {
		s.counts.Settled++
	}
	if f.Verified {
		s.counts.Verified++
	}
	var ids []string
	verdict := ""
	if took && s.counts.Tickets > 0 {
		ids, verdict = s.ticket(s.audit.ticketsOf(rec, f.Login))
	}
	login := cmp.Or(rec.Login, f.Login)
	if f.Login != "" && rec.Login != "" {
		s.counts.OtherLogin++
		f.Note = strings.TrimPrefix(f.Note+"; the log calls this user "+f.Login, "; ")
	}
	if !f.Verdict.OK() || verdict == NoTicket {
		s.example(Example{Row: rec.Row, User: cmp.Or(f.Login, rec.Login, rec.Input, rec.UserID), Verdict: worse(f.Verdict, verdict), Note: f.Note})
	}
	return s.write(extra,
		rec.Row, rec.Input, rec.UserID, login, rec.Status, rec.Reason, rec.RequestID, rec.StartedAt, rec.FinishedAt, rec.RunID, rec.Ticket,
		string(f.Verdict), f.Note, f.Proof.String(), strings.Join(f.Events, " "), stamp(f.First), f.ActorID, f.Actor, strings.Join(f.Factors, " "),
		strings.Join(ids, " "), verdict, "",
	)
}

// write writes a line. The columns of the input are empty if the line belongs to no row.
func (s *Sheet) write(extra []string, cells ...string) error {
	if extra == nil {
		extra = make([]string, s.extra)
	}
	return s.out.Write(append(cells, extra...))
}

// Finish writes the lines that belong to no row, and returns the outcome of the audit.
func (s *Sheet) Finish() (Counts, error) {
	for _, stray := range s.audit.Strays() {
		if err := s.stray(&stray); err != nil {
			return s.counts, err
		}
	}
	for _, t := range s.audit.openTickets() {
		s.counts.NoReset++
		s.example(Example{User: t.User, Verdict: NoReset, Note: "ticket " + t.Ticket})
		line := make([]string, len(Columns))
		line[1], line[len(line)-3], line[len(line)-2] = t.User, t.Ticket, NoReset
		if err := s.write(nil, line...); err != nil {
			return s.counts, err
		}
	}
	return s.counts, s.out.Flush()
}

func (s *Sheet) stray(x *Stray) error {
	s.counts.Verdicts[Unexplained]++
	var ids []string
	verdict := ""
	if s.counts.Tickets > 0 {
		ids, verdict = s.ticket(s.audit.ticketsOfStray(x))
	}
	s.example(Example{User: cmp.Or(x.User.Login(), x.User.ID), Verdict: string(Unexplained), Note: x.note()})
	return s.write(nil,
		"", "", x.User.ID, x.User.Login(), "", "", "", "", "", x.RunID, "",
		string(Unexplained), x.note(), "", strings.Join(x.Events, " "), stamp(x.At), x.Actor.ID, evidence.ActorName(x.Actor), strings.Join(x.Factors, " "),
		strings.Join(ids, " "), verdict, "",
	)
}

// note says what was done, and who did it.
func (x *Stray) note() string {
	what := "lost a single factor"
	if x.Whole || evidence.Several(x.Factors) {
		what = "was reset"
	}
	text := "this user " + what + " by " + cmp.Or(evidence.ActorName(x.Actor), x.Actor.ID)
	if x.RunID != "" {
		text += ", in the name of the run " + x.RunID
	}
	return text + ", and no row explains it"
}

// ticket counts a reset by whether the list of tickets has it.
func (s *Sheet) ticket(ids []string) ([]string, string) {
	if len(ids) > 0 {
		return ids, TicketFound
	}
	s.counts.NoTicket++
	return nil, NoTicket
}

func (s *Sheet) example(e Example) {
	if len(s.counts.Worst) == maxExamples {
		s.counts.More++
		return
	}
	s.counts.Worst = append(s.counts.Worst, e)
}

// worse returns the verdict of a row or, if it is OK, the verdict of its tickets.
func worse(v Verdict, ticket string) string {
	if v.OK() {
		return ticket
	}
	return string(v)
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(table.TimeFormat)
}
