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
	"oktareset/runner/results"
	"oktareset/runner/steps"
)

// proofRounds is how often rows that were certainly not reset are sent again, each time under a
// new taking.
const proofRounds = 3

// sameWait is how long after a wait for proof the next one is a part of it.
const sameWait = 5 * time.Second

// newProver makes this run's prover, once the manifest names the run.
func (w *work) newProver() *doubt.Prover {
	runs := make(map[string]doubt.Run)
	for _, run := range w.ledger.Manifest().Runs {
		runs[run.RunID] = doubt.Run{Actor: run.Actor.ID, Clock: run.ClockVouched}
	}
	return doubt.New(w.client, doubt.Options{
		RunID: w.id, Runs: runs, Blind: w.blind, Warn: func(err error) { w.Console.Warn("%v", err) }, Waiting: w.wait,
	})
}

// settleEarlier checks, before anything is sent, what the System Log proves about the rows that
// earlier runs left in doubt. So a row that was reset isn't sent again, even with --retry
// unknown.
func (w *work) settleEarlier(ctx context.Context) error {
	look := w.prover.Look
	// before they are sent again, the first request must no longer take effect
	if len(w.resend) > 0 {
		look = w.prover.Wait
	}
	f, stopped := look(ctx, w.doubts)
	for _, res := range f.Done {
		delete(w.resend, res.Row.N)
	}
	goOn, err := w.settleDone(f.Done)
	if err != nil {
		return err
	}
	for _, res := range f.Incomplete { // they are counted with the others, below
		if err := w.ledger.Settle(res); err != nil {
			return err
		}
	}
	w.doubts = goOn
	for _, res := range goOn {
		w.bar.Add(res.Status)
	}
	for _, res := range slices.Concat(f.Incomplete, f.Absent, f.Open) {
		if _, again := w.resend[res.Row.N]; again {
			w.resend[res.Row.N] = &res
			continue
		}
		w.doubts = append(w.doubts, res)
		w.tally.Carry(res)
		w.bar.Add(res.Status)
	}
	return stopped
}

// finishHalf continues with rows that earlier runs left half done, before any new user. If none
// of them can be enrolled, no new user is started.
func (w *work) finishHalf(ctx context.Context) error {
	half, others := w.prover.Ripe(w.doubts)
	if len(half) == 0 {
		return nil
	}
	w.doubts = others
	w.sayAgain(half)
	if err := w.pool(ctx, runner.Again(half), w.opts.Workers); err != nil || w.rows == 0 {
		return err
	}
	return w.list.NoEnrollment()
}

// settleLater looks at the open rows, settles what can be proved, and continues with rows that
// may be worked on. stopped is what ended the run before: if it was the limit, the rows in doubt
// are among the users that it allows. It ends with a look, not with a request.
func (w *work) settleLater(ctx context.Context, stopped error) error {
	for round := 0; len(w.doubts) > 0; round++ {
		if stopped != nil && !errors.Is(stopped, steps.ErrLimit) {
			return stopped
		}
		again, rest, err := w.prove(ctx)
		if err != nil {
			return fault.Also(stopped, err)
		}
		if len(again) == 0 || round == proofRounds {
			return stopped
		}
		w.sayAgain(again)
		sent := w.sentAgain.Load()
		err = w.pool(ctx, runner.Again(again), w.opts.Workers)
		if n := w.sentAgain.Load() - sent; n > 0 {
			w.Console.Info("%s sent again: certainly not reset before", console.Plural(int(n), "user"))
		}
		if stopped == nil || err != nil && !errors.Is(err, steps.ErrLimit) {
			stopped = err
		}
		// the rows that were just sent again may now show that the log keeps up
		shown, _ := w.prover.Witnessed(rest)
		w.doubts = append(w.doubts, shown...)
	}
	return stopped
}

// prove settles what can be proved about the open rows. It returns the rows that may be worked on
// again, and those about which nothing can be proved so far because nobody was reset after them.
// All other rows stay as they are.
func (w *work) prove(ctx context.Context) (again, rest []runner.Result, err error) {
	rows, others := w.prover.Waitable(w.doubts)
	if n := doubt.Count(rows); n > 0 {
		w.Console.Info("%s in doubt: looking for proof in the System Log and in the users' factors", console.Plural(n, "row"))
	}
	f, err := w.prover.Wait(ctx, rows)
	goOn, settleErr := w.settleDone(f.Done)
	if err = fault.Also(err, fault.Also(settleErr, w.writeIncomplete(f.Incomplete))); err != nil {
		w.doubts = slices.Concat(goOn, f.Absent, f.Open, others)
		return nil, nil, err
	}
	w.doubts = nil
	half, open := doubt.Split(f.Open)
	_, rest = w.prover.Witnessed(slices.Concat(open, others))
	return slices.Concat(f.Absent, half, goOn), rest, nil
}

func (w *work) sayAgain(rows []runner.Result) {
	half, absent := doubt.Split(rows)
	if len(absent) > 0 {
		w.Console.Info("the System Log shows no reset of %s in doubt: looking at the factors once more", console.Plural(len(absent), "user"))
	}
	if len(half) > 0 {
		w.Console.Info("%s half done: doing the steps that are open", console.Plural(len(half), "row"))
	}
}

// lastLook reads the log once more in a run that ends early with rows in doubt, whatever ended
// it. It takes a few seconds at most.
func (w *work) lastLook(ctx context.Context, stopped error) error {
	if doubt.Count(w.doubts) == 0 {
		return nil
	}
	if errors.Is(stopped, oktaclient.ErrOutage) { // there is nobody to ask
		w.unseen = doubt.Count(w.doubts)
		return nil
	}
	ctx, cancel := context.WithTimeout(oktaclient.Brief(context.WithoutCancel(ctx)), access.OptionalTime)
	defer cancel()
	f, err := w.prover.LookTwice(ctx, w.doubts, access.OptionalTime/2)
	if err != nil { // only the last look failed
		_, open := doubt.Split(f.Open)
		w.unseen = len(open)
	}
	_, err = w.settleDone(f.Done)
	return fault.Also(err, w.writeIncomplete(f.Incomplete))
}

func (w *work) writeIncomplete(rows []runner.Result) error {
	for _, res := range rows {
		if err := w.ledger.Settle(res); err != nil {
			return err
		}
		w.tally.Change(res)
	}
	return nil
}

// settleDone records that rows in doubt were reset, and returns those that have a later step.
func (w *work) settleDone(rows []runner.Result) (goOn []runner.Result, err error) {
	for _, res := range rows {
		next := w.list.AfterReset()
		if next != "" {
			res.Leave(false, runner.Open{Step: next, Sent: runner.SentNever}, res.Error+"; the next step isn't done yet")
		}
		if err := w.ledger.Settle(res); err != nil {
			return goOn, err
		}
		if next != "" { // it is counted once it is done
			w.tally.Change(res)
			goOn = append(goOn, res)
			continue
		}
		w.count(res)
	}
	return goOn, nil
}

// count counts a result in the summary and the display.
func (w *work) count(res runner.Result) {
	switch again := w.tally.Settle(res); {
	case again:
		w.bar.Mend(res.Status)
	case res.Status != runner.StatusNotAttempted: // a row that wasn't attempted is no progress
		w.bar.Add(res.Status)
	}
}

// fresh begins new users. If they are enrolled, it takes one at a time until an enrollment has
// worked: if it can't work, ten people are left without a factor, and not as many more as there
// are workers.
func (w *work) fresh(ctx context.Context, jobs iter.Seq2[runner.Job, error]) error {
	if w.opts.What.Enroll.Type == "" || w.opts.DryRun || w.list.Enrolled() {
		return w.pool(ctx, jobs, w.opts.Workers)
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
	if err := w.pool(ctx, while(func() bool { return !w.list.Enrolled() }), 1); err != nil {
		return err
	}
	return w.pool(ctx, while(func() bool { return true }), w.opts.Workers)
}

// pool works on jobs until they are done or the run is stopped, and returns what stopped it.
func (w *work) pool(ctx context.Context, jobs iter.Seq2[runner.Job, error], workers int) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	w.client.Expect(w.toDo() * w.steps.Calls())
	defer w.client.Expect(0)
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
		noted := &notedBook{Book: b, w: w}
		res, err := w.list.Do(ctx, j, noted)
		noted.leave()
		w.attempts.Add(int64(res.Attempts - before.Attempts))
		if res.Again != before.Again && (j.Before == nil || j.Before.Status != runner.StatusPartial) { // else it is a link that was sent again
			w.sentAgain.Add(1)
		}
		if res.Open.InDoubt() && w.prover.LostSince(res.Row.N, began) {
			mu.Lock()
			defer mu.Unlock()
			lost = append(lost, res)
		}
		return res, err
	}
	err := runner.Run(ctx, runner.Options{Workers: workers}, jobs, do, w.ledger, func(res runner.Result) {
		w.count(res)
		w.client.Expect(w.toDo() * w.steps.Calls())
		if w.opts.Halt.Halted(w.tally.Failed, w.tally.Finished) {
			stop(errHalt)
		}
	})
	w.doubts = append(w.doubts, lost...)
	return err
}

// wait shows until when the prover waits, zero when it doesn't any more, and notes when it did. It
// asks the log in between: what comes right after is the same wait.
func (w *work) wait(until time.Time) {
	w.waiting.Store(&until)
	now := w.client.Now()
	last := len(w.proof) - 1
	switch {
	case until.IsZero():
		w.proof[last].To = now
	case last < 0 || now.Sub(w.proof[last].To) > sameWait:
		w.proof = append(w.proof, results.Wait{From: now, To: now})
	}
}
