package table

import (
	"fmt"
	"slices"
	"time"

	"github.com/gocarina/gocsv"
)

// Columns are the columns of our files, in order. The input's own follow them.
var Columns = []string{
	"row", "input", "user_id", "login", "status", "reason", "http_status", "error_code", "error", "attempts", "request_id",
	"started_at", "finished_at", "factors", "factor_id", "factor_status", "run_id", "ticket",
}

// VerifiedColumns follow [Columns] in the results of a run that verifies its user before the reset:
// by which factor, and when. Whether a run did that, its manifest says.
var VerifiedColumns = []string{"verified_by", "verified_at"}

// Record is a row of our files as text, unescaped, its fields in the order of [Columns].
type Record struct {
	Row          string `csv:"row"` // number of the input's data line
	Input        string `csv:"input"`
	UserID       string `csv:"user_id"`
	Login        string `csv:"login"`
	Status       string `csv:"status"`
	Reason       string `csv:"reason"`
	HTTPStatus   string `csv:"http_status"`
	ErrorCode    string `csv:"error_code"`
	Error        string `csv:"error"`
	Attempts     string `csv:"attempts"`
	RequestID    string `csv:"request_id"`
	StartedAt    string `csv:"started_at"` // RFC 3339, UTC, milliseconds; so is FinishedAt
	FinishedAt   string `csv:"finished_at"`
	Factors      string `csv:"factors"`
	FactorID     string `csv:"factor_id"`
	FactorStatus string `csv:"factor_status"`
	RunID        string `csv:"run_id"`
	Ticket       string `csv:"ticket"`
}

// Cells returns the fields in the order of [Columns].
func (r *Record) Cells() []string {
	return []string{
		r.Row, r.Input, r.UserID, r.Login, r.Status, r.Reason, r.HTTPStatus, r.ErrorCode, r.Error, r.Attempts, r.RequestID, r.StartedAt, r.FinishedAt,
		r.Factors, r.FactorID, r.FactorStatus, r.RunID, r.Ticket,
	}
}

// ResetAt returns when the row's user was reset, to within the run: a resume that does the later
// steps keeps started_at, and finished_at is that of the last try.
func (r *Record) ResetAt() (time.Time, error) {
	at, err := time.Parse(time.RFC3339, r.StartedAt)
	if err != nil {
		return at, fmt.Errorf("its started_at is %q", r.StartedAt)
	}
	return at, nil
}

// Ours reports whether a header begins with exactly our [Columns].
func Ours(header []string) bool {
	return len(header) >= len(Columns) && slices.Equal(header[:len(Columns)], Columns)
}

// cellWriter is the [gocsv.CSVWriter] that escapes the cells of one row and keeps them.
type cellWriter struct{ cells []string }

func (w *cellWriter) Write(row []string) error {
	w.cells = appendEscaped(w.cells[:0], row)
	return nil
}

func (w *cellWriter) Flush()       {}
func (w *cellWriter) Error() error { return nil }

func appendEscaped(dst, cells []string) []string {
	for _, c := range cells {
		dst = append(dst, Escape(c))
	}
	return dst
}

// marshal lets gocsv put a record, in the order of its tags, into w. It is handed over by
// value, as an array of one: of what it gets by reference, gocsv copies every field to look at
// its type.
func marshal(rec *Record, w *cellWriter) error {
	return gocsv.MarshalCSVWithoutHeaders([1]Record{*rec}, w)
}

// unmarshal is the inverse of [marshal] by position. gocsv takes eight times as long, with an
// allocation a field.
func unmarshal(cells []string) Record {
	var c [18]string
	for i := range c {
		c[i] = Unescape(cells[i])
	}
	return Record{
		Row: c[0], Input: c[1], UserID: c[2], Login: c[3], Status: c[4], Reason: c[5], HTTPStatus: c[6], ErrorCode: c[7], Error: c[8],
		Attempts: c[9], RequestID: c[10], StartedAt: c[11], FinishedAt: c[12], Factors: c[13], FactorID: c[14], FactorStatus: c[15],
		RunID: c[16], Ticket: c[17],
	}
}
