package job

import (
	"sync/atomic"

	"oktareset/runner"
	"oktareset/runner/fault"
)

// stage is how far the run has come.
func (r *resetRun) stage() fault.Phase {
	if r.taken.Load() {
		return fault.During
	}
	return fault.Before
}

// notedBook notes that a row was taken.
type notedBook struct {
	runner.Book
	taken *atomic.Bool
}

// Take implements [runner.Book].
func (b notedBook) Take(row runner.Row, t runner.Taken) error {
	err := b.Book.Take(row, t)
	if err == nil {
		b.taken.Store(true)
	}
	return err
}

// explainStop adds to the error of a run that Okta refused which org did, and what to do.
func (r *resetRun) explainStop(err error) error {
	if known := fault.Of(r.client, err, fault.During, "reset factors"); known != nil {
		return known
	}
	return fault.Stopped(err)
}
