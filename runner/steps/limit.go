package steps

import (
	"sync/atomic"

	"oktareset/runner"
	"oktareset/runner/fault"
)

// ErrLimit ends a run that has begun as many users as its [Limit] allows, users under way
// included.
var ErrLimit error = runner.Enough{Err: fault.New(fault.ExitStopped, "", "the limit of this run is reached")}

// Limit is how many users may be begun: taken or, in a dry run, found ready. Several runs may
// share it. It is safe for concurrent use.
type Limit struct {
	most  int64 // 0: any number
	begun atomic.Int64
}

// NewLimit makes a limit of n users; 0: any number.
func NewLimit(n int) *Limit { return &Limit{most: int64(n)} }

// Begin counts one more user, or returns [ErrLimit]. A nil Limit allows any number.
func (l *Limit) Begin() error {
	if l != nil && l.begun.Add(1) > l.most && l.most > 0 {
		return ErrLimit
	}
	return nil
}

// Of returns how many of n users may still be begun.
func (l *Limit) Of(n int) int {
	if l.most == 0 {
		return n
	}
	return min(n, int(max(0, l.most-l.begun.Load())))
}
