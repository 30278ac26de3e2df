package report

import (
	"cmp"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"oktareset/runner"
	"oktareset/runner/table"
)

const (
	// MaxOpen is how many rows of each status that needs attention a page shows: nobody reads
	// more, and the file has them all.
	MaxOpen = 1000
	// MaxRows is how many of all rows a page shows behind its fold, and of a plan those that would be
	// reset: some two megabytes, which a browser searches at once.
	MaxRows = 5000
	// MaxPrinted is how many people a plan lists on paper, some six pages in three columns, and without
	// a fold on the screen.
	MaxPrinted = 1000
)

// tally is what a page needs of the rows, in bounded memory.
type tally struct {
	plan    bool
	people  people
	counts  runner.Counts
	reasons map[runner.Status]kinds
	factors kinds // of the users whom the page is about: how many have a factor of each type
	without int   // of these users, how many have no factor listed
	time    *timeline
	open    map[runner.Status][]row // of a result: rows that need attention; of a plan: all that aren't reset
	rows    []row                   // of a result: all; of a plan: those that would be reset
	first   time.Time               // started_at and finished_at of the file
	last    time.Time
	back    *back // nil: no list says who is back
}

// row is a row as the page shows it.
type row struct {
	N       int
	Status  runner.Status
	Label   string
	User    string // login, or what the file named
	Name    string // of the person
	ID      string
	Given   string   // what the file named, when it is neither login nor ID
	Cells   []string // of the input
	Factors string   // that were listed
	Why     string   // it has its status; "" where there is nothing to say
	Details string   // error code, HTTP status, attempts, request ID
	At      string   // when it began, which is when its user was reset
}

// readRows reads the rows. An error of lines ends it.
func readRows(lines iter.Seq2[Line, error], s *Subject) (*tally, error) {
	t := &tally{
		plan: s.Plan, people: newPeople(s.Columns),
		counts: runner.Counts{}, reasons: make(map[runner.Status]kinds), factors: kinds{}, time: newTimeline(),
		open: make(map[runner.Status][]row), back: newBack(s),
	}
	if t.back != nil {
		defer t.back.end()
	}
	for line, err := range lines {
		if err != nil {
			return nil, err
		}
		if !slices.Contains(runner.Statuses, runner.Status(line.Record.Status)) {
			return nil, fmt.Errorf("row %d has the status %q, which isn't one", line.Row, line.Record.Status)
		}
		t.add(line)
	}
	for _, rows := range t.open {
		byNumber(rows)
	}
	byNumber(t.rows)
	t.nameAll()
	return t, nil
}

// nameAll names those rows by login that have only an ID, if another row has the login.
func (t *tally) nameAll() {
	names := make(map[string]string)
	all := append(slices.Collect(maps.Values(t.open)), t.rows)
	for _, rows := range all {
		for i := range rows {
			if r := &rows[i]; r.ID != "" {
				names[r.ID] = r.User
			}
		}
	}
	for _, rows := range all {
		for i := range rows {
			if name, ok := names[rows[i].User]; ok {
				rows[i].User, rows[i].ID, rows[i].Given = name, rows[i].User, ""
			}
		}
	}
}

func byNumber(rows []row) {
	slices.SortStableFunc(rows, func(a, b row) int { return cmp.Compare(a.N, b.N) })
}

// add counts one row.
func (t *tally) add(line Line) {
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
	t.addTimes(rec, about)
	if t.back != nil {
		t.back.add(line.Row, rec, func(login string) row {
			named := line
			named.Record.Login = cmp.Or(rec.Login, login)
			return t.newRow(named)
		})
	}
	if (!t.plan || about) && len(t.rows) < MaxRows {
		t.rows = append(t.rows, t.newRow(line))
	}
	if (!s.OK() || t.plan && !about) && len(t.open[s]) < MaxOpen {
		t.open[s] = append(t.open[s], t.newRow(line))
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

// addTimes notes when a row was worked on. A row that nobody worked on has no times.
func (t *tally) addTimes(rec *table.Record, about bool) {
	reset, err := rec.ResetAt()
	if err != nil {
		return
	}
	if t.first.IsZero() || reset.Before(t.first) {
		t.first = reset
	}
	t.time.add(reset, about)
	if at, err := time.Parse(time.RFC3339, rec.FinishedAt); err == nil && at.After(t.last) {
		t.last = at
	}
}

// newRow shares no memory with the line.
func (t *tally) newRow(line Line) row {
	rec, w := &line.Record, t.people.who(line.Cells)
	r := row{
		N: line.Row, Status: runner.Status(rec.Status), User: cell(cmp.Or(rec.Login, w.named, rec.Input)), ID: cell(rec.UserID),
		Name: shown(w.name, maxName), Factors: strings.Join(plainFactors(strings.Fields(rec.Factors)), ", "), Why: cell(why(rec)), At: cell(rec.StartedAt),
	}
	for _, c := range w.cells {
		r.Cells = append(r.Cells, shown(c, maxName))
	}
	r.Label = wordsFor(r.Status, t.plan).label
	if r.User == r.ID {
		r.ID = ""
	}
	if !strings.EqualFold(rec.Input, rec.Login) && rec.Login != "" && rec.Input != rec.UserID {
		r.Given = cell(rec.Input)
	}
	if at, err := rec.ResetAt(); err == nil {
		r.At = moment(at)
	}
	if !r.Status.OK() {
		r.Details = details(rec.ErrorCode, rec.HTTPStatus, rec.Attempts, rec.RequestID)
	}
	if r.Status == runner.StatusUnknown && rec.Error != "" { // what is known besides that the answer was lost
		r.Details = strings.TrimSuffix(cell(rec.Error)+" · "+r.Details, " · ")
	}
	return r
}

// Person is what the input says of who it is, as "Ada Lovelace · Engineering".
func (r *row) Person() string {
	parts := append([]string{r.Name}, r.Cells[:min(1, len(r.Cells))]...)
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), " · ")
}

// details is as "E0000006 · HTTP 403 · request Zx…".
func details(code, http, attempts, request string) string {
	var parts []string
	if code != "" {
		parts = append(parts, cell(code))
	}
	if http != "" {
		parts = append(parts, "HTTP "+cell(http))
	}
	if n, err := strconv.Atoi(attempts); err == nil && n > 1 {
		parts = append(parts, "tried "+count(n, "time"))
	}
	if request != "" {
		parts = append(parts, "request "+cell(request))
	}
	return strings.Join(parts, " · ")
}
