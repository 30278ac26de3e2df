package after

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"oktareset/oktaclient"
	"oktareset/runner/access"
	"oktareset/runner/console"
	"oktareset/runner/evidence"
	"oktareset/runner/fault"
	"oktareset/runner/progress"
)

// fewLists is how many lists are read without a message and a bar.
const fewLists = 20

// listOpen lists the factors of the users about whom the log can't tell, in a look that began then.
// Whoever has a factor isn't asked about again at once: their line has the time of their list.
func (r *run) listOpen(ctx context.Context, began time.Time) error {
	var open []*person
	for _, p := range r.people {
		if n := p.fold(r.classic); p.open(&n) && (!p.listed.some() || began.Sub(p.listed.asOf) >= wholeEvery) {
			open = append(open, p)
		}
	}
	if len(open) == 0 {
		return nil
	}
	// The first goes alone: it says what the limit is, or that nobody's factors may be listed.
	if err := r.list(ctx, open[0], began); err != nil {
		return r.explainList(err)
	}
	var bar *progress.Progress
	if len(open) > fewLists && r.bar == nil {
		r.Console.Info("listing the factors of %s, of whom the log can't tell: %s, which count together with resets; %s", console.Plural(len(open), "user"),
			console.Plural(len(open), "call"), access.Estimate(r.client, len(open), 0, "how long it takes isn't known, as the org doesn't tell its limit"))
		bar = r.Progress(r.barOptions("list factors", len(open)))
		bar.Count()
		defer bar.Done()
	}
	pool, calls := errgroup.WithContext(ctx)
	pool.SetLimit(oktaclient.DefaultMaxInFlight)
	for _, p := range open[1:] {
		if calls.Err() != nil {
			break
		}
		pool.Go(func() error {
			err := r.list(calls, p, began)
			bar.Count()
			return err
		})
	}
	err := pool.Wait()
	if err == nil && ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	return r.explainList(err)
}

// explainList returns an error that says why factors can't be listed.
func (r *run) explainList(err error) error {
	if err == nil {
		return nil
	}
	if known := fault.Of(r.client, err, fault.During, "list that user's factors"); known != nil {
		return known
	}
	return fault.WithCode(fault.ExitBrokeOff, err)
}

// list asks for the factors of a user.
func (r *run) list(ctx context.Context, p *person, began time.Time) error {
	list, _, err := r.client.ListFactors(ctx, p.id)
	switch {
	case oktaclient.FateOf(err) == oktaclient.Missing:
		p.listed = &listing{why: "Okta lists no factors of this user: deactivated or deleted since", asOf: began}
		return nil
	case err != nil:
		return fmt.Errorf("list the factors of user %s: %w", p.id, err)
	}
	l := &listing{asOf: began}
	timeless := false
	for _, f := range list {
		at := f.Created
		if f.LastUpdated.After(at) {
			at = f.LastUpdated
		}
		switch {
		case f.Status != oktaclient.FactorActive, !r.classic && !f.ResetTakes() && oktaclient.EventOutlasts(f.LogName()):
		case at.IsZero():
			timeless = true
		case at.After(p.since.Add(-evidence.ClockSlack)) && at.After(l.at):
			l.factor, l.at = f.String(), at.Truncate(time.Millisecond)
		}
	}
	if l.factor == "" && timeless {
		l.why = "a factor is listed, and Okta doesn't say since when"
	}
	p.listed = l
	return nil
}
