package command

import (
	"context"
	"errors"
	"iter"
	"slices"
	"strings"
	"time"

	"oktareset/runner"
	"oktareset/runner/steps"
)

// proofRounds bounds how often rows that were certainly not reset are sent again, each time under a new taking.
const proofRounds = 3

// settleEarlier looks, before anything is sent, what the System Log proves of the rows that earlier runs left in doubt. So a row that was
// reset isn't sent again, even if it is asked to be.
func (r *resetRun) settleEarlier(ctx context.Context) error {
	for _, res := range r.doubts {
		if next := r.runAfter(res.RunID); !next.IsZero() {
			r.prover.Sent(res.Row.N, next)
		}
	}
	verified, open, stopped := r.prover.Verified(ctx, r.doubts)
	if err := r.settleVerified(verified); err != nil {
		return err
	}
	r.doubts = nil
	for _, res := range verified {
		delete(r.resend, res.Row.N)
	}
	for _, res := range open {
		if _, again := r.resend[res.Row.N]; again {
			r.resend[res.Row.N] = &res
			continue
		}
		r.doubts = append(r.doubts, res)
		r.tally.carry(res)
		r.bar.Add(res.Status)
	}
	return stopped
}

// runAfter is when the run began that came after those with the given ids: by then, they had ended. It is zero if that is this run.
func (r *resetRun) runAfter(ids string) time.Time {
	runs := r.book.Manifest().Runs
	last := len(runs)
	for i, run := range runs {
		if slices.Contains(strings.Fields(ids), run.RunID) {
			last = i
		}
	}
	if last >= len(runs)-2 {
		return time.Time{}
	}
	return runs[last+1].StartedAt
}

// settleLater is the last look at the rows in doubt: what can be proved is settled, and what certainly wasn't done is done. stopped is what
// ended the run before.
func (r *resetRun) settleLater(ctx context.Context, stopped error) error {
	for round := 0; len(r.doubts) > 0 && round < proofRounds; round++ {
		if stopped != nil && !errors.Is(stopped, steps.ErrLimit) {
			return stopped
		}
		rows := r.doubts
		r.console.info("%s in doubt: looking for proof in the System Log and in the users' factors", plural(len(rows), "row"))
		verified, open, err := r.prover.Wait(ctx, rows)
		r.doubts = open
		if err = also(err, r.settleVerified(verified)); err != nil {
			return also(stopped, err)
		}
		undone, _, err := r.prover.Undone(ctx, open)
		if err != nil {
			return also(stopped, err)
		}
		r.doubts = nil // what isn't proved by now stays unknown
		if stopped != nil {
			return also(stopped, r.settleUndone(undone))
		}
		if len(undone) > 0 {
			r.console.info("%s certainly not reset: sent again", plural(len(undone), "user"))
			stopped = r.pool(ctx, again(undone))
		}
	}
	return stopped
}

// lastLook asks the log once more, without waiting, in a run that ends early.
func (r *resetRun) lastLook(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, optionalTime)
	defer cancel()
	verified, _, err := r.prover.Verified(ctx, r.doubts)
	if ctx.Err() != nil {
		err = nil // it was a last look only
	}
	return also(err, r.settleVerified(verified))
}

// settleVerified writes down that rows in doubt were reset.
func (r *resetRun) settleVerified(rows []runner.Result) error {
	for _, res := range rows {
		if err := r.book.Settle(res); err != nil {
			return err
		}
		r.count(res)
	}
	return nil
}

// count takes a result into the summary and the display.
func (r *resetRun) count(res runner.Result) {
	switch again := r.tally.settle(res); {
	case again:
		r.bar.Mend(res.Status)
	case res.Status != runner.StatusNotAttempted: // that is no progress
		r.bar.Add(res.Status)
	}
}

// settleUndone writes down that rows in doubt certainly weren't reset, in a run that sends no more.
func (r *resetRun) settleUndone(rows []runner.Result) error {
	for _, res := range rows {
		res.Status, res.Reason, res.Error = runner.StatusNotAttempted, "", "proved not to have taken effect: a factor from before is still enrolled"
		if err := r.book.Settle(res); err != nil {
			return err
		}
		r.count(res)
	}
	return nil
}

// again makes jobs of rows that certainly weren't reset.
func again(rows []runner.Result) iter.Seq2[runner.Job, error] {
	return func(yield func(runner.Job, error) bool) {
		for _, res := range rows {
			if !yield(runner.Job{Row: res.Row, Tried: res.Attempts, First: res.Row.N, UserID: res.UserID, Login: res.Login}, nil) {
				return
			}
		}
	}
}

// pool works on jobs until they are done or the run is stopped, and returns what stopped it.
func (r *resetRun) pool(ctx context.Context, jobs iter.Seq2[runner.Job, error]) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	do := func(ctx context.Context, j runner.Job, b runner.Book) (runner.Result, error) {
		res, err := r.list.Do(ctx, j, b)
		r.attempts.Add(int64(res.Attempts))
		res.Attempts += j.Tried
		return res, err
	}
	return runner.Run(ctx, runner.Options{Workers: r.opts.workers}, jobs, do, r.book, func(res runner.Result) {
		r.count(res)
		if res.Status == runner.StatusUnknown {
			r.prover.Sent(res.Row.N, time.Now())
			r.doubts = append(r.doubts, res)
		}
		if r.opts.halt.halted(r.tally.failed, r.tally.finished) {
			stop(errHalt)
		}
	})
}

// wait shows until when the prover waits.
func (r *resetRun) wait(until time.Time) { r.waiting.Store(&until) }
