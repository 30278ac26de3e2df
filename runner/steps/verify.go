package steps

import (
	"context"
	"errors"
	"slices"
	"time"

	"oktareset/oktaclient"
	"oktareset/runner"
	"oktareset/runner/fault"
)

// VerifiedFor is how long a user who has proved who they are counts as verified: as long as Okta
// lets a passcode or a push be answered. Somebody else may be on the phone later.
const VerifiedFor = 5 * time.Minute

// errVerifiedLongAgo keeps a reset from being sent that had to wait for too long.
var errVerifiedLongAgo = errors.New("the user was verified more than 5 minutes ago, which doesn't count any more")

// Verified is a user's success in proving who they are.
type Verified struct {
	Until time.Time // until when it counts, by the local wall clock, which goes on in a machine's sleep
	Cells []string  // what it is in the row's first cells
}

// NotVerified is an error of [With.Verify]: the user can't prove who they are, or didn't.
type NotVerified struct{ Err error }

func (e *NotVerified) Error() string { return e.Err.Error() }

func (e *NotVerified) Unwrap() error { return e.Err }

// verify lets the target prove who they are, before anything is removed. A target whose first step
// is done isn't asked again: the factor may have gone with the reset.
func (l *List) verify(ctx context.Context, t *Target, res *runner.Result) error {
	if t.firstDone() {
		return nil
	}
	listed, err := l.listFactors(ctx, t, res)
	if err != nil || res.Status != "" {
		return err
	}
	login := t.Login
	if login == "" {
		login = t.UserID
	}
	t.verified, err = l.with.Verify(ctx, t.UserID, login, listed)
	switch not := (*NotVerified)(nil); {
	case err == nil:
		return nil
	case ctx.Err() != nil: // nobody could answer any more
		res.Settle(runner.StatusNotAttempted, "", "")
		return nil
	case errors.As(err, &not):
		text := not.Error()
		if hint := fault.Hint(not.Err); hint != "" {
			text += "; " + hint
		}
		// the list of factors was no refusal
		res.HTTPStatus, res.ErrorCode = 0, ""
		if api, ok := errors.AsType[*oktaclient.APIError](err); ok {
			res.HTTPStatus, res.ErrorCode, res.RequestID = api.Status, api.Code, api.RequestID
		}
		res.Settle(runner.StatusFailed, runner.ReasonVerify, runner.Clip(text))
		return nil
	case oktaclient.FateOf(err) == oktaclient.InDoubt: // not a request's: it can't be recorded
		res.Settle(runner.StatusNotAttempted, "", err.Error())
		return err
	}
	return l.settleRead(res, err, "verify")
}

// whileVerified returns a context whose changes are sent only as long as the target counts as
// verified: a rate limit or an outage may hold them up for long. Each removal of the first step
// needs it; the later steps follow without it.
func (l *List) whileVerified(ctx context.Context, t *Target) context.Context {
	if !l.opts.Verify || t.firstDone() {
		return ctx
	}
	return oktaclient.While(ctx, func() error {
		if !time.Now().Round(0).Before(t.verified.Until) {
			return errVerifiedLongAgo
		}
		return nil
	})
}

// mark writes into the row by what its target was verified, when it is taken for its first change.
func (t *Target) mark(res *runner.Result) {
	if n := len(t.verified.Cells); n > 0 {
		t.Job.Row.Cells = slices.Concat(t.verified.Cells, t.Job.Row.Cells[n:])
		res.Row = t.Job.Row
	}
}
