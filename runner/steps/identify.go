package steps

import (
	"context"
	"errors"
	"fmt"

	"oktareset/oktaclient"
	"oktareset/runner"
)

// identify finds out which user the row names. An ID is looked up only in a dry run, where
// nothing else shows what would happen.
func (l *List) identify(ctx context.Context, t *Target, res *runner.Result) error {
	if t.Job.Before != nil { // the same user, whoever has the login now
		return nil
	}
	id, reason := t.Job.Row.Identifier()
	if reason != "" {
		res.Settle(runner.StatusInvalid, reason, invalidText(t.Job.Row, reason))
		return nil
	}
	if id.Kind == runner.KindID {
		t.UserID = id.Value
	}
	if t.Job.First != t.Job.Row.N {
		l.duplicate(t, res, t.Job.First)
		return nil
	}
	if id.Kind == runner.KindID && !l.opts.DryRun {
		return nil
	}
	if err := l.lookUp(ctx, t, id, res); err != nil || res.Status != "" || id.Kind == runner.KindID {
		return err
	}
	found := runner.Identifier{Kind: runner.KindID, Value: t.UserID}
	if first := l.seen.Claim(found, t.Job.Row.N); first != t.Job.Row.N {
		l.duplicate(t, res, first)
	}
	return nil
}

// lookUp asks Okta for the user. If that fails, it settles the row.
func (l *List) lookUp(ctx context.Context, t *Target, id runner.Identifier, res *runner.Result) error {
	u, rep, err := Find(ctx, l.client, id, l.opts.Mail)
	note(res, rep, err)
	other := (*OtherUserError)(nil)
	switch {
	case errors.Is(err, ErrNobody):
		res.Settle(runner.StatusNotFound, "", err.Error())
	case errors.As(err, &other):
		res.Settle(runner.StatusInvalid, runner.ReasonMismatch, err.Error())
	case errors.Is(err, errNoID):
		res.Settle(runner.StatusFailed, "", "look up: "+err.Error())
	case err != nil:
		return l.settleRead(res, err, "look up")
	default:
		t.UserID, t.Login, t.Status = u.ID, u.Profile.Login, u.Status
	}
	return nil
}

// recordFactors records the factors that the reset will take.
func (l *List) recordFactors(ctx context.Context, t *Target, res *runner.Result) error {
	if t.goesOn() {
		return nil
	}
	factors, err := l.listFactors(ctx, t, res)
	for _, f := range factors {
		res.Factors = append(res.Factors, f.String())
	}
	return err
}

// listFactors lists the target's factors before the first change. If that fails, it settles the
// row.
func (l *List) listFactors(ctx context.Context, t *Target, res *runner.Result) ([]oktaclient.Factor, error) {
	factors, rep, err := l.client.ListFactors(ctx, t.UserID)
	note(res, rep, err)
	switch {
	case oktaclient.FateOf(err) == oktaclient.Missing:
		return nil, l.settleMissing(ctx, t, res, err)
	case err != nil:
		return nil, l.settleRead(res, err, "list factors")
	}
	return factors, nil
}

// duplicate settles a row whose user an earlier row names.
func (l *List) duplicate(t *Target, res *runner.Result, first int) {
	text := fmt.Sprintf("the same user as row %d", first)
	if l.profiles.differ(t.Job.Row.N, first) {
		res.Settle(runner.StatusInvalid, runner.ReasonProfile, text+", with another profile: enroll the right one by oktareset factors")
		return
	}
	res.Settle(runner.StatusSkipped, runner.ReasonDuplicate, text)
}

// invalidText says what is wrong with a row's identifier.
func invalidText(row runner.Row, r runner.Reason) string {
	if row.Header {
		return "the header again: the row names nobody"
	}
	return runner.WhyNobody(row.Input, r)
}
