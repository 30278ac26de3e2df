package command

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"oktareset/oktaclient"
	"oktareset/runner"
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
	input   *roster.File
	survey  roster.Survey
	client  *oktaclient.Client
	sandbox *sandbox // nil with a real org
	list    *steps.List
	seen    *runner.Seen
	book    *ledger.Ledger
	actor   oktaclient.User
	engine  string
	consent ledger.Consent
	bar     *progress.Progress
	tally   tally

	resumed  bool // the ledger is one of earlier runs
	toDo     int  // users that this run may reset
	rowsToDo int
	resend   map[int]*runner.Result // rows whose fate is unknown and that are tried again all the same
	doubts   []runner.Result        // rows in doubt
	attempts atomic.Int64           // of this run
	prover   *steps.Prover
	waiting  atomic.Pointer[time.Time] // until when the prover waits
}

// reset carries out the reset command. Whatever it returns has left either no trace or a ledger with its manifest.
func (a *app) reset(ctx context.Context, o resetOptions) (err error) {
	r := &resetRun{app: a, opts: o, start: time.Now(), id: newRunID(), seen: new(runner.Seen)}
	if r.paths, err = r.choosePaths(); err != nil {
		return err
	}
	defer func() { err = also(err, r.removeInput(err)) }()
	if err = r.openInput(ctx); err != nil {
		return refused(err)
	}
	defer r.input.Close() //nolint:errcheck // only read
	if err = r.connect(); err != nil {
		return err
	}
	defer r.sandbox.close()
	if err = r.openLedger(); err != nil {
		return err
	}
	if r.resumed && r.rowsToDo == 0 && len(r.doubts) == 0 {
		return r.finish(nil)
	}
	if err = r.ready(ctx); err != nil {
		return r.abandon(err)
	}
	return r.work(ctx)
}

// ready makes sure, by reads only, that the run may begin, and gets consent for it.
func (r *resetRun) ready(ctx context.Context) error {
	if err := r.meet(ctx); err != nil {
		return err
	}
	if err := r.checkPlan(); err != nil {
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
	if w := f.Warning(); w != "" {
		r.console.warn("%s", w)
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

// connect finds the org and makes a client for it, or starts the stand-in. Nothing is sent.
func (r *resetRun) connect() error {
	var cfg orgConfig
	var err error
	if r.opts.sandbox {
		if r.sandbox, err = startSandbox(r.input); err == nil {
			cfg, err = r.sandbox.config()
		}
	} else {
		cfg, err = r.loadOrg(r.opts.org)
	}
	if err != nil {
		return err
	}
	r.client = oktaclient.New(cfg.url, oktaclient.Options{
		Token: cfg.token, UserAgent: "oktareset/" + r.Version + " run/" + r.id, Timeout: r.opts.timeout,
		Capacity: r.opts.capacity, Rate: r.opts.rate, MaxInFlight: r.opts.workers, Transport: r.transport, Logger: r.requestLog(),
	})
	r.list = steps.Reset(r.client, r.seen, steps.Options{DryRun: r.opts.dryRun, RecordFactors: r.opts.record, Limit: r.opts.limit, RunID: r.id})
	return nil
}

func (r *resetRun) requestLog() *slog.Logger {
	if !r.opts.console.verbose {
		return nil
	}
	return r.console.log
}

// openLedger creates or resumes the results before the first request: what can't be written must show before anything is changed, and so must a
// lack of consent.
func (r *resetRun) openLedger() error {
	if r.opts.resume {
		resumed, err := r.resume()
		if err == nil && resumed {
			err = r.checkConfirm()
		}
		if err != nil && r.book != nil {
			return r.abandon(err)
		}
		if err != nil || resumed {
			return err
		}
	}
	r.toDo, r.rowsToDo = r.survey.Distinct, r.survey.Rows
	if err := r.checkConfirm(); err != nil {
		return err
	}
	var err error
	r.book, err = ledger.Create(r.ledgerSpec())
	if exists := (*ledger.ExistsError)(nil); errors.As(err, &exists) {
		err = hinted{err, r.hintExists()}
	}
	if err != nil {
		return refused(err)
	}
	return nil
}

// hintExists says what to do about results that are there already. Another -o for the same users would reset them a second time.
func (r *resetRun) hintExists() string {
	m, err := ledger.ReadManifest(r.paths.results)
	if err != nil || m.DryRun || m.Sandbox || r.opts.dryRun || m.Org != r.client.Org().Host() || m.Input.SHA256 != r.survey.SHA256 {
		return hintExists
	}
	if !m.Finished || m.Counts[runner.StatusNotAttempted] > 0 {
		return "these are the results of a run over the same users that isn't complete: --resume goes on with it; a new run with -o would reset again whom it has reset"
	}
	return "these users were reset by run " + m.Runs[len(m.Runs)-1].RunID + " already: a new run with -o would do it again; --resume and --retry do only what is open"
}

func (r *resetRun) ledgerSpec() ledger.Spec {
	host, _ := os.Hostname()
	return ledger.Spec{
		Path: r.paths.results, Columns: r.input.Columns(), LastRow: r.survey.Rows + r.survey.Ignored,
		Manifest: ledger.Manifest{
			Version: r.Version, Org: r.client.Org().Host(), Sandbox: r.opts.sandbox, DryRun: r.opts.dryRun, Steps: r.list.Names(),
			Ticket: r.opts.ticket, Consent: ledger.Consent{How: ledger.ConsentNone},
			Input: ledger.Input{
				File: filepath.Base(r.paths.input), SHA256: r.survey.SHA256, Bytes: r.survey.Bytes,
				Rows: r.survey.Rows, Distinct: r.survey.Distinct, Column: r.input.Column(),
			},
			Runs: []ledger.Run{{
				RunID: r.id, StartedAt: r.start, Options: r.opts.set, Operator: ledger.Operator{User: r.operator(), Host: host},
			}},
		},
	}
}

func (r *resetRun) operator() string {
	for _, name := range []string{"USER", "USERNAME", "LOGNAME"} {
		if user := r.Getenv(name); user != "" {
			return user
		}
	}
	return ""
}

// optionalTime is how long the start of a run waits for what it can do without.
const optionalTime = 5 * time.Second

// meet makes the first calls: they show whether this is an Okta org, whether the token is good and whose it is.
func (r *resetRun) meet(ctx context.Context) error {
	me, _, err := r.client.GetMe(ctx)
	if err != nil {
		return r.cannotBegin(err)
	}
	r.actor = me
	brief, cancel := context.WithTimeout(ctx, optionalTime)
	defer cancel()
	if r.engine, err = r.client.GetEngine(brief); err != nil && ctx.Err() == nil {
		r.console.warn("the org doesn't tell its engine: %v", err)
	}
	if !r.opts.dryRun || r.opts.record {
		// One call in the reset's own bucket tells its limit. Who may not list users may still be allowed to reset them.
		if _, _, err = r.client.ListUsers(ctx, "", 1); oktaclient.FateOf(err) == oktaclient.NoAccess {
			return r.cannotBegin(err)
		}
	}
	if ctx.Err() != nil {
		return stopError(context.Cause(ctx))
	}
	return nil
}

// checkPlan refuses a plan that was made for another org.
func (r *resetRun) checkPlan() error {
	if !r.input.Plan() {
		return nil
	}
	m, err := ledger.ReadManifest(r.paths.input)
	if err != nil {
		return usageError("keep the .json beside the plan, or make a new plan with --dry-run", "the plan's org isn't known: %w", err)
	}
	if m.Result == nil || m.Result.SHA256 != r.survey.SHA256 {
		return usageError("make a new plan with --dry-run, of a file without those who are not to be reset",
			"%s isn't the plan that was made: it was changed since, or never finished", r.paths.shown)
	}
	if m.Org != r.client.Org().Host() && !(m.Sandbox && r.opts.sandbox) {
		return usageError("make a new plan with --dry-run", "%s is a plan for %s, but the org is %s",
			r.paths.shown, m.Org, r.client.Org().Host())
	}
	return nil
}

// work does the rows and ends the run. From here on the ledger stays.
func (r *resetRun) work(ctx context.Context) error {
	r.list.Protect(r.actor.ID)
	r.prover = steps.NewProver(r.client, func(err error) { r.console.warn("%v", err) }, r.wait)
	err := r.book.Update(func(m *ledger.Manifest) {
		m.Engine, m.Actor, m.Consent = r.engine, ledger.Actor{ID: r.actor.ID, Login: r.actor.Profile.Login}, r.consent
	})
	if err != nil {
		return r.abandon(refused(err))
	}
	r.bar = progress.New(r.progressOptions())
	stopSaying := context.AfterFunc(ctx, func() {
		r.console.info("%v: no further user is begun; waiting for the answers that are under way, at most %s; once more to end at once, in doubt",
			context.Cause(ctx), r.opts.timeout)
	})
	defer stopSaying()
	timed := ctx
	if r.opts.maxDuration > 0 {
		var cancel context.CancelFunc
		timed, cancel = context.WithTimeoutCause(ctx, r.opts.maxDuration-time.Since(r.start), errMaxDuration)
		defer cancel()
	}
	stopped := r.settleEarlier(timed)
	if stopped == nil {
		stopped = r.pool(timed, r.jobs())
	}
	stopped = r.settleLater(timed, stopped)
	if errors.Is(stopped, errMaxDuration) || errors.Is(stopped, errHalt) {
		stopped = also(stopped, r.lastLook(ctx))
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
	e := ledger.Ending{Attempts: int(r.attempts.Load()), TooManyRequests: stats.TooMany, SecondsHeld: stats.Held.Seconds()}
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
		s.PerWindow, s.Window = usable, oktaclient.Window
		if r.opts.record {
			s.PerWindow = max(1, usable/2)
		}
	}
	return s
}
