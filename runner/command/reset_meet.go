package command

import (
	"context"
	"slices"
	"strings"
	"time"

	"oktareset/oktaclient"
	"oktareset/runner"
	"oktareset/runner/ledger"
	"oktareset/runner/steps"
)

// connect finds the org and makes a client for it, or starts the stand-in. Nothing is sent.
func (r *resetRun) connect() error {
	var cfg orgConfig
	var err error
	if r.opts.sandbox {
		if r.sandbox, err = startSandbox(r.input); err == nil {
			r.sandbox.org.AddIdentifiers(r.protect.identifiers())
			cfg, err = r.sandbox.config()
		}
	} else {
		cfg, err = r.loadOrg(r.opts.org, r.scopes())
	}
	if err != nil {
		return err
	}
	o := r.clientOptions(cfg, "run/"+r.id, r.opts.console.verbose)
	o.Timeout, o.Capacity, o.Rate, o.MaxInFlight = r.opts.timeout, r.opts.capacity, r.opts.rate, r.opts.workers
	o.ChangesApart = func() {
		r.console.info("an answer was lost on a connection that had been used before: from here on each change gets a connection of its own")
	}
	r.client = oktaclient.New(cfg.url, o)
	enrolling, err := r.enrolling()
	if err != nil {
		return err
	}
	what := r.opts.what
	r.list = steps.New(r.client, r.seen, steps.Options{
		DryRun: r.opts.dryRun, RecordFactors: r.opts.record, SkipAdmins: r.opts.protect.skipAdmins, Limit: r.opts.limit, RunID: r.id,
		Unenroll: what.factors, RemoveRecovery: what.removeRecovery, ClearSessions: what.clearSessions, Enroll: enrolling,
		Forbidden: r.opts.retry[runner.StatusForbidden],
	})
	return nil
}

// scopes are what a service app needs for the run.
func (r *resetRun) scopes() scopes {
	s := resetScopes
	if r.opts.protect.skipAdmins {
		s.needed = append(slices.Clone(s.needed), oktaclient.ScopeRolesRead)
	}
	if r.opts.protect.skipRecent > 0 {
		s.needed = append(slices.Clone(s.needed), oktaclient.ScopeLogsRead)
		s.optional = slices.DeleteFunc(slices.Clone(s.optional), func(scope string) bool { return scope == oktaclient.ScopeLogsRead })
	}
	return s
}

// optionalTime is how long the start of a run waits for what it can do without.
const optionalTime = 5 * time.Second

// meet makes the first calls: they show whether this is an Okta org, whether the token is good and whose it is.
func (r *resetRun) meet(ctx context.Context) error {
	actor, err := r.client.GetActor(ctx)
	if err != nil {
		return cannotBegin(r.client, err)
	}
	r.actor = actor
	brief, cancel := context.WithTimeout(ctx, optionalTime)
	defer cancel()
	if r.engine, err = r.client.GetEngine(brief); err != nil && ctx.Err() == nil {
		r.console.warn("the org doesn't tell its engine: %v", err)
	}
	if r.willAsk() {
		// One call in the reset's own bucket tells its limit, for the time that the question shows. Who may not list users may still be
		// allowed to reset them.
		if _, _, err = r.client.ListUsers(brief, "", 1); oktaclient.FateOf(err) == oktaclient.NoAccess {
			return cannotBegin(r.client, err)
		}
	}
	if ctx.Err() != nil {
		return stopError(context.Cause(ctx))
	}
	return nil
}

// checkPlan refuses a plan that was made for another org, or of something else to do.
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
	if planned, now := strings.Join(m.Planned, ", "), strings.Join(r.list.Planned(), ", "); planned != now {
		return usageError("give the flags that the plan was made with, or make a new plan with --dry-run",
			"%s is a plan to do something else: %q, not %q", r.paths.shown, planned, now)
	}
	return nil
}
