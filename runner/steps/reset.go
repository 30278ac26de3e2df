package steps

import (
	"cmp"
	"context"
	"errors"
	"sync"
	"time"

	"oktareset/oktaclient"
	"oktareset/runner"
	"oktareset/runner/doubt"
)

// resetFactors sends the reset of the target. The target is taken when the call's turn has come,
// before it is sent.
func (l *List) resetFactors(ctx context.Context, t *Target, res *runner.Result) error {
	if err := l.begin(t, res); err != nil {
		return err
	}
	ctx = l.whileVerified(ctx, t)
	c := l.change(t, runner.StepReset)
	if b := t.Job.Before; b != nil && b.Open.ResetInDoubt() && !t.Job.Retry {
		return l.resetAgain(ctx, t, res, c)
	}
	if t.Job.Retry {
		t.again = "--retry unknown"
	}
	rep, err := l.client.ResetFactors(ctx, t.UserID, c.dispatch)
	return l.settleReset(ctx, t, res, c, rep, err)
}

// maxProofs is how often a target's factors are listed for one reset: each time, the wait for its
// turn outlasted the proof.
const maxProofs = 3

// resetAgain resets a target whose earlier reset is in doubt, if it is proved that it did
// nothing. Otherwise the row stays as it is.
func (l *List) resetAgain(ctx context.Context, t *Target, res *runner.Result, c *changing) error {
	t.again = "a factor from before was still there"
	for range maxProofs {
		proof, err := l.with.Prover.NotDone(ctx, *t.Job.Before)
		if err != nil {
			return l.leaveInDoubt(t, res, err)
		}
		attempts := res.Attempts
		rep, err := l.client.ResetFactorsAgain(ctx, t.UserID, proof.Check, c.dispatch)
		if !errors.Is(err, doubt.ErrStale) {
			return l.settleReset(ctx, t, res, c, rep, err)
		}
		res.Attempts = attempts + rep.Attempts // refused attempts, if any
	}
	return l.leaveInDoubt(t, res, doubt.ErrStale)
}

// leaveInDoubt leaves a row with a reset in doubt as it is, and says why it wasn't sent again.
func (l *List) leaveInDoubt(t *Target, res *runner.Result, err error) error {
	now := *res
	*res = *t.Job.Before
	res.Row, res.Attempts = now.Row, now.Attempts // [List.Do] adds the earlier ones
	if not := (*doubt.NotProved)(nil); errors.As(err, &not) || errors.Is(err, doubt.ErrStale) {
		res.Error = "the answer was lost; not sent again: " + err.Error()
	}
	return fatal(err)
}

// settleReset settles a reset. An answered reset may also be the witness for others that are in
// doubt.
func (l *List) settleReset(ctx context.Context, t *Target, res *runner.Result, c *changing, rep oktaclient.Reply, err error) error {
	if err == nil {
		l.with.Prover.Answered(t.UserID, c.taken, res.StartedAt)
	}
	return l.settleChange(ctx, t, res, c, rep, err)
}

// changing is a call that changes the target.
type changing struct {
	step     runner.Reason
	dispatch func() error
	takeErr  error     // the ledger's error that kept it from being sent
	taken    time.Time // by the local clock; zero: it wasn't
}

// change prepares a call for a step: the target is taken when the call's turn has come, before it
// is sent.
func (l *List) change(t *Target, step runner.Reason) *changing {
	c := &changing{step: step}
	c.dispatch = func() error {
		c.taken = time.Now()
		c.takeErr = t.take(step)
		return c.takeErr
	}
	return c
}

// settleChange records the outcome of a call that changes the target, and settles the row unless
// the change was made.
func (l *List) settleChange(ctx context.Context, t *Target, res *runner.Result, c *changing, rep oktaclient.Reply, err error) error {
	if t.changed {
		return l.settleLater(t, res, c, rep, err)
	}
	stop := l.settleFirst(ctx, t, res, c, rep, err)
	t.changed = res.Status == ""
	return stop
}

// settleFirst settles a row whose first change wasn't made. Any answer means that nothing was
// changed, unless it is in doubt.
func (l *List) settleFirst(ctx context.Context, t *Target, res *runner.Result, c *changing, rep oktaclient.Reply, err error) error {
	noteChange(res, rep, err)
	res.Attempts += rep.Attempts
	if c.takeErr != nil {
		res.Settle(runner.StatusNotAttempted, "", "")
		return c.takeErr
	}
	fate := oktaclient.FateOf(err)
	stop := l.watchForbidden(fate)
	switch fate {
	case oktaclient.Done:
	case oktaclient.InDoubt:
		first := runner.StepOf(c.step).First // otherwise a step before it may have been needed
		l.lost(t, res, first, c.step, err)
	case oktaclient.Forbidden:
		res.Settle(runner.StatusForbidden, "", err.Error())
	case oktaclient.Missing:
		return l.settleMissing(ctx, t, res, err)
	case oktaclient.NotSent, oktaclient.Limited:
		res.Settle(runner.StatusNotAttempted, "", err.Error())
	case oktaclient.NoAccess, oktaclient.WrongOrg, oktaclient.Unreachable:
		res.Settle(runner.StatusNotAttempted, "", err.Error())
		return fatal(err)
	default:
		res.Settle(runner.StatusFailed, "", err.Error())
	}
	return stop
}

// settleLater settles a row in which a later change wasn't made: the earlier ones stay made. The
// request ID stays that of the reset, which is compared with the System Log.
func (l *List) settleLater(t *Target, res *runner.Result, c *changing, rep oktaclient.Reply, err error) error {
	res.Attempts += rep.Attempts
	reset := res.RequestID
	// If nothing was sent, the reply belongs to the step before.
	if oktaclient.FateOf(err) != oktaclient.NotSent {
		noteChange(res, rep, err)
	}
	res.RequestID = cmp.Or(reset, res.RequestID)
	if err == nil {
		return nil
	}
	if c.takeErr == nil && oktaclient.FateOf(err) == oktaclient.InDoubt {
		l.lost(t, res, false, c.step, err)
		return nil
	}
	open := runner.Open{Step: c.step, Sent: runner.Refused}
	if fate := oktaclient.FateOf(err); c.takeErr != nil || fate == oktaclient.NotSent || fate == oktaclient.Unreachable {
		open = t.unsent(c.step)
	}
	res.Leave(false, open, err.Error())
	if c.takeErr != nil {
		return c.takeErr
	}
	return fatal(err)
}

// lost leaves a row open whose change was sent and whose answer was lost.
func (l *List) lost(t *Target, res *runner.Result, first bool, step runner.Reason, err error) {
	l.with.Prover.Lost(t.Job.Row.N)
	res.Leave(first, runner.Open{Step: step, Sent: runner.Lost}, err.Error())
}

// unsent returns what is open in a row whose step wasn't sent now: an earlier attempt may have
// sent it.
func (t *Target) unsent(step runner.Reason) runner.Open {
	if b := t.Job.Before; b != nil && b.Open.Step == step && b.Open.Sent != "" {
		return runner.Open{Step: step, Sent: b.Open.Sent}
	}
	return runner.Open{Step: step, Sent: runner.SentNever}
}

// watchForbidden ends the run if its first ten calls were all forbidden.
func (l *List) watchForbidden(f oktaclient.Fate) error {
	switch f {
	case oktaclient.NotSent, oktaclient.NoAccess, oktaclient.WrongOrg, oktaclient.Unreachable:
		return nil
	}
	if l.first.all(f == oktaclient.Forbidden) && !l.opts.Forbidden {
		return ErrNoPermission
	}
	return nil
}

// streak watches the first calls of a kind.
type streak struct {
	mu           sync.Mutex
	calls, wrong int
}

// all counts a call and reports whether there were at least ten and all of them failed.
func (s *streak) all(wrong bool) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls++
	if wrong {
		s.wrong++
	}
	return s.hopeless()
}

// worked reports whether any call succeeded.
func (s *streak) worked() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls > s.wrong
}

// allWrong repeats the last report of all.
func (s *streak) allWrong() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.hopeless()
}

// hopeless reports whether there were at least ten calls and all of them failed. The caller has
// locked mu.
func (s *streak) hopeless() bool { return s.calls >= firstCalls && s.wrong == s.calls }

// settleMissing distinguishes the meanings of a 404 for a user's factors: no such user, or a
// deactivated one. Okta keeps a user's record apart from the user's factors.
func (l *List) settleMissing(ctx context.Context, t *Target, res *runner.Result, missing error) error {
	u, _, err := l.client.GetUser(ctx, t.UserID)
	switch {
	case oktaclient.FateOf(err) == oktaclient.Missing:
		res.Settle(runner.StatusNotFound, "", missing.Error())
	case err != nil && res.Attempts == 0:
		return l.settleRead(res, err, "look up")
	case err != nil: // Okta certainly refused the reset; only the reason is uncertain
		res.Settle(runner.StatusFailed, "", missing.Error()+"; look up: "+err.Error())
		return fatal(err)
	case u.ID != t.UserID:
		res.Settle(runner.StatusFailed, "", missing.Error()+"; look up: Okta answered with another user")
	case u.Status == oktaclient.StatusDeprovisioned:
		t.Login, t.Status = u.Profile.Login, u.Status
		res.Settle(runner.StatusSkipped, runner.ReasonDeprovisioned, deprovisionedText)
	default:
		t.Login, t.Status = u.Profile.Login, u.Status
		res.Settle(runner.StatusFailed, "", missing.Error())
	}
	return nil
}

// settleRead settles a row whose read failed: nothing was changed. It returns the error if no
// other row will fare better.
func (l *List) settleRead(res *runner.Result, err error, what string) error {
	text := what + ": " + err.Error()
	switch oktaclient.FateOf(err) {
	case oktaclient.Missing:
		res.Settle(runner.StatusNotFound, "", err.Error())
	case oktaclient.Forbidden:
		res.Settle(runner.StatusForbidden, "", text)
		return l.watchForbidden(oktaclient.Forbidden)
	case oktaclient.NotSent, oktaclient.Limited, oktaclient.NoAccess, oktaclient.WrongOrg, oktaclient.Unreachable:
		res.Settle(runner.StatusNotAttempted, "", text)
	default:
		res.Settle(runner.StatusFailed, "", text)
	}
	return fatal(err)
}

// fatal returns err if no other row will fare better after it, otherwise nil.
func fatal(err error) error {
	if oktaclient.Fatal(err) {
		return err
	}
	return nil
}
