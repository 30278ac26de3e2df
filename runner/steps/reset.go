package steps

import (
	"cmp"
	"context"
	"sync"

	"oktareset/oktaclient"
	"oktareset/runner"
)

// resetFactors makes the one call that changes the target. It is taken when the call's turn has come and before it is sent.
func (l *List) resetFactors(ctx context.Context, t *Target, res *runner.Result) error {
	if err := l.begin(t, res); err != nil {
		return err
	}
	c := l.change(t, "")
	rep, err := l.client.ResetFactors(ctx, t.UserID, c.dispatch)
	return l.settleChange(ctx, t, res, c, rep, err)
}

// changing is a call that changes the target.
type changing struct {
	step     runner.Reason
	dispatch func() error
	takeErr  error // of the ledger, which kept it from being sent
}

// change prepares a call for a step: the target is taken when the call's turn has come and before it is sent.
func (l *List) change(t *Target, step runner.Reason) *changing {
	c := &changing{step: step}
	c.dispatch = func() error {
		c.takeErr = t.take(step)
		return c.takeErr
	}
	return c
}

// settleChange takes in what came back of a call that changes the target, and settles the row unless it was made.
func (l *List) settleChange(ctx context.Context, t *Target, res *runner.Result, c *changing, rep oktaclient.Reply, err error) error {
	if t.changed {
		return l.settleLater(res, c, rep, err)
	}
	stop := l.settleFirst(ctx, t, res, c, rep, err)
	t.changed = res.Status == ""
	return stop
}

// settleFirst settles a row whose first change wasn't made. Whatever came back, it says that nothing was changed, unless it is in doubt.
func (l *List) settleFirst(ctx context.Context, t *Target, res *runner.Result, c *changing, rep oktaclient.Reply, err error) error {
	noteChange(res, rep, err)
	res.Attempts += rep.Attempts
	if c.takeErr != nil {
		settle(res, runner.StatusNotAttempted, "", "")
		return c.takeErr
	}
	fate := oktaclient.FateOf(err)
	stop := l.watchForbidden(fate)
	switch fate {
	case oktaclient.Done:
	case oktaclient.InDoubt:
		settle(res, runner.StatusUnknown, runner.ReasonUnverified, err.Error())
		if c.step != "" && c.step != runner.ReasonUnenroll { // there was nothing to do before it
			settle(res, runner.StatusPartial, c.step, err.Error())
			res.InDoubt = true
		}
	case oktaclient.Forbidden:
		settle(res, runner.StatusForbidden, "", err.Error())
	case oktaclient.Missing:
		return l.settleMissing(ctx, t, res, err)
	case oktaclient.NotSent, oktaclient.Limited:
		settle(res, runner.StatusNotAttempted, "", err.Error())
	case oktaclient.NoAccess, oktaclient.WrongOrg, oktaclient.Unreachable:
		settle(res, runner.StatusNotAttempted, "", err.Error())
		return fatal(err)
	default:
		settle(res, runner.StatusFailed, "", err.Error())
	}
	return stop
}

// settleLater settles a row of which a later change wasn't made: what came before it stays done. The request ID stays that of the reset, which
// the System Log is held against.
func (l *List) settleLater(res *runner.Result, c *changing, rep oktaclient.Reply, err error) error {
	res.Attempts += rep.Attempts
	reset := res.RequestID
	if oktaclient.FateOf(err) != oktaclient.NotSent { // else the reply is still that of the step before
		noteChange(res, rep, err)
	}
	res.RequestID = cmp.Or(reset, res.RequestID)
	if err == nil {
		return nil
	}
	settle(res, runner.StatusPartial, c.step, err.Error())
	if c.takeErr != nil {
		return c.takeErr
	}
	res.InDoubt = oktaclient.FateOf(err) == oktaclient.InDoubt
	return fatal(err)
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

// all takes in a call and reports whether there were ten or more and all of them went wrong.
func (s *streak) all(wrong bool) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls++
	if wrong {
		s.wrong++
	}
	return s.hopeless()
}

// worked reports whether a call went right.
func (s *streak) worked() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls > s.wrong
}

// allWrong reports what all last did.
func (s *streak) allWrong() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.hopeless()
}

// hopeless reports whether there were ten calls or more and all of them went wrong. mu is held.
func (s *streak) hopeless() bool { return s.calls >= firstCalls && s.wrong == s.calls }

// settleMissing tells apart what a 404 of a user's factors may mean: no such user, or a deactivated one. Okta keeps a user's record
// in another place than the user's factors.
func (l *List) settleMissing(ctx context.Context, t *Target, res *runner.Result, missing error) error {
	u, _, err := l.client.GetUser(ctx, t.UserID)
	switch {
	case oktaclient.FateOf(err) == oktaclient.Missing:
		settle(res, runner.StatusNotFound, "", missing.Error())
	case err != nil && res.Attempts == 0:
		return l.settleRead(res, err, "look up")
	case err != nil: // Okta did refuse the reset: that is certain, why isn't
		settle(res, runner.StatusFailed, "", missing.Error()+"; look up: "+err.Error())
		return fatal(err)
	case u.ID != t.UserID:
		settle(res, runner.StatusFailed, "", missing.Error()+"; look up: Okta answered with another user")
	case u.Status == oktaclient.StatusDeprovisioned:
		t.Login, t.Status = u.Profile.Login, u.Status
		settle(res, runner.StatusSkipped, runner.ReasonDeprovisioned, deprovisionedText)
	default:
		t.Login, t.Status = u.Profile.Login, u.Status
		settle(res, runner.StatusFailed, "", missing.Error())
	}
	return nil
}

// settleRead settles a row whose read failed: nothing was changed, whatever the reason. The error is returned if no other row will
// fare better.
func (l *List) settleRead(res *runner.Result, err error, what string) error {
	text := what + ": " + err.Error()
	switch oktaclient.FateOf(err) {
	case oktaclient.Missing:
		settle(res, runner.StatusNotFound, "", err.Error())
	case oktaclient.Forbidden:
		settle(res, runner.StatusForbidden, "", text)
		return l.watchForbidden(oktaclient.Forbidden)
	case oktaclient.NotSent, oktaclient.Limited:
		settle(res, runner.StatusNotAttempted, "", text)
	case oktaclient.NoAccess, oktaclient.WrongOrg, oktaclient.Unreachable:
		settle(res, runner.StatusNotAttempted, "", text)
	default:
		settle(res, runner.StatusFailed, "", text)
	}
	return fatal(err)
}

// fatal returns an error after which no other row will fare better, and nil in place of others.
func fatal(err error) error {
	switch oktaclient.FateOf(err) {
	case oktaclient.NoAccess, oktaclient.WrongOrg, oktaclient.Unreachable:
		return err
	}
	return nil
}

func settle(res *runner.Result, s runner.Status, r runner.Reason, text string) {
	res.Status, res.Reason, res.Error = s, r, clip(text)
}
