package job

import (
	"cmp"
	"context"
	"errors"
	"os"
	"slices"
	"sync/atomic"
	"time"

	"oktareset/oktaclient"
	"oktareset/runner"
	"oktareset/runner/access"
	"oktareset/runner/console"
	"oktareset/runner/doubt"
	"oktareset/runner/fault"
	"oktareset/runner/progress"
	"oktareset/runner/results"
	"oktareset/runner/steps"
)

// work is a run that does its rows. From here on the results stay.
type work struct {
	*cleared
	prover    *doubt.Prover
	list      *steps.List
	bar       *progress.Progress
	doubts    []runner.Result           // rows in doubt, or half done
	attempts  atomic.Int64              // of this run
	sentAgain atomic.Int64              // resets that this run sent again
	underWay  atomic.Int64              // rows that are taken and not settled yet
	unseen    int                       // rows in doubt that the run didn't look at before it ended
	waiting   atomic.Pointer[time.Time] // until when the prover waits
	proof     []results.Wait            // when it did
}

// ended is how the work ended. The zero value is for a run with nothing to do.
type ended struct {
	stopped  error // nil: every row was worked on
	attempts int
	proof    []results.Wait // for proof of lost answers
	unseen   int            // rows in doubt that the run didn't look at before it ended
	blind    bool           // the System Log can't be read
	stopsJob bool           // the run is of an earlier date, and nothing follows it

	otherPhone bool // Okta refused an enrollment, perhaps for another number that it keeps
}

// work does the rows until timed ends, and ends the run.
func (c *cleared) work(ctx, timed context.Context) error {
	if err := c.record(); err != nil {
		return c.abandon(fault.Refused(err))
	}
	w := &work{cleared: c, doubts: c.left}
	w.prover = w.newProver()
	// a stop rule leaves nobody half done; a signal may
	with := steps.With{Self: c.actor.ID, Excluded: c.excluded, Prover: w.prover, Finish: ctx}
	if c.recent.Skip > 0 {
		with.Recent = c.recent.Leave
	}
	with.Warn = func(text string) { w.Console.Warn("%s", text) }
	w.verify(&with)
	w.list = steps.New(c.client, c.seen, c.steps, with)
	if c.survey.Rows > 0 && c.opts.What.Verify == "" { // a bar would write over the question
		w.bar = w.newBar()
	}
	stopSaying := context.AfterFunc(ctx, func() { w.sayStopping(ctx) })
	defer stopSaying()
	if slices.ContainsFunc(w.doubts, func(res runner.Result) bool { return res.Open.InDoubt() }) {
		c.client.LostBefore()
	}
	stopped := w.settleEarlier(timed)
	if stopped == nil {
		stopped = w.finishHalf(timed)
	}
	if stopped == nil {
		stopped = w.fresh(timed, w.list.Remember(w.jobs()))
	}
	stopped = w.settleLater(timed, stopped)
	if stopped != nil {
		stopped = fault.Also(stopped, w.lastLook(ctx, stopped))
	}
	w.bar.Done()
	return w.finish(ended{stopped: stopped, attempts: int(w.attempts.Load()), proof: w.proof, unseen: w.unseen, blind: w.prover.Blind(), otherPhone: w.list.OtherPhone()})
}

// record writes, before the first row is taken, who runs it, who is left alone, and who has
// consented.
func (c *cleared) record() error {
	if !c.opts.Sandbox {
		if err := c.protect.Keep(c.paths.results); err != nil {
			return err
		}
	}
	return c.ledger.Update(func(m *results.Manifest) {
		if c.mayChange() > 0 {
			m.Steps = c.steps.Names()
		}
		m.OrgID, m.Engine, m.Actor, m.Consent = cmp.Or(m.OrgID, c.is.ID), c.is.Engine, results.Actor{ID: c.actor.ID, Login: c.actor.Login}, c.consent
		run := m.Run()
		run.Exclude, run.Actor, run.StartedAt, run.ClockVouched = c.protect.Record(), m.Actor, c.began, c.client.Vouched() > 0
	})
}

// sayStopping says what happens after a signal, and how to end at once.
func (w *work) sayStopping(ctx context.Context) {
	again := "a second signal stops at once"
	if sig, ok := errors.AsType[fault.Signal](context.Cause(ctx)); ok && sig.Signal == os.Interrupt && w.asks() {
		again = "press Ctrl-C again to stop at once"
	}
	n := int(w.underWay.Load())
	switch {
	case w.opts.DryRun:
		w.Console.Info("stopping: nobody else is looked up; %s", again)
	case n == 0:
		w.Console.Info("stopping: nobody else is started and no answer is awaited; the results are being written; %s", again)
	default:
		half := ""
		if w.list.AfterReset() != "" {
			half = ", and --resume completes users who are half done by then"
		}
		w.Console.Info("stopping: waiting up to %s for %s; nobody else is started%s; %s: %s then in doubt",
			w.opts.Timeout, console.Plural(n, "answer"), half, again, console.Are(n, "user"))
	}
}

// finish writes the results and reports how the run went.
func (b *book) finish(e ended) error {
	// the files opened now need the descriptors of idle connections if few are allowed
	b.client.CloseIdle()
	counts, err := b.ledger.Finish(b.file.Rows(), b.ending(e))
	if err == nil && !counts.Open() {
		b.dropKept()
	}
	b.tellUnwritten()
	return b.summarize(e, counts, fault.Also(err, b.ledger.Close()))
}

func (b *book) ending(e ended) results.Ending {
	stats := b.client.Stats()
	ending := results.Ending{
		Attempts: e.attempts, TooManyRequests: stats.TooMany, TooManyAtOnce: stats.AtOnce, SecondsHeld: stats.Held.Seconds(), Proof: e.proof,
		Requests: stats.Requests, FirstRequest: stats.First, LastRequest: stats.Last,
	}
	if e.stopped != nil {
		ending.Stopped = e.stopped.Error()
	}
	if b.opts.DryRun {
		ending.UsersAnHour = access.UsersAnHour(b.client, b.steps.CallsOfRun(), b.opts.PlanRate)
	}
	return ending
}

func (w *work) newBar() *progress.Progress {
	label := "reset"
	if w.opts.DryRun {
		label = "look up"
	}
	return w.Progress(progress.Options{Label: label, Total: w.rows + len(w.doubts) - len(w.resend), State: w.state})
}

// state returns what keeps the run waiting.
func (w *work) state() progress.State {
	if t := w.waiting.Load(); t != nil && !t.IsZero() {
		return progress.State{Hold: *t, Why: "looking for proof"}
	}
	until, why := w.client.Hold()
	s := progress.State{Hold: until, Why: why}
	if _, usable, ok := w.client.Allowance(oktaclient.BucketUsers); ok && !w.opts.DryRun {
		s.PerWindow, s.Window = max(1, usable/w.list.Calls()), oktaclient.Window
	}
	return s
}

var errHalt = fault.New(fault.ExitConsent, "", "too many rows failed (--halt)")

// errMaxDuration is the cause of a run's end by --max-duration.
var errMaxDuration error = &fault.Error{Err: errors.New("the time for this run is over (--max-duration)"), Code: fault.ExitStopped, Alone: true}

// notedBook counts a row as under way from its taking until leave.
type notedBook struct {
	runner.Book
	w     *work
	taken bool
}

// Take implements [runner.Book].
func (b *notedBook) Take(row runner.Row, t runner.Taken) error {
	err := b.Book.Take(row, t)
	if err == nil && !b.taken {
		b.taken = true
		b.w.underWay.Add(1)
	}
	if err == nil {
		b.w.taken.Store(true)
		b.w.changed.Store(true)
	}
	return err
}

// leave ends the work on the row.
func (b *notedBook) leave() {
	if b.taken {
		b.w.underWay.Add(-1)
	}
}
