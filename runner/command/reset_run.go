package command

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
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
	book    *ledger.Ledger
	actor   oktaclient.User
	engine  string
	consent ledger.Consent
	steps   []string
	tally   tally
}

// reset carries out the reset command. Whatever it returns has left either no trace or a ledger with its manifest.
func (a *app) reset(ctx context.Context, o resetOptions) (err error) {
	r := &resetRun{app: a, opts: o, start: time.Now(), id: newRunID()}
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
	if err = r.checkConfirm(); err != nil {
		return err
	}
	if err = r.openLedger(); err != nil {
		return refused(err)
	}
	if err = r.ready(ctx); err != nil {
		return also(err, r.book.Discard())
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
	if r.paths.keep != "" {
		if err := r.keepInput(); err != nil {
			return err
		}
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
		text += fmt.Sprintf(", %d more than once", s.Duplicates)
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
		Capacity: r.opts.capacity, Rate: r.opts.rate, MaxInFlight: r.opts.workers, Logger: r.requestLog(),
	})
	return nil
}

func (r *resetRun) requestLog() *slog.Logger {
	if !r.opts.console.verbose {
		return nil
	}
	return r.console.log
}

// openLedger creates the results before the first request: what can't be written must show before anything is changed.
func (r *resetRun) openLedger() error {
	host, _ := os.Hostname()
	book, err := ledger.Create(ledger.Spec{
		Path: r.paths.results, Columns: r.input.Columns(), LastRow: r.survey.Rows + r.survey.Ignored,
		Manifest: ledger.Manifest{
			Version: r.Version, Org: r.client.Org().Host(), Sandbox: r.opts.sandbox, DryRun: r.opts.dryRun,
			Ticket: r.opts.ticket, Consent: ledger.Consent{How: ledger.ConsentNone},
			Input: ledger.Input{
				File: filepath.Base(r.paths.input), SHA256: r.survey.SHA256, Bytes: r.survey.Bytes,
				Rows: r.survey.Rows, Distinct: r.survey.Distinct, Column: r.input.Column(),
			},
			Runs: []ledger.Run{{
				RunID: r.id, StartedAt: r.start, Options: r.opts.set, Operator: ledger.Operator{User: r.operator(), Host: host},
			}},
		},
	})
	var exists *ledger.ExistsError
	if errors.As(err, &exists) {
		return hinted{err, hintExists}
	}
	r.book = book
	return err
}

func (r *resetRun) operator() string {
	for _, name := range []string{"USER", "USERNAME", "LOGNAME"} {
		if user := r.Getenv(name); user != "" {
			return user
		}
	}
	return ""
}

// meet makes the first calls: they show whether this is an Okta org, whether the token is good and whose it is.
func (r *resetRun) meet(ctx context.Context) error {
	me, _, err := r.client.GetMe(ctx)
	if err != nil {
		return r.cannotBegin(err)
	}
	r.actor = me
	if r.engine, err = r.client.GetEngine(ctx); err != nil && ctx.Err() == nil {
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
	if m.Org != r.client.Org().Host() && !(m.Sandbox && r.opts.sandbox) {
		return usageError("make a new plan with --dry-run", "%s is a plan for %s, but the org is %s",
			r.paths.shown, m.Org, r.client.Org().Host())
	}
	return nil
}

// work does the rows and ends the run. From here on the ledger stays.
func (r *resetRun) work(ctx context.Context) error {
	seen := new(runner.Seen)
	list := steps.Reset(r.client, seen, steps.Options{
		DryRun: r.opts.dryRun, RecordFactors: r.opts.record, Limit: r.opts.limit, Self: r.actor.ID,
	})
	r.steps = list.Names()
	err := r.book.Update(func(m *ledger.Manifest) {
		m.Engine, m.Actor, m.Steps, m.Consent = r.engine, ledger.Actor{ID: r.actor.ID, Login: r.actor.Profile.Login}, r.steps, r.consent
	})
	if err != nil {
		return also(refused(err), r.book.Discard())
	}
	bar := progress.New(r.progressOptions())
	stopped := runner.Run(ctx, runner.Options{Workers: r.opts.workers}, runner.Jobs(r.input.Rows(), seen), list.Do, r.book,
		func(res runner.Result) {
			r.tally.add(res)
			bar.Add(res.Status)
		})
	bar.Done()
	counts, err := r.book.Finish(r.input.Rows(), r.ending(stopped))
	err = also(err, r.book.Close())
	return r.summarize(stopped, counts, err)
}

func (r *resetRun) ending(stopped error) ledger.Ending {
	stats := r.client.Stats()
	e := ledger.Ending{Attempts: r.tally.attempts, TooManyRequests: stats.TooMany, SecondsHeld: stats.Held.Seconds()}
	if stopped != nil {
		e.Stopped = stopped.Error()
	}
	return e
}

func (r *resetRun) progressOptions() progress.Options {
	o := progress.Options{
		Screen: r.console.screen, Mode: r.opts.progress, Total: r.survey.Rows, Label: "reset",
		State: func() progress.State {
			until, why := r.client.Hold()
			return progress.State{Hold: until, Why: why}
		},
		Line: func(s string) { r.console.info("%s", s) },
	}
	if r.opts.dryRun {
		o.Label = "look up"
	}
	if r.Terminal && r.Getenv("TERM") != "dumb" && !r.opts.console.json {
		o.Columns = r.Width
	}
	return o
}
