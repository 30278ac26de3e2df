package results

import (
	"cmp"
	"context"
	"slices"

	"oktareset/runner"
	"oktareset/runner/table"
)

// mostCases is how many rows of each status are kept, and how many are shown in all.
const mostCases = 10

// worstFirst are the statuses that need attention: first users who may have been changed and
// aren't done, then users who weren't changed.
var worstFirst = []runner.Status{
	runner.StatusUnknown, runner.StatusPartial, runner.StatusFailed, runner.StatusForbidden, runner.StatusNotAttempted,
	runner.StatusNotFound, runner.StatusInvalid,
}

// WorstFirst returns the statuses that need attention, the worst first.
func WorstFirst() []runner.Status { return slices.Clone(worstFirst) }

// Case is a row that needs attention.
type Case struct {
	Row  int `json:"row"`
	Line int `json:"line"` // of the input, or of the results if the input isn't at hand any more
	// the login if known, else the cell of the row; "" if that is empty
	Who    string        `json:"who"`
	Status runner.Status `json:"status"`
	Reason runner.Reason `json:"reason,omitempty"`
	Text   string        `json:"text"` // why, in plain words
}

// Attention is the rows that need attention, the worst first.
type Attention struct {
	Cases []Case `json:"cases"`
	More  int    `json:"more"` // further rows
}

// Notices collects the first rows of each status that needs attention, whichever run settled
// them. It keeps only a few, however many rows there are.
type Notices struct {
	Enrolls bool // users get a new factor: those who have to activate it are counted

	cases   map[runner.Status][]Case
	stopped int // rows that weren't attempted for a reason of their own
	pending int // rows whose new factor waits until its user activates it
}

// Pending is how many rows have a new factor that its user still has to activate.
func (n *Notices) Pending() int { return n.pending }

// Wants reports whether another row of a status is of interest. For rows that weren't attempted
// it is always true: only their errors say whether they had a reason of their own.
func (n *Notices) Wants(s runner.Status) bool {
	return n.Enrolls && s == runner.StatusReset || slices.Contains(worstFirst, s) && (s == runner.StatusNotAttempted || len(n.cases[s]) < mostCases)
}

// Add keeps a row, if there is room for it.
func (n *Notices) Add(row runner.Row, rec *table.Record) {
	s := runner.Status(rec.Status)
	if s.OK() {
		if rec.Reason == string(runner.ReasonPending) {
			n.pending++
		}
		return
	}
	if s == runner.StatusNotAttempted {
		if rec.Error == "" { // the run ended first: the summary already names the next command
			return
		}
		n.stopped++
	}
	if len(n.cases[s]) == mostCases {
		return
	}
	if n.cases == nil {
		n.cases = make(map[runner.Status][]Case)
	}
	n.cases[s] = append(n.cases[s], Case{
		Row: row.N, Line: row.Line, Who: cmp.Or(rec.Login, row.Login, row.Input), Status: s, Reason: runner.Reason(rec.Reason), Text: Plain(rec),
	})
}

// Attention returns the collected rows. counts are the final statuses of all rows.
func (n *Notices) Attention(counts runner.Counts) Attention {
	var a Attention
	total := 0
	for _, s := range worstFirst {
		a.Cases = append(a.Cases, n.cases[s]...)
		if s == runner.StatusNotAttempted {
			total += n.stopped
		} else {
			total += counts[s]
		}
	}
	a.Cases = a.Cases[:min(len(a.Cases), mostCases)]
	a.More = total - len(a.Cases)
	return a
}

// Line returns on which line of the results a row is: below the header, as no cell has a line
// break.
func Line(row int) int { return row + 1 }

// Reread collects the rows of settled results, whose final statuses are counts. It leaves out
// what it can't read: the counts are known.
func Reread(path string, counts runner.Counts) Attention {
	var n Notices
	if !counts.OK() {
		for e, err := range Scan(context.Background(), path) { // after a signal, too
			if err != nil {
				break
			}
			if n.Wants(e.Status) {
				n.Add(runner.Row{N: e.Row, Line: Line(e.Row), Input: e.Record.Input}, &e.Record)
			}
		}
	}
	return n.Attention(counts)
}
