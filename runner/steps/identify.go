package steps

import (
	"context"
	"errors"
	"fmt"

	"oktareset/oktaclient"
	"oktareset/runner"
)

// identify finds out which user the row names. An ID needs no look-up but in a dry run, where it is the only way to say what
// would happen.
func (l *List) identify(ctx context.Context, t *Target, res *runner.Result) error {
	if t.Job.Before != nil { // the same user, whoever has the login by now
		return nil
	}
	id, reason := runner.ParseIdentifier(t.Job.Row.Input)
	if reason != "" {
		settle(res, runner.StatusInvalid, reason, invalidText(reason))
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

// lookUp asks Okta for the user and settles the row if that isn't possible.
func (l *List) lookUp(ctx context.Context, t *Target, id runner.Identifier, res *runner.Result) error {
	u, rep, err := find(ctx, l.client, id)
	note(res, rep, err)
	other := (*otherUserError)(nil)
	switch {
	case errors.Is(err, errNobody):
		settle(res, runner.StatusNotFound, "", err.Error())
	case errors.As(err, &other):
		settle(res, runner.StatusInvalid, runner.ReasonMismatch, err.Error())
	case errors.Is(err, errNoID):
		settle(res, runner.StatusFailed, "", "look up: "+err.Error())
	case err != nil:
		return l.settleRead(res, err, "look up")
	default:
		t.UserID, t.Login, t.Status = u.ID, u.Profile.Login, u.Status
	}
	return nil
}

var (
	errNobody = errors.New("no user has this login")
	errNoID   = errors.New("no user ID")
)

// otherUserError says that Okta found another user than the one who is meant.
type otherUserError struct{ login string }

func (e *otherUserError) Error() string {
	return fmt.Sprintf("Okta found another user, %q: give the whole login or the ID", e.login)
}

// find asks Okta for a user and makes sure that it is the one who is meant: Okta also matches short names, cuts logins at a semicolon
// and ignores diacritics. Besides the client's errors there are [errNobody], an [otherUserError] and [errNoID].
func find(ctx context.Context, c *oktaclient.Client, id runner.Identifier) (oktaclient.User, oktaclient.Reply, error) {
	var (
		users []oktaclient.User
		rep   oktaclient.Reply
		err   error
	)
	if id.Kind == runner.KindID || oktaclient.InPath(id.Value) {
		users = make([]oktaclient.User, 1)
		users[0], rep, err = c.GetUser(ctx, id.Value)
	} else {
		users, rep, err = c.FindUsers(ctx, id.Value)
	}
	if err != nil {
		return oktaclient.User{}, rep, err
	}
	if len(users) == 0 {
		return oktaclient.User{}, rep, errNobody
	}
	for _, u := range users {
		if id.Kind == runner.KindID && u.ID != id.Value || id.Kind == runner.KindLogin && !runner.SameLogin(u.Profile.Login, id.Value) {
			continue
		}
		if found, _ := runner.ParseIdentifier(u.ID); found.Kind != runner.KindID {
			return oktaclient.User{}, rep, fmt.Errorf("%q is %w", u.ID, errNoID)
		}
		return u, rep, nil
	}
	return oktaclient.User{}, rep, &otherUserError{login: users[0].Profile.Login}
}

// recordFactors writes down what the reset will take.
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

// listFactors lists the target's factors before the first change, and settles the row if that isn't possible.
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

// duplicate leaves a row to the first one of its user.
func (l *List) duplicate(t *Target, res *runner.Result, first int) {
	text := fmt.Sprintf("the same user as row %d", first)
	if l.profiles.differ(t.Job.Row.N, first) {
		settle(res, runner.StatusInvalid, runner.ReasonProfile, text+", with another profile: enroll the right one by oktareset factors")
		return
	}
	settle(res, runner.StatusSkipped, runner.ReasonDuplicate, text)
}

func invalidText(r runner.Reason) string {
	switch r {
	case runner.ReasonEmpty:
		return "the cell is empty"
	case runner.ReasonReserved:
		return "a reserved word, which would name somebody else"
	}
	return "neither an Okta user ID nor a login"
}
