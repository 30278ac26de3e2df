package command

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"oktareset/oktaclient"
	"oktareset/runner"
	"oktareset/runner/doubt"
	"oktareset/runner/ledger"
	"oktareset/runner/progress"
	"oktareset/runner/roster"
	"oktareset/runner/steps"
)

// resetRun is one run of reset, from the input to the summary.
type resetRun struct {
	*app
	opts  resetOptions
	id    string
	start time.Time

	paths   paths
	kept    bool // this run has written the input
	input   *roster.File
	survey  roster.Survey
	client  *oktaclient.Client
	sandbox *sandbox // nil with a real org
	list    *steps.List
	seen    *runner.Seen
	protect protection
	recent  recentResets
	book    *ledger.Ledger
	actor   oktaclient.Actor
	engine  string
	consent ledger.Consent
	bar     *progress.Progress
	tally   tally

	resumed    bool                 // the ledger is one of earlier runs
	duplicates map[int]bool         // rows that were duplicates in earlier runs
	tried      map[int]runner.Tried // what earlier runs did to rows that they left with nothing open
	toDo       int                  // users that this run may reset
	rowsToDo   int
	resend     map[int]*runner.Result // rows whose fate is unknown and that are tried again all the same
	doubts     []runner.Result        // rows in doubt
	attempts   atomic.Int64           // of this run
	sentAgain  atomic.Int64           // resets that this run sent again
	prover     *doubt.Prover
	blind      bool                      // it is known, and said, that the System Log may not be read
	unseen     int                       // rows in doubt that the run ended without a look at
	waiting    atomic.Pointer[time.Time] // until when the prover waits

	release func() error // gives up the pattern of --output; nil: there is none
	behind  []string     // results of earlier dates, over other inputs, that aren't complete
}

// reset carries out the reset command. Whatever it returns has left either no trace or a ledger with its manifest.
func (a *app) reset(ctx context.Context, o resetOptions) (err error) {
	r := &resetRun{app: a, opts: o, start: time.Now(), id: newRunID(), seen: new(runner.Seen)}
	a.outcome = outcome{runID: r.id, dryRun: o.dryRun, sandbox: o.sandbox}
	if r.paths, err = r.choosePaths(); err != nil {
		return err
	}
	defer func() { err = also(err, r.removeInput(err)) }()
	if err = r.openInput(ctx); err != nil {
		return refused(err)
	}
	defer r.input.Close() //nolint:errcheck // only read
	if err = r.readExclusions(ctx); err != nil {
		return refused(err)
	}
	if err = r.connect(); err != nil {
		return err
	}
	defer r.sandbox.close()
	a.outcome.org = r.client.Org().Host()
	if err = r.checkPlan(); err != nil {
		return err
	}
	defer func() { err = also(err, r.leaveSeries()) }()
	if err = r.joinSeries(); err != nil {
		return err
	}
	if err = r.openLedger(); err != nil {
		return err
	}
	a.outcome.results = r.paths.results
	if r.resumed && r.rowsToDo == 0 && len(r.doubts) == 0 {
		return r.finish(nil)
	}
	timed := ctx
	if o.maxDuration > 0 {
		var cancel context.CancelFunc
		timed, cancel = context.WithTimeoutCause(ctx, o.maxDuration-time.Since(r.start), errMaxDuration)
		defer cancel()
	}
	if err = r.ready(timed); err != nil {
		return r.abandon(err)
	}
	return r.work(ctx, timed)
}

// ready makes sure, by reads only, that the run may begin, and gets consent for it.
func (r *resetRun) ready(ctx context.Context) error {
	if err := r.meet(ctx); err != nil {
		return err
	}
	if err := r.meetProtected(ctx); err != nil {
		return err
	}
	if err := r.meetRecent(ctx); err != nil {
		return err
	}
	return r.askConsent(ctx)
}

// openInput opens and surveys the input, and says what it found.
func (r *resetRun) openInput(ctx context.Context) error {
	if err := r.keepInput(); err != nil {
		return err
	}
	f, err := roster.Open(r.paths.input, r.opts.input)
	if err != nil {
		return err
	}
	r.input = f
	if r.survey, err = f.Survey(ctx); err != nil {
		return also(err, f.Close())
	}
	r.seen.Expect(r.survey.Distinct, f.Repeats())
	r.limitMemory()
	for _, w := range []string{f.Warning(), r.opts.what.warning()} {
		if w != "" {
			r.console.warn("%s", w)
		}
	}
	if s := r.survey; s.IDs == 0 && s.Logins > 0 && strings.HasSuffix(strings.ToLower(f.Column()), "id") {
		r.console.warn("column %q holds no Okta user ID: its cells are looked up as logins; --column names another", f.Column())
	}
	r.console.info("%s: %s", r.paths.shown, surveyText(f, r.survey))
	return nil
}

func surveyText(f *roster.File, s roster.Survey) string {
	text := fmt.Sprintf("%s, column %q: %s", plural(s.Rows, "row"), f.Column(), plural(s.Distinct, "user"))
	if f.Plan() {
		text = fmt.Sprintf("a plan: %s to reset", plural(s.Distinct, "user"))
	}
	if s.Duplicates > 0 {
		text += ", " + plural(s.Duplicates, "duplicate row")
	}
	switch {
	case s.Invalid == 1:
		text += fmt.Sprintf(", 1 row names nobody (line %d)", s.FirstInvalid)
	case s.Invalid > 1:
		text += fmt.Sprintf(", %d rows name nobody (the first in line %d)", s.Invalid, s.FirstInvalid)
	}
	return text
}

// work does the rows until timed ends, and ends the run. From here on the ledger stays.
func (r *resetRun) work(ctx, timed context.Context) error {
	r.list.Protect(r.actor.ID)
	err := r.book.Update(func(m *ledger.Manifest) {
		m.Engine, m.Actor, m.Consent = r.engine, ledger.Actor{ID: r.actor.ID, Login: r.actor.Login}, r.consent
		run := &m.Runs[len(m.Runs)-1]
		run.Actor, run.ClockVouched = m.Actor, r.client.Vouched() > 0
	})
	if err != nil {
		return r.abandon(refused(err))
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
		r.console.info("%v: no further user is begun; waiting for the answers that are under way, at most %s%s; a second one ends at once and leaves them in doubt",
			context.Cause(ctx), r.opts.timeout, half)
	})
	defer stopSaying()
	stopped := r.settleEarlier(timed)
	if stopped == nil {
		stopped = r.finishHalf(timed)
	}
	if stopped == nil {
		stopped = r.fresh(timed, r.list.Remember(r.jobs()))
	}
	stopped = r.settleLater(timed, stopped)
	if stopped != nil {
		stopped = also(stopped, r.lastLook(ctx, stopped))
	}
	r.bar.Done()
	return r.finish(stopped)
}

// finish puts the ledger into order and tells how the run went.
func (r *resetRun) finish(stopped error) error {
	counts, err := r.book.Finish(r.input.Rows(), r.ending(stopped))
	r.tellUnwritten()
	return r.summarize(stopped, counts, also(err, r.book.Close()))
}

func (r *resetRun) ending(stopped error) ledger.Ending {
	stats := r.client.Stats()
	e := ledger.Ending{
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
		Screen: r.console.screen, Mode: r.opts.progress, Total: r.rowsToDo + len(r.doubts) - len(r.resend), Label: "reset",
		State: r.state,
		Line:  func(s string) { r.console.info("%s", s) },
	}
	if r.opts.dryRun {
		o.Label = "look up"
	}
	if r.Terminal && r.Getenv("TERM") != "dumb" && !r.opts.console.json {
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
	if _, usable, ok := r.client.Allowance(oktaclient.BucketUsers); ok && !r.opts.dryRun {
		s.PerWindow, s.Window = max(1, usable/r.list.Calls()), oktaclient.Window
	}
	return s
}
