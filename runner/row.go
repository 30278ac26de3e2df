package runner

import (
	"iter"
	"time"
)

// Row is one data line of the input.
type Row struct {
	N     int      // number of the data line; 1 is the first under the header
	Line  int      // line of the file on which the row starts; 1 is the first
	Input string   // the identifier as it stands in the file, without the spaces around it
	Login string   // what the file calls a user whom it names by ID, for people to read; "" for nothing. Nothing is done by it
	Cells []string // the row's other cells, in the order of the input's other columns

	Header bool // the row is the file's header once more, where files were put together
}

// Identifier returns what names the row's user, as [ParseIdentifier] has it. A header names nobody.
func (r Row) Identifier() (Identifier, Reason) {
	if r.Header {
		return Identifier{}, ReasonMalformed
	}
	return ParseIdentifier(r.Input)
}

// Job is a row to be worked on.
type Job struct {
	Row   Row
	First int // the row that named this identifier first; the row itself unless it is a duplicate

	// Before is the open result that earlier takings came to; nil when there is none. Its user is
	// the target: the row isn't identified again. What is open says with which step the row goes
	// on. A reset that is in doubt is sent again only once it is proved that nothing was done, or
	// if Retry says so.
	Before *Result
	Retry  bool  // a reset in doubt may be done a second time: somebody has said so
	Tried  Tried // what earlier runs did to a row of which nothing is open
}

// Jobs makes rows into jobs, in order, and claims each row's identifier for the first that
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

// Taken says that the first attempt to change a target may have been sent.
type Taken struct {
	UserID  string
	Login   string    // "" when the row names an ID and nobody looked it up
	At      time.Time // by the server's clock, never later than the first attempt whose fate isn't known
	Step    Reason    // of a result that is partial because this step isn't done; "" for the reset, which comes before them
	Factors []string  // as in [Result]
	Targets []string  // IDs of the factors that the step unenrolls
	Tried   Tried     // what was done to the row before this taking
	Earlier string    // runs that took the row before and whose attempts' fate isn't known, as in [Result.RunID]
}

// Result is what became of a row. Exactly one belongs to each row.
type Result struct {
	Row          Row
	UserID       string // "" until the row is identified
	Login        string // as Okta has it; "" when nobody looked it up
	Status       Status
	Reason       Reason
	HTTPStatus   int    // of the last reply; 0 when there was none
	ErrorCode    string // Okta's errorCode, as E0000007
	Error        string // what a person should read, besides Again
	Attempts     int    // requests that tried to change the target, refused ones included
	RequestID    string // x-okta-request-id of the last reply
	StartedAt    time.Time
	FinishedAt   time.Time
	Factors      []string // TYPE:PROVIDER of each factor that was listed before the change
	FactorID     string   // of the factor enrolled for the target
	FactorStatus string
	Open         Open   // what isn't known to be done; of unknown and partial rows only
	Again        string // when and why the reset was sent again; "": it wasn't
	RunID        string // of the run that took the row, or of several with spaces between; "" is the run that settles it
}

// Status is the class of a result. The set is closed: every input row ends in exactly one of
// [Statuses].
type Status string

// What became of a row.
const (
	StatusReset        Status = "reset"         // Okta said so, or it was proved afterwards
	StatusWouldReset   Status = "would_reset"   // dry run: nothing stands against it
	StatusSkipped      Status = "skipped"       // left alone on purpose
	StatusPartial      Status = "partial"       // the change began, a later step isn't done
	StatusInvalid      Status = "invalid"       // the row names nobody that may be asked for
	StatusNotFound     Status = "not_found"     // no such user
	StatusForbidden    Status = "forbidden"     // Okta doesn't let this caller reset this user
	StatusFailed       Status = "failed"        // refused, or it couldn't be sent; certainly not reset
	StatusUnknown      Status = "unknown"       // sent, answer lost, not proved either way
	StatusNotAttempted Status = "not_attempted" // the run stopped first; certainly nothing was done

	// StatusTaken stands only in a ledger that is still written.
	StatusTaken Status = "taken"
)

// Statuses lists every status that may stand in a finished file, best news first.
var Statuses = []Status{
	StatusReset, StatusWouldReset, StatusSkipped, StatusPartial, StatusInvalid, StatusNotFound,
	StatusForbidden, StatusFailed, StatusUnknown, StatusNotAttempted,
}

// OK reports whether a row with this status needs nobody's attention: it is what the exit code
// 0 asks of every row.
func (s Status) OK() bool {
	return s == StatusReset || s == StatusWouldReset || s == StatusSkipped
}

// Open reports whether a row with this status is gone on with by every later run: it may have
// been changed, and isn't done.
func (s Status) Open() bool { return s == StatusUnknown || s == StatusPartial }

// Open reports whether a row counted isn't done: a later run goes on with it.
func (c Counts) Open() bool {
	return c[StatusNotAttempted]+c[StatusPartial]+c[StatusUnknown]+c[StatusTaken] > 0
}

// Reason refines a status. The set is closed.
type Reason string

// Why a row has its status.
const (
	ReasonVerified Reason = "verified" // reset: the answer was lost, the System Log proves it

	ReasonExcluded      Reason = "excluded" // skipped
	ReasonDuplicate     Reason = "duplicate"
	ReasonSelf          Reason = "self"
	ReasonRecent        Reason = "recent" // reset lately by another result, and nothing was enrolled since
	ReasonAdmin         Reason = "admin"
	ReasonDeprovisioned Reason = "deprovisioned"
	ReasonNotEnrolled   Reason = "not_enrolled"

	ReasonUnenroll Reason = "unenroll" // partial
	ReasonEnroll   Reason = "enroll"
	ReasonSessions Reason = "sessions"
	ReasonPassword Reason = "password"

	ReasonEmpty     Reason = "empty" // invalid
	ReasonReserved  Reason = "reserved"
	ReasonMalformed Reason = "malformed"
	ReasonMismatch  Reason = "mismatch"
	ReasonProfile   Reason = "profile" // of the factor to enroll

	ReasonUnverified Reason = "unverified" // unknown
	ReasonIncomplete Reason = "incomplete" // the System Log proves that Okta did a part of the reset
)

// Counts holds how many rows ended in each status.
type Counts map[Status]int

// Total is the number of rows counted.
func (c Counts) Total() int {
	n := 0
	for _, k := range c {
		n += k
	}
	return n
}

// OK reports whether every row counted is [Status.OK].
func (c Counts) OK() bool {
	for s, n := range c {
		if n > 0 && !s.OK() {
			return false
		}
	}
	return true
}
