package steps

import (
	"context"
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
		duplicate(res, t.Job.First)
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
		duplicate(res, first)
	}
	return nil
}

// lookUp asks Okta for the user and makes sure that it is the one who is meant: Okta also matches short names, cuts logins at a
// semicolon and ignores diacritics.
func (l *List) lookUp(ctx context.Context, t *Target, id runner.Identifier, res *runner.Result) error {
	var (
		users []oktaclient.User
		rep   oktaclient.Reply
		err   error
	)
	if id.Kind == runner.KindID || oktaclient.InPath(id.Value) {
		users = make([]oktaclient.User, 1)
		users[0], rep, err = l.client.GetUser(ctx, id.Value)
	} else {
		users, rep, err = l.client.FindUsers(ctx, id.Value)
	}
	note(res, rep, err)
	if err != nil {
		return l.settleRead(res, err, "look up")
	}
	if len(users) == 0 {
		settle(res, runner.StatusNotFound, "", "no user has this login")
		return nil
	}
	for _, u := range users {
		if id.Kind == runner.KindID && u.ID != id.Value || id.Kind == runner.KindLogin && !runner.SameLogin(u.Profile.Login, id.Value) {
			continue
		}
		if found, _ := runner.ParseIdentifier(u.ID); found.Kind != runner.KindID {
			settle(res, runner.StatusFailed, "", fmt.Sprintf("look up: %q is no user ID", u.ID))
			return nil
		}
		t.UserID, t.Login, t.Status = u.ID, u.Profile.Login, u.Status
		return nil
	}
	settle(res, runner.StatusInvalid, runner.ReasonMismatch,
		fmt.Sprintf("Okta found another user, %q: give the whole login or the ID", users[0].Profile.Login))
	return nil
}

// protect leaves alone who must not or can't be reset.
func (l *List) protect(_ context.Context, t *Target, res *runner.Result) error {
	switch {
	case t.UserID == l.opts.Self:
		settle(res, runner.StatusSkipped, runner.ReasonSelf, "the owner of these credentials isn't reset")
	case t.Status == oktaclient.StatusDeprovisioned:
		settle(res, runner.StatusSkipped, runner.ReasonDeprovisioned, deprovisionedText)
	}
	return nil
}

// recordFactors writes down what the reset will take.
func (l *List) recordFactors(ctx context.Context, t *Target, res *runner.Result) error {
	if t.goesOn() {
		return nil
	}
	factors, rep, err := l.client.ListFactors(ctx, t.UserID)
	note(res, rep, err)
	switch {
	case oktaclient.FateOf(err) == oktaclient.Missing:
		return l.settleMissing(ctx, t, res, err)
	case err != nil:
		return l.settleRead(res, err, "list factors")
	}
	for _, f := range factors {
		res.Factors = append(res.Factors, f.String())
	}
	return nil
}

const deprovisionedText = "the user is deactivated: there are no factors to reset"

func duplicate(res *runner.Result, first int) {
	settle(res, runner.StatusSkipped, runner.ReasonDuplicate, fmt.Sprintf("the same user as row %d", first))
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
