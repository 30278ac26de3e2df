package job

import (
	"context"
	"errors"
	"iter"
	"slices"
	"sync"
	"time"

	"oktareset/oktaclient"
	"oktareset/runner"
	"oktareset/runner/access"
	"oktareset/runner/console"
	"oktareset/runner/doubt"
	"oktareset/runner/fault"
	"oktareset/runner/steps"
)

// proofRounds bounds how often rows that were certainly not reset are sent again, each time under a new taking.
const proofRounds = 3

// withoutLog takes in that the System Log could not be read before consent, and returns what
// follows for lost answers, to be said then: without the right to it, nothing proves what became of
// them.
func (r *resetRun) withoutLog(err error) string {
	if fate := oktaclient.FateOf(err); r.opts.DryRun || fate != oktaclient.NoAccess && fate != oktaclient.Forbidden {
		return ""
	}
	r.blind = true
	return "; if an answer is lost, nothing proves what became of it: the row stays unknown"
}

// newProver makes the prover of this run, once the manifest names it.
func (r *resetRun) newProver() *doubt.Prover {
	runs := make(map[string]doubt.Run)
	for _, run := range r.book.Manifest().Runs {
		runs[run.RunID] = doubt.Run{Actor: run.Actor.ID, Clock: run.ClockVouched}
	}
	return doubt.New(r.client, doubt.Options{
		RunID: r.id, Runs: runs, Blind: r.blind, Warn: func(err error) { r.Console.Warn("%v", err) }, Waiting: r.wait,
	})
}

// settleEarlier looks, before anything is sent, what the System Log proves of the rows that earlier runs left in doubt. So a row that was
// reset isn't sent again, even if it is asked to be.
func (r *resetRun) settleEarlier(ctx context.Context) error {
	look := r.prover.Look
	if len(r.resend) > 0 { // nothing of the first time may still come when they are sent again
		look = r.prover.Wait
	}
	f, stopped := look(ctx, r.doubts)
	for _, res := range f.Done {
		delete(r.resend, res.Row.N)
	}
	goOn, err := r.settleDone(f.Done)
	if err != nil {
		return err
	}
	for _, res := range f.Incomplete { // they are counted with the others, below
		if err := r.book.Settle(res); err != nil {
			return err
		}
	}
	r.doubts = goOn
	for _, res := range goOn {
		r.bar.Add(res.Status)
	}
	for _, res := range slices.Concat(f.Incomplete, f.Absent, f.Open) {
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
	if err := r.pool(ctx, jobsOf(half), r.opts.Workers); err != nil || r.rowsToDo == 0 {
		return err
	}
	return r.list.NoEnrollment()
}

// settleLater looks at the rows that are open, settles what can be proved, and goes on with what
// may be. stopped is what ended the run before: if it was the limit, the rows in doubt are among
// those that it allows. It ends with a look, not with what was sent.
func (r *resetRun) settleLater(ctx context.Context, stopped error) error {
	for round := 0; len(r.doubts) > 0; round++ {
		if stopped != nil && !errors.Is(stopped, steps.ErrLimit) {
			return stopped
		}
		again, rest, err := r.prove(ctx)
		if err != nil {
			return fault.Also(stopped, err)
		}
		if len(again) == 0 || round == proofRounds {
			return stopped
		}
		r.sayAgain(again)
		sent := r.sentAgain.Load()
		err = r.pool(ctx, jobsOf(again), r.opts.Workers)
		if n := r.sentAgain.Load() - sent; n > 0 {
			r.Console.Info("%s sent again: certainly not reset before", console.Plural(int(n), "user"))
		}
		if stopped == nil || err != nil && !errors.Is(err, steps.ErrLimit) {
			stopped = err
		}
		shown, _ := r.prover.Witnessed(rest) // what was sent again may now show that the log keeps up
		r.doubts = append(r.doubts, shown...)
	}
	return stopped
}

// prove settles what can be proved of the open rows, and returns those that may be worked on again,
// and those that nothing can be proved of so far because nobody was reset after them. What else
// isn't proved by now stays as it is.
func (r *resetRun) prove(ctx context.Context) (again, rest []runner.Result, err error) {
	rows := r.doubts
	if n := r.inDoubt(); n > 0 && !r.prover.Blind() {
		r.Console.Info("%s in doubt: looking for proof in the System Log and in the users' factors", console.Plural(n, "row"))
	} else if n > 0 {
		rows, _ = split(rows) // nothing is proved by waiting
	}
	f, err := r.prover.Wait(ctx, rows)
	goOn, settleErr := r.settleDone(f.Done)
	if err = fault.Also(err, fault.Also(settleErr, r.writeIncomplete(f.Incomplete))); err != nil {
		r.doubts = slices.Concat(goOn, f.Absent, f.Open)
		return nil, nil, err
	}
	r.doubts = nil
	half, open := split(f.Open)
	_, rest = r.prover.Witnessed(open)
	return slices.Concat(f.Absent, half, goOn), rest, nil
}

// split tells the rows that may be gone on with, whatever became of what was sent, from those whose
// reset is in doubt.
func split(rows []runner.Result) (half, doubts []runner.Result) {
	for _, res := range rows {
		if res.Open.ResetInDoubt() {
			doubts = append(doubts, res)
		} else {
			half = append(half, res)
		}
	}
	return half, doubts
}

// inDoubt is how many of the open rows are those whose reset is in doubt.
func (r *resetRun) inDoubt() int {
	_, doubts := split(r.doubts)
	return len(doubts)
}

func (r *resetRun) sayAgain(rows []runner.Result) {
	half, absent := split(rows)
	if len(absent) > 0 {
		r.Console.Info("the System Log shows no reset of %s in doubt: looking at the factors once more", console.Plural(len(absent), "user"))
	}
	if len(half) > 0 {
		r.Console.Info("%s half done: going on with what is open", console.Plural(len(half), "row"))
	}
}

// lastLook asks the log once more in a run that ends early with rows in doubt, whatever ended it.
// It takes a few seconds at most.
func (r *resetRun) lastLook(ctx context.Context, stopped error) error {
	if r.inDoubt() == 0 {
		return nil
	}
	if errors.Is(stopped, oktaclient.ErrOutage) { // there is nobody to ask
		r.unseen = r.inDoubt()
		return nil
	}
	ctx, cancel := context.WithTimeout(oktaclient.Brief(context.WithoutCancel(ctx)), access.OptionalTime)
	defer cancel()
	f, err := r.prover.LookTwice(ctx, r.doubts, access.OptionalTime/2)
	if err != nil { // it was a last look only
		_, open := split(f.Open)
		r.unseen = len(open)
	}
	_, err = r.settleDone(f.Done)
	return fault.Also(err, r.writeIncomplete(f.Incomplete))
}

// writeIncomplete writes down that Okta did a part of the reset only.
func (r *resetRun) writeIncomplete(rows []runner.Result) error {
	for _, res := range rows {
		if err := r.book.Settle(res); err != nil {
			return err
		}
		r.tally.change(res)
	}
	return nil
}

// settleDone writes down that rows in doubt were reset, and returns those of them that go on with a
// later step.
func (r *resetRun) settleDone(rows []runner.Result) (goOn []runner.Result, err error) {
	for _, res := range rows {
		next := r.list.AfterReset()
		if next != "" {
			res.Leave(false, runner.Open{Step: next, Sent: runner.SentNever}, res.Error+"; what comes next isn't done yet")
		}
		if err := r.book.Settle(res); err != nil {
			return goOn, err
		}
		if next != "" { // it is counted once it is done
			r.tally.change(res)
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
	if r.opts.What.Enroll.Type == "" || r.opts.DryRun || r.list.Enrolled() {
		return r.pool(ctx, jobs, r.opts.Workers)
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
	return r.pool(ctx, while(func() bool { return true }), r.opts.Workers)
}

// pool works on jobs until they are done or the run is stopped, and returns what stopped it.
func (r *resetRun) pool(ctx context.Context, jobs iter.Seq2[runner.Job, error], workers int) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	r.client.Expect(r.calls())
	defer r.client.Expect(0)
	var (
		mu   sync.Mutex
		lost []runner.Result // in this pool
	)
	do := func(ctx context.Context, j runner.Job, b runner.Book) (runner.Result, error) {
		before := j.Tried
		if j.Before != nil {
			before = runner.Tried{Attempts: j.Before.Attempts, Again: j.Before.Again}
		}
		began := time.Now()
		res, err := r.list.Do(ctx, j, notedBook{b, &r.taken})
		r.attempts.Add(int64(res.Attempts - before.Attempts))
		if res.Again != before.Again {
			r.sentAgain.Add(1)
		}
		if res.Open.InDoubt() && r.prover.LostSince(res.Row.N, began) {
			mu.Lock()
			defer mu.Unlock()
			lost = append(lost, res)
		}
		return res, err
	}
	err := runner.Run(ctx, runner.Options{Workers: workers}, jobs, do, r.book, func(res runner.Result) {
		r.count(res)
		r.client.Expect(r.calls())
		if r.opts.Halt.halted(r.tally.failed, r.tally.finished) {
			stop(errHalt)
		}
	})
	r.doubts = append(r.doubts, lost...)
	return err
}

// wait shows until when the prover waits.
func (r *resetRun) wait(until time.Time) { r.waiting.Store(&until) }
