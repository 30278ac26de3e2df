package ledger

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"oktareset/runner"
	"oktareset/runner/table"
)

// Doubt is a row of which no run knows whether its user was changed: its last line is taken or unknown.
type Doubt struct {
	Row        runner.Row    // its Line is 0: the ledger doesn't have it
	Taken      runner.Taken  // for unknown, At is started_at
	RunID      string        // of the run that took the row
	Status     runner.Status // taken or unknown
	RequestID  string        // this and what follows: as in [runner.Result], empty for taken
	HTTPStatus int
	ErrorCode  string
	Error      string
	Attempts   int
	Factors    []string
	FinishedAt time.Time // zero when it isn't known
}

// doubts returns the rows whose last line leaves them in doubt, in the order of their numbers.
func (r *replay) doubts() ([]Doubt, error) {
	if rows := r.index.rows(); rows[runner.StatusTaken]+rows[runner.StatusUnknown] == 0 {
		return nil, nil
	}
	var all []Doubt
	lines := lineReader{file: r.ledger.file}
	dec := table.NewDecoder(len(r.ledger.columns))
	for i, m := range r.index.marks {
		if s := m.status(); s != runner.StatusTaken && s != runner.StatusUnknown {
			continue
		}
		line, err := lines.at(m.offset())
		if err != nil {
			return nil, err
		}
		rec, cells, err := dec.Decode(line)
		if err != nil {
			return nil, fmt.Errorf("read row %d of %q again: %w", i+1, r.ledger.path, err)
		}
		d, err := newDoubt(i+1, m.status(), &rec, cells)
		if err != nil {
			return nil, &DamageError{Path: r.ledger.path, Message: fmt.Sprintf("row %d: %v", i+1, err), Hint: hintOriginal}
		}
		all = append(all, d)
	}
	return all, nil
}

// newDoubt makes a doubt of a row's last line. Without the user and the time nothing could ever be proved.
func newDoubt(row int, s runner.Status, rec *table.Record, cells []string) (Doubt, error) {
	d := Doubt{
		Row:   runner.Row{N: row, Input: rec.Input, Cells: slices.Clone(cells)},
		Taken: runner.Taken{UserID: rec.UserID, Login: rec.Login},
		RunID: rec.RunID, Status: s, RequestID: rec.RequestID, ErrorCode: rec.ErrorCode, Error: rec.Error,
		Factors: strings.Fields(rec.Factors),
	}
	if d.Taken.UserID == "" {
		return Doubt{}, fmt.Errorf("it is %s, and its user isn't named", s)
	}
	var err error
	if d.Taken.At, err = time.Parse(time.RFC3339, rec.StartedAt); err != nil {
		return Doubt{}, fmt.Errorf("its started_at is %q", rec.StartedAt)
	}
	if rec.FinishedAt != "" {
		if d.FinishedAt, err = time.Parse(time.RFC3339, rec.FinishedAt); err != nil {
			return Doubt{}, fmt.Errorf("its finished_at is %q", rec.FinishedAt)
		}
	}
	if d.HTTPStatus, err = number(rec.HTTPStatus); err != nil {
		return Doubt{}, fmt.Errorf("its http_status is %q", rec.HTTPStatus)
	}
	if d.Attempts, err = number(rec.Attempts); err != nil {
		return Doubt{}, fmt.Errorf("its attempts are %q", rec.Attempts)
	}
	return d, nil
}

// number reads a cell that may be empty.
func number(cell string) (int, error) {
	if cell == "" {
		return 0, nil
	}
	return strconv.Atoi(cell)
}
