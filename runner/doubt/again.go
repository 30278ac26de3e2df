package doubt

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"oktareset/oktaclient"
	"oktareset/runner"
)

const (
	// oldEnough is how much older than its row's taking a factor has to be to prove anything: no
	// clock that passes for Okta's is off by so much that a factor enrolled after a reset could
	// look like one from before.
	oldEnough = time.Hour
	// CreatedMargin is how long before the taking a factor may have been created and still counts
	// as enrolled since: Okta's servers don't all have the same clock.
	CreatedMargin = 10 * time.Second
	// freshTime is how long a list of factors is valid as a proof.
	freshTime = 5 * time.Second
)

// ErrStale means that a proof is too old to send a reset again.
var ErrStale = errors.New("the proof that nothing was done is too old")

// Proof proves that a user certainly wasn't reset. It is valid for a moment.
type Proof struct{ listed time.Time }

// Check returns [ErrStale] once the proof has expired. Call it before each attempt.
func (p Proof) Check() error {
	if p.listed.IsZero() || time.Since(p.listed) > freshTime {
		return ErrStale
	}
	return nil
}

// NotProved says why it isn't certain that a user wasn't reset.
type NotProved struct{ Why string }

func (e *NotProved) Error() string { return "nothing proves that nothing was done: " + e.Why }

// NotDone lists the factors of a row's user and returns the proof that the user wasn't reset, or
// a [*NotProved], or the client's error. [Prover.Wait] supplies the log's part of the proof.
func (p *Prover) NotDone(ctx context.Context, res runner.Result) (Proof, error) {
	if p == nil {
		return Proof{}, &NotProved{"nobody has looked"}
	}
	p.mu.Lock()
	absent := p.absent[res.Row.N]
	p.mu.Unlock()
	if !absent {
		return Proof{}, &NotProved{"the System Log may not show it yet"}
	}
	earlier := p.client.Vouched()
	listed, rep, err := p.client.ListFactors(ctx, res.UserID)
	switch {
	case oktaclient.FateOf(err) == oktaclient.NotSent:
		return Proof{}, err
	case err != nil:
		if err := p.unlisted(ctx, err); err != nil {
			return Proof{}, err
		}
		return Proof{}, &NotProved{"the factors can't be listed"}
	case !rep.Vouched() || earlier == 0:
		p.warn("clock", errors.New("the times of Okta's answers don't fit its own rate limits, "+
			"perhaps because a proxy writes them: no row in doubt is sent again"))
		return Proof{}, &NotProved{"the times of Okta's answers can't be trusted"}
	case !p.clocked(res):
		return Proof{}, &NotProved{"the times of Okta's answers could not be trusted when it was sent"}
	}
	if err := cmp.Or(missing(listed, res.Factors), fromBefore(listed, res.StartedAt)); err != nil {
		return Proof{}, err
	}
	return Proof{listed: time.Now().Add(-max(0, p.client.Now().Sub(rep.SentAt)))}, nil
}

// clocked reports whether the time at which a row was taken can be trusted.
func (p *Prover) clocked(res runner.Result) bool {
	runs := strings.Fields(res.RunID)
	return len(runs) > 0 && !slices.ContainsFunc(runs, func(run string) bool { return run != p.opts.RunID && !p.opts.Runs[run].Clock })
}

// missing returns a [*NotProved] if a factor that was recorded before the row was taken, and that
// a reset takes, is no longer listed.
func missing(listed []oktaclient.Factor, recorded []string) error {
	for _, name := range recorded {
		there := slices.ContainsFunc(listed, func(f oktaclient.Factor) bool { return f.String() == name })
		if !there && oktaclient.ParseFactor(name).ResetTakes() {
			return &NotProved{name + " isn't there any more"}
		}
	}
	return nil
}

// fromBefore returns a [*NotProved] unless a list of factors proves that no reset happened after
// the row was taken.
func fromBefore(listed []oktaclient.Factor, taken time.Time) error {
	old := false
	for _, f := range listed {
		if !f.ResetTakes() {
			continue
		}
		if f.Created.IsZero() || f.LastUpdated.IsZero() {
			return &NotProved{fmt.Sprintf("%s has no times", f)}
		}
		for _, t := range []time.Time{f.Created, f.LastUpdated} {
			if t.After(taken.Add(-CreatedMargin)) {
				return &NotProved{fmt.Sprintf("%s was enrolled or changed since", f)}
			}
		}
		old = old || !f.StaysListed() && !f.Created.After(taken.Add(-oldEnough)) && !f.LastUpdated.After(taken.Add(-oldEnough))
	}
	if !old {
		return &NotProved{"no listed factor is certainly from before"}
	}
	return nil
}
