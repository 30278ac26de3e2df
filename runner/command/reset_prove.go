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
	look := r.prover.Verified
	if len(r.resend) > 0 { // nothing of the first time may still come when they are sent again
		look = r.prover.Wait
	}
	verified, open, stopped := look(ctx, r.doubts)
	for _, res := range verified {
		delete(r.resend, res.Row.N)
	}
	goOn, err := r.settleVerified(verified)
	if err != nil {
		return err
	}
	r.doubts = goOn
	for _, res := range goOn {
		r.bar.Add(res.Status)
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

// finishHalf goes on with rows that earlier runs left half done, before anybody new is begun. If none of them can be enrolled, nobody new is.
func (r *resetRun) finishHalf(ctx context.Context) error {
	half, others := r.prover.Ripe(r.doubts)
	if len(half) == 0 {
		return nil
	}
	r.doubts = others
	r.sayAgain(half)
	if err := r.pool(ctx, jobsOf(half), r.opts.workers); err != nil || r.rowsToDo == 0 {
		return err
	}
	return r.list.NoEnrollment()
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

// settleLater is the last look at the rows that are open: what can be proved is settled, and what certainly wasn't done is done. stopped is
// what ended the run before.
func (r *resetRun) settleLater(ctx context.Context, stopped error) error {
	for round := 0; len(r.doubts) > 0 && round < proofRounds; round++ {
		if stopped != nil && !errors.Is(stopped, steps.ErrLimit) {
			return stopped
		}
		again, err := r.prove(ctx)
		if err != nil {
			return also(stopped, err)
		}
		if stopped != nil { // nobody new is begun, but nobody is left half done
			if err := r.settleUndone(again); err != nil {
				return also(stopped, err)
			}
			if half := onlyHalf(again); len(half) > 0 {
				r.sayAgain(half)
				return also(stopped, r.pool(ctx, jobsOf(half), r.opts.workers))
			}
			return stopped
		}
		if len(again) > 0 {
			r.sayAgain(again)
			stopped = r.pool(ctx, jobsOf(again), r.opts.workers)
		}
	}
	return stopped
}

// prove settles what can be proved of the open rows, and returns those that may be worked on again.
func (r *resetRun) prove(ctx context.Context) (again []runner.Result, err error) {
	rows := r.doubts
	if n := r.inDoubt(); n > 0 {
		r.console.info("%s in doubt: looking for proof in the System Log and in the users' factors", plural(n, "row"))
	}
	verified, open, err := r.prover.Wait(ctx, rows)
	r.doubts = open
	goOn, settleErr := r.settleVerified(verified)
	if err = also(err, settleErr); err != nil {
		return nil, err
	}
	undone, _, err := r.prover.Undone(ctx, open)
	if err != nil {
		return nil, err
	}
	r.doubts = nil // what isn't proved by now stays unknown
	return append(undone, goOn...), nil
}

// onlyHalf returns those of the rows that are half done.
func onlyHalf(rows []runner.Result) (half []runner.Result) {
	for _, res := range rows {
		if res.Status.Open() {
			half = append(half, res)
		}
	}
	return half
}

// inDoubt is how many of the open rows are those whose reset is in doubt.
func (r *resetRun) inDoubt() int {
	n := 0
	for _, res := range r.doubts {
		if steps.ResetInDoubt(res) {
			n++
		}
	}
	return n
}

func (r *resetRun) sayAgain(rows []runner.Result) {
	half := len(onlyHalf(rows))
	if undone := len(rows) - half; undone > 0 {
		r.console.info("%s certainly not reset: sent again", plural(undone, "user"))
	}
	if half > 0 {
		r.console.info("%s half done: going on with what is open", plural(half, "row"))
	}
}

// lastLook asks the log once more, without waiting, in a run that ends early.
func (r *resetRun) lastLook(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, optionalTime)
	defer cancel()
	verified, _, err := r.prover.Verified(ctx, r.doubts)
	if ctx.Err() != nil {
		err = nil // it was a last look only
	}
	_, settleErr := r.settleVerified(verified)
	return also(err, settleErr)
}

// settleVerified writes down that rows in doubt were reset, and returns those of them that go on with a later step.
func (r *resetRun) settleVerified(rows []runner.Result) (goOn []runner.Result, err error) {
	for _, res := range rows {
		next := r.list.AfterReset()
		if next != "" {
			res.Status, res.Reason = runner.StatusPartial, next
			res.Error += "; what comes next isn't done yet"
		}
		if err := r.book.Settle(res); err != nil {
			return goOn, err
		}
		if next != "" { // it is counted once it is done
			r.tally.change(res)
			r.prover.Sent(res.Row.N, time.Time{}) // what comes next never was
			goOn = append(goOn, res)
			continue
		}
		r.count(res)
	}
	return goOn, nil
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
		if res.Status != runner.StatusNotAttempted {
			continue
		}
		if err := r.book.Settle(res); err != nil {
			return err
		}
		r.count(res)
	}
	return nil
}

// jobsOf makes jobs of rows that may be worked on again.
func jobsOf(rows []runner.Result) iter.Seq2[runner.Job, error] {
	return func(yield func(runner.Job, error) bool) {
		for _, res := range rows {
			if !yield(runner.Job{Row: res.Row, First: res.Row.N, Before: &res}, nil) {
				return
			}
		}
	}
}

// fresh begins new users. Where they are enrolled, one at a time until that has worked once: if it can't, ten people are without a factor, and not
// as many as there are workers besides.
func (r *resetRun) fresh(ctx context.Context, jobs iter.Seq2[runner.Job, error]) error {
	if r.opts.what.enroll.Type == "" || r.opts.dryRun || r.list.Enrolled() {
		return r.pool(ctx, jobs, r.opts.workers)
	}
	next, end := iter.Pull2(jobs)
	defer end()
	while := func(more func() bool) iter.Seq2[runner.Job, error] {
		return func(yield func(runner.Job, error) bool) {
			for more() {
				if j, err, ok := next(); !ok || !yield(j, err) {
					return
				}
			}
		}
	}
	if err := r.pool(ctx, while(func() bool { return !r.list.Enrolled() }), 1); err != nil {
		return err
	}
	return r.pool(ctx, while(func() bool { return true }), r.opts.workers)
}

// pool works on jobs until they are done or the run is stopped, and returns what stopped it.
func (r *resetRun) pool(ctx context.Context, jobs iter.Seq2[runner.Job, error], workers int) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	r.client.Expect(r.calls())
	defer r.client.Expect(0)
	do := func(ctx context.Context, j runner.Job, b runner.Book) (runner.Result, error) {
		res, err := r.list.Do(ctx, j, notedBook{b, &r.taken})
		r.attempts.Add(int64(res.Attempts))
		if j.Before != nil {
			r.attempts.Add(-int64(j.Before.Attempts))
		}
		return res, err
	}
	return runner.Run(ctx, runner.Options{Workers: workers}, jobs, do, r.book, func(res runner.Result) {
		r.count(res)
		r.client.Expect(r.calls())
		if res.Status == runner.StatusUnknown || res.InDoubt {
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
