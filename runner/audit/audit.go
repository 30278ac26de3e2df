package audit

import (
	"fmt"
	"hash/maphash"
	"slices"
	"strings"
	"time"

	"oktareset/runner"
	"oktareset/runner/evidence"
	"oktareset/runner/results"
	"oktareset/runner/table"
)

// lateTime is how long after a row was taken a request whose answer was lost may still have taken
// effect.
const lateTime = 2 * time.Minute

// Subject is what the manifest says about the results.
type Subject struct {
	Runs     evidence.Runs     // that wrote them
	Verified *results.Verified // how a user proved who they are; nil: not known
	Recorded bool              // each row's factors were listed before they were reset: a row without any had none
}

// Audit is one audit of one results file. It is not safe for concurrent use.
type Audit struct {
	subject Subject
	seed    maphash.Seed
	rows    []row
	byUser  map[string]int32 // the user's first row
	marks   marks
	byTime  []loose
	first   time.Time // of all rows that were worked on
	last    time.Time
	strays  []Stray
	byKey   map[string]int // place of a stray by user and request
	tickets tickets

	// how the users of rows were verified, by the place of the row; nil: the row should say it
	verified map[int32]*verification
}

// claim says what was done to the user, by the result.
type claim uint8

const (
	nothing claim = iota // certainly no factor was removed
	perhaps              // unknown
	done                 // factors were removed
)

// row is what an audit keeps of a line of the results.
type row struct {
	claim     claim
	status    runner.Status // one of a few strings
	noFactors bool          // none were listed
	part      bool          // the run found that only a part of the reset was done
	factors   uint32        // the factors that must be gone, in the words of the results: place in marks.texts
	from, to  int64         // when its events may have been published, in milliseconds since 1970
	request   uint64        // hash of its request ID; 0: none
	login     uint64        // hash of its login; 0: none
	next      int32         // another row of the same user; -1: none
	marks     int32         // its newest event; -1: none
}

// New begins an audit.
func New(s Subject) *Audit {
	return &Audit{
		subject: s, seed: maphash.MakeSeed(), byUser: make(map[string]int32), byKey: make(map[string]int),
		marks: newMarks(), tickets: newTickets(), verified: make(map[int32]*verification),
	}
}

// Row records the next line of the results. An error says what in the line can't be understood.
func (a *Audit) Row(rec *table.Record) error {
	r := row{status: status(rec.Status), next: -1, marks: -1, noFactors: a.subject.Recorded && rec.Factors == "", request: a.hash(rec.RequestID), login: loginHash(rec.Login)}
	r.part = rec.Reason == string(runner.ReasonIncomplete)
	switch r.status {
	case runner.StatusReset, runner.StatusPartial:
		r.claim = done
	case runner.StatusUnknown:
		r.claim = perhaps
	}
	// Without recorded factors, the results only have those that were to be unenrolled. If the row
	// is partial because of unenroll, some of these aren't gone.
	if (a.subject.Recorded || r.claim == perhaps) && rec.Reason != string(runner.ReasonUnenroll) {
		r.factors = a.marks.keep(strings.Clone(rec.Factors))
	}
	if err := a.span(&r, rec); err != nil {
		return fmt.Errorf("row %s: %w", rec.Row, err)
	}
	if len(a.rows) == 1<<31-1 {
		return fmt.Errorf("row %s: more rows than can be audited", rec.Row)
	}
	place := int32(len(a.rows))
	a.rows = append(a.rows, r)
	if rec.UserID == "" {
		return nil
	}
	first, ok := a.byUser[rec.UserID]
	if !ok {
		a.byUser[strings.Clone(rec.UserID)] = place
		return nil
	}
	a.rows[place].next, a.rows[first].next = a.rows[first].next, place
	return nil
}

// status returns a text as one of the constants, so that a million rows don't keep a million texts.
func status(text string) runner.Status {
	if i := slices.Index(runner.Statuses, runner.Status(text)); i >= 0 {
		return runner.Statuses[i]
	}
	return runner.Status(text)
}

// span finds the time in which the run worked on the row. A row without a user, or one that was
// never begun, isn't part of the run's time.
func (a *Audit) span(r *row, rec *table.Record) error {
	if rec.UserID == "" || rec.StartedAt == "" && r.claim == nothing {
		return nil
	}
	start, err := time.Parse(time.RFC3339, rec.StartedAt)
	if err != nil {
		return fmt.Errorf("its started_at is %q", rec.StartedAt)
	}
	end := start
	if rec.FinishedAt != "" {
		if end, err = time.Parse(time.RFC3339, rec.FinishedAt); err != nil {
			return fmt.Errorf("its finished_at is %q", rec.FinishedAt)
		}
	}
	if late := start.Add(lateTime); r.claim == perhaps && late.After(end) {
		end = late
	}
	start, end = start.Add(-evidence.ClockSlack), end.Add(evidence.ClockSlack)
	r.from, r.to = start.UnixMilli(), end.UnixMilli()
	if a.first.IsZero() || start.Before(a.first) {
		a.first = start
	}
	if end.After(a.last) {
		a.last = end
	}
	return nil
}

// Span returns the time for which the log is read. It reports false if the run worked on no row.
func (a *Audit) Span() (since, until time.Time, ok bool) { return a.first, a.last, !a.first.IsZero() }

// Done returns how many rows say that factors were removed, or may have been.
func (a *Audit) Done() int {
	n := 0
	for i := range a.rows {
		if a.rows[i].claim != nothing {
			n++
		}
	}
	return n
}

// hash returns the hash that an audit keeps of a request ID, 0 for none.
func (a *Audit) hash(id string) uint64 {
	if id == "" {
		return 0
	}
	return max(1, maphash.String(a.seed, id))
}
