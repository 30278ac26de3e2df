package command

import (
	"errors"
	"sync/atomic"

	"oktareset/oktaclient"
	"oktareset/runner"
	"oktareset/runner/roster"
	"oktareset/runner/steps"
)

// refused gives an error the code of a run that was refused before anything was changed, and its own hint if it has one.
func refused(err error) error {
	h := hint(err)
	var rerr *roster.Error
	if errors.As(err, &rerr) {
		h = rerr.Hint
	}
	if _, ok := errors.AsType[coded](err); ok {
		return err
	}
	if sig, ok := errors.AsType[Signal](err); ok {
		return stopError(sig)
	}
	if errors.Is(err, errMaxDuration) {
		return stopError(errMaxDuration)
	}
	return coded{error: hinted{err, h}, code: exitUsage}
}

// stage is how far the run has come.
func (r *resetRun) stage() stage {
	if r.taken.Load() {
		return during
	}
	return before
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

// cannotBegin explains why one of the first calls failed, which asked for what. Nothing was
// changed.
func cannotBegin(c *oktaclient.Client, err error, what string) error {
	if fault := oktaFault(c, err, before, what); fault != nil {
		return fault
	}
	return usageError(hintLater+"; nothing was changed", "%s can't be asked now: %w", c.Org().Host(), err)
}

// explainStop adds to the error of a run that Okta refused which org did, and what to do.
func (r *resetRun) explainStop(err error) error {
	if fault := stopFault(err); fault != nil {
		return fault
	}
	if fault := oktaFault(r.client, err, during, "reset factors"); fault != nil {
		return fault
	}
	return coded{error: err, code: exitBrokeOff}
}

// stopError gives what ended a run early its exit code. Rows that were not attempted are in the results.
func stopError(err error) error {
	if fault := stopFault(err); fault != nil {
		return fault
	}
	return coded{error: err, code: exitBrokeOff}
}

// stopFault is stopError for what the run itself decided, or a signal; nil for what else ended it.
func stopFault(err error) error {
	if sig, ok := errors.AsType[Signal](err); ok {
		return coded{error: sig, code: sig.ExitCode()}
	}
	code := 0
	switch {
	case errors.Is(err, errHalt):
		code = exitConsent
	case errors.Is(err, steps.ErrLimit), errors.Is(err, errMaxDuration):
		code = exitStopped
	case errors.Is(err, steps.ErrNoRoles):
		return noRoles(err)
	case errors.Is(err, steps.ErrNoPermission), errors.Is(err, steps.ErrNoEnrollment):
		code = exitNoAccess
	default:
		return nil
	}
	return coded{error: err, code: code}
}
