package job

import (
	"context"
	"sync/atomic"
	"time"

	"oktareset/runner"
	"oktareset/runner/access"
	"oktareset/runner/fault"
	"oktareset/runner/files"
	"oktareset/runner/ledger"
	"oktareset/runner/outcome"
	"oktareset/runner/protect"
	"oktareset/runner/results"
	"oktareset/runner/roster"
	"oktareset/runner/steps"
)

// run is a run before anything is read: its options, and where its results go.
type run struct {
	*access.Env
	opts    Options
	outcome *outcome.Outcome
	id      string
	start   time.Time
	began   time.Time // when its clocks started: at its start, or with the answer to the question
	paths   paths
	taken   atomic.Bool // a row was taken, so something may have been changed
	series
	*process
}

// Run carries out the reset command. When it returns, it leaves either no trace or results with
// their manifest.
func Run(ctx context.Context, e *access.Env, o Options) (out outcome.Outcome, err error) {
	r := newRun(e, o, time.Now(), &process{limit: steps.NewLimit(o.Limit)}, &out)
	err = r.phase().Classify(r.all(ctx))
	if !o.JSON || r.last == nil {
		return out, err
	}
	r.last.Before, r.last.ExitCode = out.Before, fault.Code(err)
	return out, fault.Printed(err, outcome.ReportJSON(e.Stdout, r.last))
}

// all does the run, in a series after the open ones of earlier dates.
func (r *run) all(ctx context.Context) (err error) {
	if r.paths, err = r.choosePaths(); err != nil {
		return err
	}
	defer func() { err = fault.Also(err, r.leaveSeries()) }()
	if err = r.holdSeries(); err != nil {
		return err
	}
	return r.endSeries(r.one(ctx))
}

func newRun(e *access.Env, o Options, start time.Time, p *process, out *outcome.Outcome) *run {
	r := &run{Env: e, opts: o, start: start, began: start, id: runner.NewRunID(), outcome: out, process: p}
	r.opts.Input.Verified = o.What.Verify != "" && !o.DryRun
	*out = outcome.Outcome{RunID: r.id, DryRun: o.DryRun, Sandbox: o.Sandbox}
	return r
}

// phase returns how far the run has got.
func (r *run) phase() fault.Phase {
	if r.taken.Load() {
		return fault.During
	}
	return fault.Before
}

func (r *run) one(ctx context.Context) (err error) {
	defer func() { err = r.phase().Classify(err) }()
	start, cancel := r.timed(ctx)
	defer cancel()
	if !r.TerminalIn { // a job's input has to come within the run's time too
		r.Stdin = files.Interruptible(start, r.Stdin)
	}
	earlier, err := r.readEarlier()
	if err != nil {
		return fault.Refused(err)
	}
	in, err := r.read(start, earlier)
	if err != nil {
		return err
	}
	if in == nil {
		return r.withoutInput(ctx, start, earlier)
	}
	defer func() { err = fault.Also(err, in.close()) }()
	if in.protect, err = protect.ReadFiles(start, r.Console, &r.opts.Protect); err != nil {
		return fault.Refused(err)
	}
	// for the manifest: a resume compares it
	results.RecordExclusions(r.opts.Set, in.protect.Given())
	org, err := r.connect(start, in) // a person, or a pipe, may have to give the token
	if err != nil {
		return err
	}
	defer org.standIn.Close()
	t := &target{input: in, org: org}
	if err = t.sameInput(); err != nil {
		return err
	}
	if r.inSeries() {
		if err = t.joinSeries(ctx, start); err != nil {
			return err
		}
	}
	return t.begin(ctx)
}

// withoutInput ends a run without an input on the command line if there is none to resume. In a
// series, earlier dates may be open. start ends with the run's time.
func (r *run) withoutInput(ctx, start context.Context, earlier *results.Manifest) error {
	excluded, err := protect.ReadFiles(start, r.Console, &r.opts.Protect)
	if err != nil {
		return fault.Refused(err)
	}
	results.RecordExclusions(r.opts.Set, excluded.Given())
	o := &org{run: r}
	if !r.opts.Sandbox { // a stand-in org that has to do nothing isn't started
		if o, err = r.connect(start, nil); err != nil {
			return err
		}
	}
	if r.inSeries() {
		dates, err := o.findEarlier(start)
		if err != nil {
			return fault.Refused(err)
		}
		if err := r.goOnWithin(ctx, dates); err != nil || earlier == nil {
			return err
		}
	}
	if err := o.checkComplete(start, earlier); err != nil {
		return err
	}
	return r.tellComplete(earlier)
}

// checkComplete refuses what every resume refuses, for results with nothing open and without their
// input: other results than a run has left there, and a run of another kind, org, ticket, consent
// or other steps.
func (o *org) checkComplete(ctx context.Context, m *results.Manifest) error {
	r := o.run
	in := &input{run: r, earlier: m, file: new(roster.File), survey: roster.Survey{SHA256: m.Input.SHA256}}
	t := &task{target: &target{input: in, org: o}, steps: steps.NewPlan(r.stepOptions())}
	now := results.Manifest{Org: m.Org, Sandbox: r.opts.Sandbox, DryRun: r.opts.DryRun, Steps: t.steps.Names(), Input: m.Input}
	if r.opts.DryRun {
		now.Planned = t.steps.Planned()
	}
	if o.client != nil {
		if err := t.meetOther(ctx); err != nil {
			return err
		}
		now.Org, now.OrgID = o.client.Org().Host(), o.is.ID
	}
	if err := ledger.CheckComplete(r.paths.results, &now); err != nil {
		return fault.Refused(t.explainResume(err))
	}
	if err := in.checkTicket(m); err != nil {
		return err
	}
	d := &due{task: t, past: past{resumed: true, manifest: m}}
	return d.checkConfirm()
}

// timed returns a context that ends when the run has lasted as long as --max-duration allows. The
// time for reading a question doesn't count.
func (r *run) timed(ctx context.Context) (context.Context, context.CancelFunc) {
	if r.opts.MaxDuration <= 0 {
		return ctx, func() {}
	}
	return context.WithTimeoutCause(ctx, r.opts.MaxDuration-time.Since(r.began), errMaxDuration)
}
