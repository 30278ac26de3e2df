package steps

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"oktareset/oktaclient"
	"oktareset/runner"
	"oktareset/runner/doubt"
)

func (o *Options) unenrollName() string {
	var names []string
	for _, f := range o.Unenroll {
		names = append(names, f.String())
	}
	slices.Sort(names) // their order doesn't matter
	name := "unenroll " + strings.Join(names, " ")
	if o.RemoveRecovery {
		name += " (remove recovery)"
	}
	return name
}

// chooseFactors lists the target's factors and records those to unenroll, including those that
// Okta removes with them.
func (l *List) chooseFactors(ctx context.Context, t *Target, res *runner.Result) error {
	if t.goesOn() && len(t.unenroll) == 0 { // the open step comes later
		return nil
	}
	listed, err := l.listFactors(ctx, t, res)
	if err != nil || res.Status != "" {
		return err
	}
	if t.takenBefore() { // exactly those of the first attempt
		if f := t.newer(listed); f != nil {
			res.Settle(runner.StatusFailed, "", fmt.Sprintf("%s, enrolled since, would be removed too: decide by oktareset factors unenroll", f))
		}
		return nil
	}
	var along []string
	t.unenroll, along = choose(listed, l.opts.Unenroll)
	for _, f := range listed {
		if slices.Contains(t.unenroll, f.ID) {
			res.Factors = append(res.Factors, f.String())
		}
	}
	res.Factors = append(res.Factors, along...)
	if len(along) > 0 {
		res.Error = runner.Clip("Okta removes Okta Verify as a whole: also " + strings.Join(along, ", "))
	}
	if len(t.unenroll) == 0 && l.opts.Enroll == nil {
		res.Settle(runner.StatusSkipped, runner.ReasonNotEnrolled,
			"no such factor is listed (Okta lists what the user's enrollment policy has as optional or required)")
	}
	return nil
}

// newer returns a factor that was enrolled since the first attempt and that Okta would remove
// together with one still to unenroll, or nil.
func (t *Target) newer(listed []oktaclient.Factor) *oktaclient.Factor {
	for _, f := range listed {
		if !slices.Contains(t.unenroll, f.ID) {
			continue
		}
		for _, other := range listed {
			if f.Takes(other) && !slices.Contains(t.unenroll, other.ID) && other.Created.After(t.Job.Before.StartedAt.Add(-doubt.ClockDoubt)) {
				return &other
			}
		}
	}
	return nil
}

// choose returns the IDs of the named factors, and TYPE:PROVIDER of those that Okta only removes
// with them.
func choose(listed []oktaclient.Factor, named []FactorType) (ids, along []string) {
	var chosen, others []oktaclient.Factor
	for _, f := range listed {
		if slices.ContainsFunc(named, func(n FactorType) bool { return n.Names(f) }) {
			chosen = append(chosen, f)
		} else {
			others = append(others, f)
		}
	}
	for _, f := range chosen {
		ids = append(ids, f.ID)
	}
	for _, o := range others {
		if slices.ContainsFunc(chosen, func(f oktaclient.Factor) bool { return f.Takes(o) }) {
			along = append(along, o.String())
		}
	}
	return ids, along
}

// unenroll unenrolls the chosen factors, one call each. A factor is named by its ID, which no
// later one has. So in doubt the same call may be repeated: for a factor that is gone, Okta
// answers 404.
func (l *List) unenroll(ctx context.Context, t *Target, res *runner.Result) error {
	if len(t.unenroll) == 0 {
		return nil
	}
	if err := l.begin(t, res); err != nil {
		return err
	}
	for i, id := range t.unenroll {
		c := &changing{step: runner.ReasonUnenroll} // the first taking covers the others
		if i == 0 {
			c = l.change(t, runner.ReasonUnenroll)
		}
		rep, err := l.unenrollOne(l.whileVerified(ctx, t), t, id, c)
		err = l.settleChange(ctx, t, res, c, rep, err)
		if res.Status.Open() {
			res.Open.Factors = t.unenroll[i:]
		}
		if err != nil || res.Status != "" {
			return err
		}
		ctx = l.finishing(ctx, t)
	}
	return nil
}

// unenrollOne sends the call for one factor. If the user doesn't have it any more, that is as
// good.
func (l *List) unenrollOne(ctx context.Context, t *Target, id string, c *changing) (oktaclient.Reply, error) {
	rep, err := l.client.UnenrollFactor(ctx, t.UserID, id, l.opts.RemoveRecovery, c.dispatch)
	if oktaclient.FateOf(err) != oktaclient.Missing {
		return rep, err
	}
	if !t.changed { // perhaps the user is gone
		u, _, lookErr := l.client.GetUser(ctx, t.UserID)
		if lookErr != nil || u.Status == oktaclient.StatusDeprovisioned {
			return rep, err
		}
	}
	rep.Status = 0 // it says 404
	return rep, nil
}
