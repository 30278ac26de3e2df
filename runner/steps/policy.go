package steps

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"oktareset/oktaclient"
	"oktareset/runner"
)

// checkPolicy asks Okta what the target may enroll, before anything is changed: whose policy doesn't
// have the new factor isn't reset. Where Okta doesn't say it, the target is reset all the same; where
// it says it of none of the first ten, it isn't asked any more.
func (l *List) checkPolicy(ctx context.Context, t *Target, res *runner.Result) error {
	if t.goesOn() || l.policies.allWrong() {
		return nil
	}
	offered, rep, err := l.client.SupportedFactors(ctx, t.UserID)
	if oktaclient.FateOf(err) == oktaclient.Missing && !l.isThere(ctx, t) {
		note(res, rep, err)
		return l.settleMissing(ctx, t, res, err)
	}
	if err == nil && len(offered) == 0 || withheld(err) {
		l.policies.all(true)
		l.warned.Do(func() { l.warnOfPolicies(err) })
		return nil
	}
	if err != nil {
		note(res, rep, err)
		return l.settleRead(res, err, "list what the user may enroll")
	}
	l.policies.all(false)
	want, names := l.opts.Enroll.Factor.String(), make([]string, 0, len(offered))
	for _, f := range offered {
		names = append(names, f.String())
	}
	if !slices.Contains(names, want) {
		note(res, rep, err)
		res.Settle(runner.StatusInvalid, runner.ReasonPolicy, fmt.Sprintf("the user's enrollment policy doesn't have %s: it has %s", want, strings.Join(names, ", ")))
	}
	return nil
}

// isThere reports whether Okta has the target as a user who can have factors: then a 404 isn't the
// user's.
func (l *List) isThere(ctx context.Context, t *Target) bool {
	u, _, err := l.client.GetUser(ctx, t.UserID)
	return err == nil && u.ID == t.UserID && u.Status != oktaclient.StatusDeprovisioned
}

// withheld reports whether Okta answered that it doesn't say what a user may enroll. It says nothing
// of the reset, which has answers of its own.
func withheld(err error) bool {
	api, ok := errors.AsType[*oktaclient.APIError](err)
	return ok && slices.Contains([]int{http.StatusForbidden, http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusNotImplemented}, api.Status)
}

func (l *List) warnOfPolicies(err error) {
	if l.with.Warn == nil {
		return
	}
	why := "it lists nothing"
	if err != nil {
		why = err.Error()
	}
	l.with.Warn("Okta doesn't say of each user what may be enrolled (" + why + "): whoever can't be enrolled is reset all the same, and stays half done")
}
