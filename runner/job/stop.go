package job

import (
	"errors"

	"oktareset/runner"
	"oktareset/runner/fault"
)

var errHalt = fault.New(fault.ExitConsent, "", "too many rows failed (--halt)")

// errMaxDuration is the cause of a run's end by --max-duration.
var errMaxDuration error = &fault.Error{Err: errors.New("the time for this run is over (--max-duration)"), Code: fault.ExitStopped, Alone: true}

// notedBook counts a row as under way from its taking until leave.
type notedBook struct {
	runner.Book
	w     *work
	taken bool
}

// Take implements [runner.Book].
func (b *notedBook) Take(row runner.Row, t runner.Taken) error {
	err := b.Book.Take(row, t)
	if err == nil && !b.taken {
		b.taken = true
		b.w.underWay.Add(1)
	}
	if err == nil {
		b.w.taken.Store(true)
	}
	return err
}

// leave ends the work on the row.
func (b *notedBook) leave() {
	if b.taken {
		b.w.underWay.Add(-1)
	}
}
