package results

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"
	"time"

	"oktareset/runner"
	"oktareset/runner/table"
)

// AfterStatus is what became of a user after the reset. The set is closed.
type AfterStatus string

// The statuses of a list of who is back.
const (
	AfterBack    AfterStatus = "back"    // has a factor again
	AfterLookAt  AfterStatus = "look_at" // has one, too, and something about it needs a look
	AfterNotYet  AfterStatus = "not_yet" // has none yet
	AfterUnknown AfterStatus = "unknown" // neither the log nor the list of factors can tell
)

// AfterStatuses are all of them, the best first.
var AfterStatuses = []AfterStatus{AfterBack, AfterLookAt, AfterNotYet, AfterUnknown}

// AfterReason says why somebody needs a look. The set is closed.
type AfterReason string

// The reasons, the worst first.
const (
	ByAnother      AfterReason = "enrolled_by_another" // somebody else than the user enrolled the factor
	SharedAddress  AfterReason = "shared_address"      // several users enrolled from one address, which isn't theirs
	NewCountry     AfterReason = "new_country"         // the user hasn't signed in from there before
	SeveralDevices AfterReason = "several_devices"     // in a few minutes
	AdminConsole   AfterReason = "admin_console"       // was opened right after the enrollment
)

// AfterByList is the detail about somebody who is back by the list of factors alone: nobody knows
// whom to look at.
const AfterByList = "by the list of factors, which says nothing of who enrolled it and from where"

// Place is where a request came from, by the log; "" for what the log doesn't say.
type Place struct{ IP, City, Country string }

// String returns a text as "203.0.113.66 (Singapore, Singapore)".
func (p Place) String() string {
	where := strings.Join(slices.DeleteFunc([]string{p.City, p.Country}, func(s string) bool { return s == "" }), ", ")
	switch {
	case where == "":
		return p.IP
	case p.IP == "":
		return where
	}
	return p.IP + " (" + where + ")"
}

// AfterLine is a line of a list of who is back.
type AfterLine struct {
	Row     int
	Login   string
	UserID  string
	Status  AfterStatus
	Reasons []AfterReason
	Factor  string // as TYPE:PROVIDER; several with a space; ""
	At      time.Time
	From    Place
	Detail  string
	AsOf    time.Time // the org was asked
}

// Cells returns the line as it is in the file, before the cells of the input.
func (l *AfterLine) Cells() []string {
	reasons := make([]string, len(l.Reasons))
	for i, reason := range l.Reasons {
		reasons[i] = string(reason)
	}
	return []string{
		strconv.Itoa(l.Row), l.Login, l.UserID, string(l.Status), strings.Join(reasons, " "), l.Factor, table.TimeText(l.At),
		l.From.IP, l.From.City, l.From.Country, l.Detail, l.AsOf.UTC().Format(table.TimeFormat), "",
	}
}

// afterSlack is how far apart two programs may read the server's clock, which shows whole seconds.
const afterSlack = 2 * time.Second

// outdated reports whether a run has worked on the line's row since the org was asked: then the
// line says nothing about its user any more. So it does if the row has no time.
func (l *AfterLine) outdated(rec *table.Record) bool {
	done, err := time.Parse(time.RFC3339, cmp.Or(rec.FinishedAt, rec.StartedAt))
	return err != nil || done.After(l.AsOf.Add(afterSlack))
}

// The reasons why a list of who is back says nothing about its results.
var (
	// ErrAfterOthers is the error for a list that isn't of the users whom the results have changed.
	ErrAfterOthers = errors.New("it doesn't have the same users")
	// ErrAfterStale is the error for a list with a line that is outdated.
	ErrAfterStale = errors.New("a run has changed a row since")
)

// AfterMatch judges a list of who is back while the rows of its results are read. The list has the
// same order. It must be of all users whom the results have changed, of nobody else, and not older.
type AfterMatch struct {
	next     func() (AfterLine, error, bool)
	stop     func()
	recorded bool
	ahead    *AfterLine // the next line of the list; nil: there is none
	asOf     time.Time
	err      error
}

// MatchAfter begins to read the lines of a list of results with these steps. The caller must call
// [AfterMatch.End].
func MatchAfter(lines iter.Seq2[AfterLine, error], steps []string) *AfterMatch {
	m := &AfterMatch{recorded: Recorded(steps)}
	m.next, m.stop = iter.Pull2(lines)
	m.advance()
	return m
}

// advance reads the next line of the list.
func (m *AfterMatch) advance() {
	line, err, ok := m.next()
	switch {
	case err != nil:
		m.fail(err)
	case ok:
		m.ahead = &line
	default:
		m.ahead = nil
	}
}

func (m *AfterMatch) fail(err error) {
	m.err, m.ahead = cmp.Or(m.err, err), nil
	m.stop()
}

// Line returns the list's line of a row, or nil if it has none or is wrong.
func (m *AfterMatch) Line(row int, rec *table.Record) *AfterLine {
	if m.err != nil {
		return nil
	}
	l := m.ahead
	listed := l != nil && l.Row == row
	switch may := MayBeAway(rec, m.recorded); {
	case listed && may && l.UserID == rec.UserID && l.outdated(rec):
		m.fail(ErrAfterStale)
	case listed && may && l.UserID == rec.UserID:
		if m.asOf.IsZero() || l.AsOf.Before(m.asOf) {
			m.asOf = l.AsOf
		}
		m.advance()
		return l
	case listed || may:
		m.fail(ErrAfterOthers)
	}
	return nil
}

// End is called after the last row. It returns since when the oldest line holds, zero for an empty
// list, and what is wrong with the list.
func (m *AfterMatch) End() (asOf time.Time, err error) {
	if m.ahead != nil {
		m.fail(ErrAfterOthers)
	}
	m.stop()
	return m.asOf, m.err
}

// AfterList is the list of who is back, of results whose input has these columns.
func AfterList(path string, m *Manifest, input []string) *List {
	return NewList(path, m, table.AfterColumns, input)
}

// ScanAfter yields the lines of a list of who is back. The last error is that of [List.Scan].
func (l *List) ScanAfter(ctx context.Context) iter.Seq2[AfterLine, error] {
	return func(yield func(AfterLine, error) bool) {
		for cells, err := range l.Scan(ctx) {
			var line AfterLine
			if err == nil {
				line, err = parseAfter(cells)
			}
			if !yield(line, err) || err != nil {
				return
			}
		}
	}
}

// parseAfter is the inverse of [AfterLine.Cells].
func parseAfter(cells []string) (l AfterLine, err error) {
	l = AfterLine{
		Login: cells[1], UserID: cells[2], Status: AfterStatus(cells[3]), Factor: cells[5], From: Place{cells[7], cells[8], cells[9]}, Detail: cells[10],
	}
	for reason := range strings.FieldsSeq(cells[4]) {
		l.Reasons = append(l.Reasons, AfterReason(reason))
	}
	if l.Row, err = strconv.Atoi(cells[0]); err != nil {
		return l, fmt.Errorf("the row number is %q", cells[0])
	}
	if !slices.Contains(AfterStatuses, l.Status) {
		return l, fmt.Errorf("row %d has the status %q, which isn't one", l.Row, l.Status)
	}
	if cells[6] != "" {
		if l.At, err = time.Parse(time.RFC3339, cells[6]); err != nil {
			return l, fmt.Errorf("row %d: %w", l.Row, err)
		}
	}
	if l.AsOf, err = time.Parse(time.RFC3339, cells[11]); err != nil {
		return l, fmt.Errorf("row %d: %w", l.Row, err)
	}
	return l, nil
}

// Recorded reports whether each row of a run with these steps has the factors that it was to
// remove: one without any had none of them to lose.
func Recorded(steps []string) bool {
	return slices.Contains(steps, runner.StepRecordFactors) || slices.Contains(steps, runner.StepChooseFactors)
}

// MayBeAway reports whether a row's user may have to come back: the row removed factors, or may
// have. recorded is what [Recorded] reports.
func MayBeAway(rec *table.Record, recorded bool) bool {
	return runner.Status(rec.Status).MayBeChanged() && rec.UserID != "" && !(recorded && rec.Factors == "")
}
