package report

import (
	"cmp"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"oktareset/runner"
)

const (
	// MaxOpen is how many rows of each status that needs attention a page shows: nobody reads
	// more, and the file has them all.
	MaxOpen = 1000
	// MaxRows is how many of all rows a page shows behind its fold: some two megabytes, which a
	// browser searches at once.
	MaxRows = 5000
)

// tally is what a page needs of the rows, in bounded memory.
type tally struct {
	counts  runner.Counts
	reasons map[runner.Status]kinds
	factors kinds // of the users whom the page is about: how many have a factor of each type
	without int   // of these users, how many have no factor listed
	time    *timeline
	open    map[runner.Status][]row // that need attention
	rows    []row                   // of all
	first   time.Time               // started_at and finished_at of the file
	last    time.Time
}

// row is a row as the page shows it.
type row struct {
	N       int
	Status  runner.Status
	Label   string
	Reason  string
	User    string // login, or what the file named
	ID      string
	Given   string // what the file named, when it is neither login nor ID
	Error   string
	Details string // error code, HTTP status, attempts, request ID
	At      string // finished
}

// readRows reads the rows. An error of lines ends it.
func readRows(lines iter.Seq2[Line, error], plan bool) (*tally, error) {
	t := &tally{
		counts: runner.Counts{}, reasons: make(map[runner.Status]kinds), factors: kinds{}, time: newTimeline(),
		open: make(map[runner.Status][]row),
	}
	for line, err := range lines {
		if err != nil {
			return nil, err
		}
		if !slices.Contains(runner.Statuses, runner.Status(line.Record.Status)) {
			return nil, fmt.Errorf("row %d has the status %q, which isn't one", line.Row, line.Record.Status)
		}
		t.add(line, plan)
	}
	for _, rows := range t.open {
		byNumber(rows)
	}
	byNumber(t.rows)
	return t, nil
}

func byNumber(rows []row) {
	slices.SortStableFunc(rows, func(a, b row) int { return cmp.Compare(a.N, b.N) })
}

// add takes in one row.
func (t *tally) add(line Line, plan bool) {
	rec := &line.Record
	s := runner.Status(rec.Status)
	about := s == runner.StatusReset || s == runner.StatusWouldReset
	t.counts[s]++
	if rec.Reason != "" {
		if t.reasons[s] == nil {
			t.reasons[s] = kinds{}
		}
		t.reasons[s].add(rec.Reason)
	}
	if about {
		t.addFactors(strings.Fields(rec.Factors))
	}
	t.addTimes(rec.StartedAt, rec.FinishedAt, about)
	if len(t.rows) < MaxRows {
		t.rows = append(t.rows, newRow(line, plan))
	}
	if !s.OK() && len(t.open[s]) < MaxOpen {
		t.open[s] = append(t.open[s], newRow(line, plan))
	}
}

// addFactors counts a user once for each type of factor.
func (t *tally) addFactors(factors []string) {
	if len(factors) == 0 {
		t.without++
		return
	}
	slices.Sort(factors)
	for _, f := range slices.Compact(factors) {
		t.factors.add(f)
	}
}

// addTimes takes in when a row was worked on. A row that nobody worked on has no times.
func (t *tally) addTimes(started, finished string, about bool) {
	if at, err := time.Parse(time.RFC3339, started); err == nil && (t.first.IsZero() || at.Before(t.first)) {
		t.first = at
	}
	at, err := time.Parse(time.RFC3339, finished)
	if err != nil {
		return
	}
	t.time.add(at, about)
	if at.After(t.last) {
		t.last = at
	}
}

// openRows is how many rows need attention.
func (t *tally) openRows() int {
	n := 0
	for s, k := range t.counts {
		if !s.OK() {
			n += k
		}
	}
	return n
}

// newRow shares no memory with the line.
func newRow(line Line, plan bool) row {
	rec := &line.Record
	r := row{
		N: line.Row, Status: runner.Status(rec.Status), Reason: cell(rec.Reason),
		User: cell(cmp.Or(rec.Login, line.Named, rec.Input)), ID: cell(rec.UserID), Error: cell(rec.Error), At: cell(rec.FinishedAt),
	}
	r.Label = wordsFor(r.Status, plan).label
	if r.User == r.ID {
		r.ID = ""
	}
	if !strings.EqualFold(rec.Input, rec.Login) && rec.Login != "" && rec.Input != rec.UserID {
		r.Given = cell(rec.Input)
	}
	if at, err := time.Parse(time.RFC3339, rec.FinishedAt); err == nil {
		r.At = moment(at)
	}
	r.Details = details(rec.ErrorCode, rec.HTTPStatus, rec.Attempts, rec.RequestID)
	return r
}

// details is as "E0000006, HTTP 403, 1 attempt, request Zx…".
func details(code, http, attempts, request string) string {
	var parts []string
	if code != "" {
		parts = append(parts, cell(code))
	}
	if http != "" {
		parts = append(parts, "HTTP "+cell(http))
	}
	switch attempts {
	case "", "0":
	case "1":
		parts = append(parts, "1 attempt")
	default:
		parts = append(parts, cell(attempts)+" attempts")
	}
	if request != "" {
		parts = append(parts, "request "+cell(request))
	}
	return strings.Join(parts, ", ")
}
