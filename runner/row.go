package runner

import (
	"iter"
	"time"
)

// Row is one data line of the input.
type Row struct {
	N     int    // number of the data line; 1 is the first under the header
	Line  int    // the file's line on which the row starts; 1 is the first
	Input string // the identifier as in the file, without surrounding spaces
	// the file's name for a user that it names by ID; only for people to read, "" if there is
	// none
	Login string
	Cells []string // the row's other cells, in the order of the input's other columns

	Header bool // the row repeats the file's header, as in files that were joined
}

// Identifier returns the user that the row names, by [ParseIdentifier]. A header names nobody.
func (r Row) Identifier() (Identifier, Reason) {
	if r.Header {
		return Identifier{}, ReasonMalformed
	}
	return ParseIdentifier(r.Input)
}

// Job is a row to be worked on.
type Job struct {
	Row   Row
	First int // the first row with this identifier; the row itself unless it is a duplicate

	// Before is the open result of earlier attempts at this row; nil if there is none. Its user
	// is the target: the row isn't identified again. Before.Open says with which step the row
	// continues. A reset in doubt is sent again only if it is proved that nothing was done, or if
	// Retry allows it.
	Before *Result
	Retry  bool  // somebody has allowed to do a reset in doubt a second time
	Tried  Tried // what earlier runs did to a row that has nothing open now
}

// Jobs makes jobs of rows, in order, and claims each row's identifier for the first row that
// names it.
func Jobs(rows iter.Seq2[Row, error], seen *Seen) iter.Seq2[Job, error] {
	return func(yield func(Job, error) bool) {
		for row, err := range rows {
			j := Job{Row: row, First: row.N}
			if id, reason := row.Identifier(); err == nil && reason == "" {
				j.First = seen.Claim(id, row.N)
			}
			if !yield(j, err) {
				return
			}
		}
	}
}

// Again makes jobs of open results.
func Again(rows []Result) iter.Seq2[Job, error] {
	return func(yield func(Job, error) bool) {
		for _, res := range rows {
			if !yield(Job{Row: res.Row, First: res.Row.N, Before: &res}, nil) {
				return
			}
		}
	}
}

// Taken says that the first attempt to change a target may have been sent.
type Taken struct {
	UserID string
	Login  string // "" if the row names an ID and nobody looked it up
	// by the server's clock, never later than the first attempt whose fate isn't known
	At time.Time
	// the step that may have been sent, as the reason of a partial row; "": the reset, which
	// comes first
	Step    Reason
	Factors []string // as in [Result]
	Targets []string // IDs of the factors to unenroll in this step
	Tried   Tried    // what was done to the row before
	// earlier runs that took the row and whose attempts' fate isn't known, as in [Result.RunID]
	Earlier string
}

// Result is what became of a row. Each row has exactly one.
type Result struct {
	Row          Row
	UserID       string // "" until the row is identified
	Login        string // Okta's spelling; "" if nobody looked it up
	Status       Status
	Reason       Reason
	HTTPStatus   int    // of the last reply; 0 if there was none
	ErrorCode    string // Okta's errorCode, as E0000007
	Error        string // the text for a person, besides Again
	Attempts     int    // requests that tried to change the target, refused ones included
	RequestID    string // x-okta-request-id of the last reply
	StartedAt    time.Time
	FinishedAt   time.Time
	Factors      []string // TYPE:PROVIDER of each factor listed before the change
	FactorID     string   // of the factor enrolled for the target
	FactorStatus string
	Open         Open   // what isn't known to be done; only for unknown and partial rows
	Again        string // when and why the reset, or an activation link, was sent again; "": it wasn't
	// the run that took the row, or several with spaces between; "": the run that settles it
	RunID string
}

// Status is the class of a result. The set is closed: every input row ends in exactly one of
// [Statuses].
type Status string

// The statuses.
const (
	StatusReset      Status = "reset"       // Okta said so, or it was proved later
	StatusWouldReset Status = "would_reset" // dry run: nothing speaks against it
	StatusSkipped    Status = "skipped"     // left alone on purpose
	StatusPartial    Status = "partial"     // the change began, but a later step isn't done
	StatusInvalid    Status = "invalid"     // the row names no user that Okta may be asked for
	StatusNotFound   Status = "not_found"   // no such user
	StatusForbidden  Status = "forbidden"   // Okta doesn't let this caller reset this user
	StatusFailed     Status = "failed"      // refused, or it couldn't be sent; certainly not reset
	// sent, but the answer was lost, and nothing proves either outcome
	StatusUnknown      Status = "unknown"
	StatusNotAttempted Status = "not_attempted" // the run stopped first; certainly nothing was done

	// StatusTaken occurs only in the journal of an unfinished run.
	StatusTaken Status = "taken"
)

// Statuses lists every status that finished results may have, best news first.
var Statuses = []Status{
	StatusReset, StatusWouldReset, StatusSkipped, StatusPartial, StatusInvalid, StatusNotFound,
	StatusForbidden, StatusFailed, StatusUnknown, StatusNotAttempted,
}

// OK reports whether a row with this status needs no attention. The exit code is 0 only if every
// row is OK.
func (s Status) OK() bool {
	return s == StatusReset || s == StatusWouldReset || s == StatusSkipped
}

// Open reports whether every later run continues a row with this status: it may have been
// changed, and isn't done.
func (s Status) Open() bool { return s == StatusUnknown || s == StatusPartial }

// MayBeChanged reports whether the user of a row with this status was or may have been changed.
func (s Status) MayBeChanged() bool {
	return s == StatusReset || s == StatusTaken || s.Open()
}

// Open reports whether any counted row isn't done and is left to a later run.
func (c Counts) Open() bool {
	return c[StatusNotAttempted]+c[StatusPartial]+c[StatusUnknown]+c[StatusTaken] > 0
}

// Reason refines a status. The set is closed.
type Reason string

// Why a row has its status.
const (
	// reset: the answer was lost, but the System Log proves the reset
	ReasonVerified Reason = "verified"
	ReasonPending  Reason = "pending" // reset: the user still has to activate the new factor

	ReasonExcluded  Reason = "excluded" // skipped
	ReasonDuplicate Reason = "duplicate"
	ReasonSelf      Reason = "self"
	// reset lately by another result, with nothing enrolled since
	ReasonRecent        Reason = "recent"
	ReasonAdmin         Reason = "admin"
	ReasonDeprovisioned Reason = "deprovisioned"
	ReasonNotEnrolled   Reason = "not_enrolled"

	ReasonUnenroll Reason = "unenroll" // partial
	ReasonEnroll   Reason = "enroll"
	ReasonSend     Reason = "send"
	ReasonSessions Reason = "sessions"
	ReasonPassword Reason = "password"

	ReasonVerify Reason = "verify" // failed: the user didn't prove who they are

	ReasonEmpty     Reason = "empty" // invalid
	ReasonReserved  Reason = "reserved"
	ReasonMalformed Reason = "malformed"
	ReasonMismatch  Reason = "mismatch"
	ReasonProfile   Reason = "profile" // of the factor to enroll
	ReasonPolicy    Reason = "policy"  // the user's doesn't have the factor to enroll

	ReasonUnverified Reason = "unverified" // unknown
	// the System Log proves that Okta did only a part of the reset
	ReasonIncomplete Reason = "incomplete"
)

// Counts is how many rows ended in each status.
type Counts map[Status]int

// Total returns the number of counted rows.
func (c Counts) Total() int {
	n := 0
	for _, k := range c {
		n += k
	}
	return n
}

// OK reports whether every counted row is [Status.OK].
func (c Counts) OK() bool {
	for s, n := range c {
		if n > 0 && !s.OK() {
			return false
		}
	}
	return true
}
