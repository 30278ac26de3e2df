package job

import (
	"cmp"
	"context"
	"slices"
	"sync/atomic"
	"time"

	"oktareset/oktaclient"
	"oktareset/runner"
	"oktareset/runner/access"
	"oktareset/runner/doubt"
	"oktareset/runner/fault"
	"oktareset/runner/files"
	"oktareset/runner/ledger"
	"oktareset/runner/progress"
	"oktareset/runner/results"
	"oktareset/runner/roster"
	"oktareset/runner/steps"
)

// resetRun is one run of reset, from the input to the summary.
type resetRun struct {
	*access.Env
	opts    Options
	outcome *Outcome
	id      string
	start   time.Time
	began   time.Time // when its clocks began: at its start, or with the answer to the question

	paths    paths
	copy     *ledger.Copy      // of the input; nil: none is made yet
	earlier  *results.Manifest // of the run that is gone on with, before it is locked; nil: there is none
	recalled bool              // the input is the copy of that run
	input    *roster.File
	survey   roster.Survey
	plan     *results.Manifest // of an input that is a plan; nil: it is none, or its manifest can't be read
	planErr  error             // why it can't
	client   *oktaclient.Client
	sandbox  *access.Sandbox // nil with a real org
	list     *steps.List
	seen     *runner.Seen
	protect  protection
	recent   recentResets
	book     *ledger.Ledger
	actor    oktaclient.Actor
	org      oktaclient.Org
	met      bool // the org was asked for that
	engine   string
	consent  results.Consent
	bar      *progress.Progress
	tally    tally

	resumed    bool                 // the ledger is one of earlier runs
	folder     files.Folder         // of a ledger of earlier runs: who may write there
	duplicates map[int]bool         // rows that were duplicates in earlier runs
	tried      map[int]runner.Tried // what earlier runs did to rows that they left with nothing open
	toDo       int                  // users that this run may reset
	rowsToDo   int
	resend     map[int]*runner.Result // rows whose fate is unknown and that are tried again all the same
	doubts     []runner.Result        // rows in doubt
	attempts   atomic.Int64           // of this run
	taken      atomic.Bool            // this run has taken a row: something may have been changed
	sentAgain  atomic.Int64           // resets that this run sent again
	prover     *doubt.Prover
	blind      bool                      // it is known, and said, that the System Log may not be read
	unseen     int                       // rows in doubt that the run ended without a look at
	waiting    atomic.Pointer[time.Time] // until when the prover waits

	series
}

// Run carries out the reset command. Whatever it returns has left either no trace or a ledger with its manifest.
func Run(ctx context.Context, e *access.Env, o Options) (out Outcome, err error) {
	r := newRun(e, o, time.Now(), &out)
	defer func() { err = r.stage().Classify(err) }()
	if r.paths, err = r.choosePaths(); err != nil {
		return out, err
	}
	defer func() { err = fault.Also(err, r.leaveSeries()) }()
	if err = r.holdSeries(); err != nil {
		return out, err
	}
	err = r.one(ctx)
	return out, err
}

func newRun(e *access.Env, o Options, start time.Time, out *Outcome) *resetRun {
	r := &resetRun{Env: e, opts: o, start: start, began: start, id: runner.NewRunID(), seen: new(runner.Seen), outcome: out}
	*out = Outcome{RunID: r.id, DryRun: o.DryRun, Sandbox: o.Sandbox}
	return r
}

// one is one run over one input.
func (r *resetRun) one(ctx context.Context) (err error) {
	defer func() { err = r.stage().Classify(err) }()
	defer func() { err = fault.Also(err, r.closeInput()) }()
	start, cancel := r.timed(ctx)
	defer cancel()
	if !r.TerminalIn { // a job's input, too, comes within its time
		r.Stdin = files.Interruptible(start, r.Stdin)
	}
	if err = r.openInput(start); err != nil {
		return fault.Refused(err)
	}
	if r.input == nil && r.earlier != nil && !r.inSeries() {
		return r.tellComplete()
	}
	if err = r.readExclusions(start); err != nil {
		return fault.Refused(err)
	}
	if err = r.connect(ctx); err != nil {
		return err
	}
	defer r.sandbox.Close()
	r.outcome.Org = r.client.Org().Host()
	if err = r.sameInput(); err != nil {
		return err
	}
	if goOn, err := r.joinSeries(ctx); err != nil || !goOn {
		return err
	}
	return r.worse(r.begin(ctx))
}

// begin opens the results, and does what is to be done.
func (r *resetRun) begin(ctx context.Context) error {
	if err := r.chooseSteps(); err != nil {
		return err
	}
	if err := r.openLedger(ctx); err != nil {
		return err
	}
	r.outcome.Results = r.paths.results
	if err := r.keepCopy(); err != nil {
		return r.abandon(err)
	}
	if r.resumed && r.rowsToDo == 0 && len(r.doubts) == 0 {
		return r.finish(nil)
	}
	if err := r.checkSpace(); err != nil {
		return r.abandon(err)
	}
	if err := r.ready(ctx); err != nil {
		return r.abandon(err)
	}
	timed, stop := r.timed(ctx)
	defer stop()
	return r.work(ctx, timed)
}

// timed ends when the run has lasted as long as --max-duration allows. Reading a question is
// nobody's run time.
func (r *resetRun) timed(ctx context.Context) (context.Context, context.CancelFunc) {
	if r.opts.MaxDuration <= 0 {
		return ctx, func() {}
	}
	return context.WithTimeoutCause(ctx, r.opts.MaxDuration-time.Since(r.began), errMaxDuration)
}

// ready makes sure, by reads only, that the run may begin, and gets consent for it.
func (r *resetRun) ready(ctx context.Context) error {
	timed, cancel := r.timed(ctx)
	defer cancel()
	if err := r.meet(timed); err != nil {
		return err
	}
	if err := r.meetProtected(timed); err != nil {
		return err
	}
	if err := r.meetRecent(timed); err != nil {
		return err
	}
	return r.askConsent(ctx)
}

// work does the rows until timed ends, and ends the run. From here on the ledger stays.
func (r *resetRun) work(ctx, timed context.Context) error {
	r.list.Protect(r.actor.ID)
	if err := r.keepExclusions(); err != nil {
		return r.abandon(fault.Refused(err))
	}
	err := r.book.Update(func(m *results.Manifest) {
		m.Runs[len(m.Runs)-1].Exclude = r.protectRecord()
		m.OrgID, m.Engine, m.Actor, m.Consent = cmp.Or(m.OrgID, r.org.ID), r.engine, results.Actor{ID: r.actor.ID, Login: r.actor.Login}, r.consent
		run := &m.Runs[len(m.Runs)-1]
		run.Actor, run.StartedAt, run.ClockVouched = m.Actor, r.began, r.client.Vouched() > 0
	})
	if err != nil {
		return r.abandon(fault.Refused(err))
	}
	r.prover = r.newProver()
	r.list.Prove(r.prover)
	if r.survey.Rows > 0 {
		r.bar = progress.New(r.progressOptions())
	}
	r.list.Finish(ctx) // a stop rule leaves nobody half done; a signal does
	stopSaying := context.AfterFunc(ctx, func() {
		half := ""
		if r.list.AfterReset() != "" {
			half = "; who is half done by then is finished by --resume"
		}
		r.Console.Info("%v: no further user is begun; waiting for the answers that are under way, at most %s%s; a second one ends at once and leaves them in doubt",
			context.Cause(ctx), r.opts.Timeout, half)
	})
	defer stopSaying()
	if slices.ContainsFunc(r.doubts, func(res runner.Result) bool { return res.Open.InDoubt() }) {
		r.client.LostBefore()
	}
	stopped := r.settleEarlier(timed)
	if stopped == nil {
		stopped = r.finishHalf(timed)
	}
	if stopped == nil {
		stopped = r.fresh(timed, r.list.Remember(r.jobs()))
	}
	stopped = r.settleLater(timed, stopped)
	if stopped != nil {
		stopped = fault.Also(stopped, r.lastLook(ctx, stopped))
	}
	r.bar.Done()
	return r.finish(stopped)
}

// finish puts the ledger into order and tells how the run went.
func (r *resetRun) finish(stopped error) error {
	r.client.CloseIdle() // the files that are opened now need what idle connections hold where few may be open
	counts, err := r.book.Finish(r.input.Rows(), r.ending(stopped))
	if err == nil && !open(counts) {
		r.dropKept()
	}
	r.tellUnwritten()
	return r.summarize(stopped, counts, fault.Also(err, r.book.Close()))
}

func (r *resetRun) ending(stopped error) results.Ending {
	stats := r.client.Stats()
	e := results.Ending{
		Attempts: int(r.attempts.Load()), TooManyRequests: stats.TooMany, SecondsHeld: stats.Held.Seconds(),
		Requests: stats.Requests, FirstRequest: stats.First, LastRequest: stats.Last,
	}
	if stopped != nil {
		e.Stopped = stopped.Error()
	}
	return e
}

func (r *resetRun) progressOptions() progress.Options {
	o := progress.Options{
		Screen: r.Console.Screen, Mode: r.opts.Progress, Total: r.rowsToDo + len(r.doubts) - len(r.resend), Label: "reset",
		State: r.state,
		Line:  func(s string) { r.Console.Info("%s", s) },
	}
	if r.opts.DryRun {
		o.Label = "look up"
	}
	if r.Terminal && r.Getenv("TERM") != "dumb" && !r.opts.Console.JSON {
		o.Columns = r.Width
	}
	return o
}

// state is what keeps the run from going on.
func (r *resetRun) state() progress.State {
	if t := r.waiting.Load(); t != nil && !t.IsZero() {
		return progress.State{Hold: *t, Why: "rows in doubt"}
	}
	until, why := r.client.Hold()
	s := progress.State{Hold: until, Why: why}
	if _, usable, ok := r.client.Allowance(oktaclient.BucketUsers); ok && !r.opts.DryRun {
		s.PerWindow, s.Window = max(1, usable/r.list.Calls()), oktaclient.Window
	}
	return s
}
