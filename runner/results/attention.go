package results

import (
	"cmp"
	"slices"

	"oktareset/runner"
	"oktareset/runner/table"
)

// mostCases is how many rows of each status are kept, and how many of all are told.
const mostCases = 10

// worstFirst are the statuses that need attention: first who may have been changed and isn't done,
// then who wasn't changed.
var worstFirst = []runner.Status{
	runner.StatusUnknown, runner.StatusPartial, runner.StatusFailed, runner.StatusForbidden, runner.StatusNotAttempted,
	runner.StatusNotFound, runner.StatusInvalid,
}

// WorstFirst returns the statuses that need attention, the worst first.
func WorstFirst() []runner.Status { return slices.Clone(worstFirst) }

// Case is a row that needs attention.
type Case struct {
	Row    int           `json:"row"`
	Line   int           `json:"line"` // of the input
	Who    string        `json:"who"`  // the login, as far as it is known, else what the row has; "" for an empty cell
	Status runner.Status `json:"status"`
	Reason runner.Reason `json:"reason,omitempty"`
	Text   string        `json:"text"` // why, in plain words
}

// Attention is the rows that need it, the worst first.
type Attention struct {
	Cases []Case `json:"cases"`
	More  int    `json:"more"` // rows besides these
}

// Notices gathers the first rows of each status that needs attention, whichever run settled them.
// However many rows there are, it keeps a few.
type Notices struct {
	cases   map[runner.Status][]Case
	stopped int // rows that weren't attempted for a reason of their own
}

// Wants reports whether a row of a status is still to be told. Rows that weren't attempted are told
// all: only their errors say whether that is for a reason of their own.
func (n *Notices) Wants(s runner.Status) bool {
	return slices.Contains(worstFirst, s) && (s == runner.StatusNotAttempted || len(n.cases[s]) < mostCases)
}

// Add keeps a row, if there is room for it.
func (n *Notices) Add(row runner.Row, rec *table.Record) {
	s := runner.Status(rec.Status)
	if s == runner.StatusNotAttempted {
		if rec.Error == "" { // the run ended first: what goes on with it is said anyway
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

// Attention is what was gathered, of rows that ended as counts says.
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

// Reread gathers the rows of results that nothing is left to do of, and that ended as counts says.
// What it can't read it leaves out: the counts are known.
func Reread(path string, counts runner.Counts) Attention {
	var n Notices
	if !counts.OK() {
		for e, err := range Scan(path) {
			if err != nil {
				break
			}
			if n.Wants(e.Status) {
				n.Add(runner.Row{N: e.Row, Input: e.Record.Input}, &e.Record)
			}
		}
	}
	return n.Attention(counts)
}
