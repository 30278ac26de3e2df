package ledger

import (
	"bytes"
	"cmp"
	"fmt"
	"strconv"
	"strings"
	"time"

	"oktareset/runner"
	"oktareset/runner/journal"
	"oktareset/runner/results"
	"oktareset/runner/table"
)

// inDoubt is the error text of a row that was taken and has no result.
const inDoubt = "the change may have been sent, and no answer is known"

// Take records that the row is taken and returns once that is synced. Until a result follows, the
// step may have been done.
//
// User and time are required: without them nobody could find out later what became of the row.
func (l *Ledger) Take(row runner.Row, t runner.Taken) error {
	if t.UserID == "" || t.At.IsZero() {
		return fmt.Errorf("take row %d: user %q at %q: both are needed", row.N, t.UserID, formatTime(t.At))
	}
	open := runner.Open{Step: t.Step, Sent: runner.Lost, Factors: t.Targets}
	rec := l.record(row, runner.StatusUnknown)
	rec.UserID, rec.Login, rec.StartedAt = t.UserID, cmp.Or(t.Login, rec.Login), formatTime(t.At)
	rec.Reason, rec.Error = string(runner.ReasonUnverified), runner.JoinAgain(t.Tried.Again, inDoubt)
	// For a first change it isn't known that anything is done.
	if step := runner.StepOf(open.Step); step.Changes && !step.First {
		rec.Status = string(runner.StatusPartial)
	}
	writeOpen(&rec, open)
	rec.RunID, rec.Factors = strings.TrimSpace(t.Earlier+" "+l.runID), strings.Join(t.Factors, " ")
	if t.Tried.Attempts > 0 { // the number of attempts under this taking isn't known
		rec.Attempts = strconv.Itoa(t.Tried.Attempts)
	}
	return l.add(row, journal.Taken, runner.StatusTaken, open, &rec)
}

// Settle records the row's result. It returns at once, unless 1 MiB of lines waits for the disk.
// A row may be settled again: its last line counts. An open result (unknown or partial) needs
// user and time, as Take does.
func (l *Ledger) Settle(r runner.Result) error {
	if r.Status.Open() && (r.UserID == "" || r.StartedAt.IsZero()) {
		return fmt.Errorf("settle row %d as %s: user %q at %q: both are needed", r.Row.N, r.Status, r.UserID, formatTime(r.StartedAt))
	}
	// if Sent is missing, the request counts as lost: a wrong guess costs a look, the reverse
	// would cost a second change
	switch {
	case !r.Status.Open():
		r.Open = runner.Open{}
	case r.Open.Sent == "":
		r.Open.Sent = runner.Lost
	}
	rec := l.resultRecord(&r)
	return l.add(r.Row, journal.Settled, r.Status, r.Open, &rec)
}

// lineWriter renders lines into memory that is reused.
type lineWriter struct {
	enc  *table.Encoder
	text []byte
}

// appendLine appends the text of a line of the journal.
func (w *lineWriter) appendLine(dst []byte, event string, open runner.Open, rec *table.Record, cells []string) ([]byte, error) {
	dst, err := w.enc.Append(journal.AppendOpen(dst, event, open), rec, cells)
	if err == nil {
		dst[len(dst)-1] = ',' // replaces the newline of the row's line
	}
	return dst, err
}

// add renders a line and hands it to the committer, which copies it. It waits if the line takes a
// row.
func (l *Ledger) add(row runner.Row, event string, s runner.Status, open runner.Open, rec *table.Record) error {
	if err := l.clear(); err != nil {
		return err
	}
	w := l.lines.Get().(*lineWriter) //nolint:errcheck,forcetypeassert // the pool makes nothing else
	defer l.lines.Put(w)
	var err error
	if w.text, err = w.appendLine(w.text[:0], event, open, rec, row.Cells); err != nil {
		return err
	}
	return l.commits.add(row.N, s, w.text, event == journal.Taken)
}

// Unwritten returns, after a [*WriteError], the settled lines of the results that may not be on
// the disk, later ones included. A row whose result isn't on the disk is in doubt after a resume,
// or wasn't begun.
func (l *Ledger) Unwritten() []byte {
	var rows []byte
	for text := range bytes.Lines(l.commits.unwritten()) {
		if line, err := journal.Parse(text[:len(text)-journal.SumLength]); err == nil && line.Event == journal.Settled {
			rows = append(rows, line.Row...)
		}
	}
	return rows
}

// record returns the cells that all lines of a row have.
func (l *Ledger) record(row runner.Row, s runner.Status) table.Record {
	return table.Record{
		Row: strconv.Itoa(row.N), Input: row.Input, Login: row.Login, Status: string(s), RunID: l.runID, Ticket: l.ticket,
	}
}

func (l *Ledger) resultRecord(r *runner.Result) table.Record {
	rec := l.record(r.Row, r.Status)
	rec.RunID = cmp.Or(r.RunID, l.runID)
	rec.UserID, rec.Login, rec.Reason = r.UserID, cmp.Or(r.Login, rec.Login), string(r.Reason)
	if r.HTTPStatus != 0 {
		rec.HTTPStatus = strconv.Itoa(r.HTTPStatus)
	}
	rec.ErrorCode, rec.Error, rec.RequestID = r.ErrorCode, runner.JoinAgain(r.Again, r.Error), r.RequestID
	rec.Attempts = strconv.Itoa(r.Attempts)
	rec.StartedAt, rec.FinishedAt = formatTime(r.StartedAt), formatTime(r.FinishedAt)
	rec.Factors = strings.Join(r.Factors, " ")
	rec.FactorID, rec.FactorStatus = r.FactorID, r.FactorStatus
	if r.Status.Open() {
		writeOpen(&rec, r.Open)
	}
	return rec
}

// writeOpen writes what is open in a row into its line of the results, for people. The step is in
// reason, except for unknown rows, where it is the row's first change. The outcome of the request
// is in factor_status. The factors still to unenroll are in factor_id: an open row has no new
// factor.
func writeOpen(rec *table.Record, o runner.Open) {
	rec.FactorID, rec.FactorStatus = strings.Join(o.Factors, " "), ""
	if rec.Status == string(runner.StatusPartial) {
		rec.Reason, rec.FactorStatus = string(o.Step), string(o.Sent)
	}
}

// formatTime returns t in the ledger's form, "" for no time. It cuts off the rest of the
// millisecond: a row is never taken later than its first attempt.
func formatTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return results.Stamp(t).Format(table.TimeFormat)
}
