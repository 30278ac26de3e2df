package ledger

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"oktareset/runner"
	"oktareset/runner/journal"
	"oktareset/runner/table"
)

// opened returns the results of the rows whose last line leaves them open, in the order of their
// numbers. A taken row is as [Ledger.Finish] would leave it.
func (r *replay) opened() ([]runner.Result, error) {
	var all []runner.Result
	lines := journal.Reader{Path: r.path, File: r.ledger.file}
	dec := table.NewDecoder(len(r.ledger.columns))
	for i, p := range r.index.places {
		if s := p.status(); s != runner.StatusTaken && !s.Open() {
			continue
		}
		line, err := lines.At(p.offset())
		if err != nil {
			return nil, err
		}
		rec, cells, err := dec.Decode(line.Row)
		if err != nil {
			return nil, fmt.Errorf("read row %d of %q again: %w", i+1, r.path, err)
		}
		res, err := newResult(i+1, &rec, cells)
		if err != nil {
			return nil, damaged(r.path, fmt.Sprintf("row %d: %v", i+1, err))
		}
		res.Open = line.Open
		all = append(all, res)
	}
	return all, nil
}

// newResult makes a result from an open row's last line. It requires user and time: without them
// nothing could ever be proved.
func newResult(row int, rec *table.Record, cells []string) (runner.Result, error) {
	res := runner.Result{
		Row:    runner.Row{N: row, Input: rec.Input, Cells: slices.Clone(cells)},
		UserID: rec.UserID, Login: rec.Login, Status: runner.Status(rec.Status), Reason: runner.Reason(rec.Reason),
		ErrorCode: rec.ErrorCode, RequestID: rec.RequestID, Factors: strings.Fields(rec.Factors), RunID: rec.RunID,
	}
	res.Again, res.Error = runner.SplitAgain(rec.Error)
	if res.UserID == "" {
		return res, fmt.Errorf("it is %s, and its user isn't named", res.Status)
	}
	var err error
	if res.StartedAt, err = time.Parse(time.RFC3339, rec.StartedAt); err != nil {
		return res, fmt.Errorf("its started_at is %q", rec.StartedAt)
	}
	if rec.FinishedAt != "" {
		if res.FinishedAt, err = time.Parse(time.RFC3339, rec.FinishedAt); err != nil {
			return res, fmt.Errorf("its finished_at is %q", rec.FinishedAt)
		}
	}
	if res.HTTPStatus, err = number(rec.HTTPStatus); err != nil {
		return res, fmt.Errorf("its http_status is %q", rec.HTTPStatus)
	}
	if res.Attempts, err = number(rec.Attempts); err != nil {
		return res, fmt.Errorf("its attempts are %q", rec.Attempts)
	}
	return res, nil
}

// readOpen reads what is open in a row from the results of a version without a journal, which
// wrote it into columns with another purpose. If they don't say what became of the request, it
// counts as lost: a wrong guess costs a look, the reverse would cost a second change.
func readOpen(rec *table.Record) runner.Open {
	if !runner.Status(rec.Status).Open() {
		return runner.Open{}
	}
	o := runner.Open{Step: runner.Reason(rec.Reason), Sent: runner.Sent(rec.FactorStatus), Factors: strings.Fields(rec.FactorID)}
	if rec.Status == string(runner.StatusUnknown) {
		o.Step = runner.StepReset
		if len(o.Factors) > 0 {
			o.Step = runner.ReasonUnenroll
		}
	}
	if rec.Status == string(runner.StatusUnknown) || o.Sent != runner.SentNever && o.Sent != runner.Refused {
		o.Sent = runner.Lost
	}
	return o
}

// number reads a cell that may be empty.
func number(cell string) (int, error) {
	if cell == "" {
		return 0, nil
	}
	return strconv.Atoi(cell)
}
