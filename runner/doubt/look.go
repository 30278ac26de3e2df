package doubt

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"oktareset/oktaclient"
	"oktareset/runner"
)

// listers is how many lists of factors are read at the same time; the client's pace applies to
// them too.
const listers = 8

// Found is the outcome of a look at rows. Each row is in one of the lists.
type Found struct {
	Done       []runner.Result // the reset is proved; settled so
	Incomplete []runner.Result // a part of the reset is proved; settled so
	Absent     []runner.Result // the log would show a reset and doesn't: [Prover.NotDone] decides
	Open       []runner.Result // all others, also those whose reset isn't in doubt
}

// Look checks once what the System Log proves, without waiting. After an error, the rows that it
// didn't reach are open.
func (p *Prover) Look(ctx context.Context, rows []runner.Result) (Found, error) {
	return p.look(ctx, rows, false)
}

// LookTwice is [Prover.Look], and once more after a pause for rows that aren't proved by then:
// the log lags by seconds.
func (p *Prover) LookTwice(ctx context.Context, rows []runner.Result, pause time.Duration) (Found, error) {
	f, err := p.look(ctx, rows, false)
	left := slices.Concat(f.Open, f.Incomplete)
	if err != nil || len(left) == 0 || p.Blind() {
		return f, err
	}
	if err := p.pause(ctx, pause); err != nil {
		return f, err
	}
	again, err := p.look(ctx, left, false)
	again.Done = slices.Concat(f.Done, again.Done)
	return again, err
}

// Wait waits until the rows' requests can no longer take effect, and looks now and then. Rows
// that are then open, and whose reset isn't in doubt, may be worked on again.
func (p *Prover) Wait(ctx context.Context, rows []runner.Result) (Found, error) {
	var all Found
	for {
		var left time.Duration
		for _, res := range rows {
			left = max(left, p.ripeIn(res))
		}
		f, err := p.look(ctx, rows, left <= 0)
		all.Done = append(all.Done, f.Done...)
		if left <= 0 || err != nil {
			all.Incomplete, all.Absent, all.Open = f.Incomplete, f.Absent, f.Open
			return all, err
		}
		rows = slices.Concat(f.Open, f.Incomplete) // the log may have had only a part of the events
		if len(rows) == 0 {
			return all, nil
		}
		if err := p.pause(ctx, left); err != nil {
			all.Incomplete, all.Open = f.Incomplete, f.Open
			return all, err
		}
	}
}

// pause waits for a part of the time that is left.
func (p *Prover) pause(ctx context.Context, left time.Duration) error {
	if p.opts.Waiting != nil {
		p.opts.Waiting(time.Now().Add(left))
		defer p.opts.Waiting(time.Time{})
	}
	return runner.Pause(ctx, min(left, logInterval))
}

// look reads the log, and lists the factors of users for whom it shows parts of a reset. ripe
// means that nothing more is to come. Only then does look ask for witnesses too.
func (p *Prover) look(ctx context.Context, rows []runner.Result, ripe bool) (Found, error) {
	var f Found
	var doubts, parts []runner.Result
	for _, res := range rows {
		if res.Open.ResetInDoubt() {
			doubts = append(doubts, res)
		} else {
			f.Open = append(f.Open, res)
		}
	}
	read, err := p.readLog(ctx, doubts, ripe)
	for _, res := range doubts {
		switch e := read[res.Row.N]; {
		case e == nil:
			f.Open = append(f.Open, res)
		case e.whole != nil:
			f.Done = append(f.Done, done(res, e.whole))
		case len(e.parts) > 0:
			parts = append(parts, res)
		case e.complete && e.witnessed && !e.touched && res.Reason != runner.ReasonIncomplete:
			p.noteAbsent(res.Row.N)
			f.Absent = append(f.Absent, res)
		default:
			f.Open = append(f.Open, res)
		}
	}
	if err != nil {
		f.Open = append(f.Open, parts...)
		return f, err
	}
	return f, p.lookAtParts(ctx, parts, read, &f)
}

func (p *Prover) noteAbsent(row int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.absent[row] = true
}

// lookAtParts distinguishes a whole reset from a part of one if the log has only deactivations.
func (p *Prover) lookAtParts(ctx context.Context, rows []runner.Result, read map[int]*evidence, f *Found) error {
	type list struct {
		left []oktaclient.Factor
		err  error
	}
	lists := make([]list, len(rows))
	var workers errgroup.Group
	workers.SetLimit(listers)
	for i, res := range rows {
		workers.Go(func() error {
			listed, _, err := p.client.ListFactors(ctx, res.UserID)
			lists[i] = list{leftBy(read[res.Row.N].parts, listed), err}
			return nil
		})
	}
	_ = workers.Wait() // the functions return nil: one user's failure must not end the others
	var stopped error
	for i, res := range rows {
		switch a := lists[i]; {
		case a.err != nil:
			f.Open = append(f.Open, res)
			stopped = cmp.Or(stopped, p.unlisted(ctx, a.err))
		case len(a.left) == 0:
			f.Done = append(f.Done, done(res, &read[res.Row.N].parts[0]))
		default:
			f.Incomplete = append(f.Incomplete, incomplete(res, a.left))
		}
	}
	return stopped
}

// unlisted records that a user's factors couldn't be listed. It returns an error if nobody's can.
func (p *Prover) unlisted(ctx context.Context, err error) error {
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case oktaclient.Fatal(err):
		return err
	}
	p.warn("list", fmt.Errorf("not every user's factors could be listed, so less can be proved: %w", err))
	return nil
}

func done(res runner.Result, e *oktaclient.LogEvent) runner.Result {
	res.Settle(runner.StatusReset, runner.ReasonVerified, "the answer was lost; the System Log proves it: event "+e.UUID)
	res.RequestID, res.FinishedAt = runner.Clip(e.RequestID()), runner.Later(e.Published, res.StartedAt)
	return res
}

func incomplete(res runner.Result, left []oktaclient.Factor) runner.Result {
	names := make([]string, len(left))
	for i, f := range left {
		names[i] = f.String()
	}
	open := res.Open
	res.Settle(runner.StatusUnknown, runner.ReasonIncomplete,
		"Okta did a part of the reset; still listed from before it: "+strings.Join(runner.ClipAll(names), ", "))
	res.Open = open
	return res
}
