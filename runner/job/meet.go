package job

import (
	"context"
	"slices"

	"oktareset/oktaclient"
	"oktareset/runner"
	"oktareset/runner/access"
	"oktareset/runner/fault"
	"oktareset/runner/steps"
)

// connect finds the org and makes a client for it, or starts the stand-in. Nothing is sent.
func (r *resetRun) connect(ctx context.Context) error {
	var cfg access.Config
	var err error
	if r.opts.Sandbox {
		both, names := r.protect.people()
		if r.sandbox, err = access.StartSandbox(r.input, both...); err == nil {
			r.sandbox.Org.AddIdentifiers(slices.Values(names))
			cfg, err = r.sandbox.Config()
		}
	} else {
		cfg, err = r.LoadOrg(ctx, r.opts.Org, r.scopes())
	}
	if err != nil {
		return err
	}
	o := r.ClientOptions(cfg, "run/"+r.id, r.opts.Console.Verbose)
	o.Timeout, o.Capacity, o.Rate, o.MaxInFlight = r.opts.Timeout, r.opts.Capacity, r.opts.Rate, r.opts.Workers
	o.ChangesApart = func() {
		r.Console.Info("an answer was lost on a connection that had been used before: from here on each change gets a connection of its own")
	}
	r.client = oktaclient.New(cfg.URL, o)
	return nil
}

// chooseSteps decides what is done to each user.
func (r *resetRun) chooseSteps() error {
	enrolling, err := r.enrolling()
	if err != nil {
		return err
	}
	what := r.opts.What
	r.list = steps.New(r.client, r.seen, steps.Options{
		DryRun: r.opts.DryRun, RecordFactors: r.opts.Record, SkipAdmins: r.opts.Protect.SkipAdmins, Limit: r.opts.Limit, RunID: r.id,
		Unenroll: what.Factors, RemoveRecovery: what.RemoveRecovery, ClearSessions: what.ClearSessions, Enroll: enrolling,
		Forbidden: r.opts.Retry[runner.StatusForbidden], Mail: r.input.Mail(),
	})
	return nil
}

// scopes are what a service app needs for the run.
func (r *resetRun) scopes() access.Scopes {
	s := access.ResetScopes
	if r.opts.Protect.SkipAdmins {
		s.Needed = append(slices.Clone(s.Needed), oktaclient.ScopeRolesRead)
	}
	if r.opts.Protect.SkipRecent > 0 {
		s.Needed = append(slices.Clone(s.Needed), oktaclient.ScopeLogsRead)
		s.Optional = slices.DeleteFunc(slices.Clone(s.Optional), func(scope string) bool { return scope == oktaclient.ScopeLogsRead })
	}
	return s
}

// AskWho is what the first call of most commands asks for.
const AskWho = "ask who they are"

// meet makes the first calls: they show whether this is an Okta org, whether the token is good and whose it is.
func (r *resetRun) meet(ctx context.Context) error {
	actor, err := r.client.GetActor(ctx)
	if err != nil {
		return fault.CannotBegin(r.client, err, AskWho)
	}
	r.actor = actor
	if err := r.checkScopes(); err != nil {
		return err
	}
	brief, cancel := context.WithTimeout(ctx, access.OptionalTime)
	defer cancel()
	if err := r.meetOrg(ctx); err != nil {
		return err
	}
	if r.willAsk() {
		// One call in the reset's own bucket tells its limit, for the time that the question shows. Who may not list users may still be
		// allowed to reset them.
		if _, _, err = r.client.ListUsers(brief, "", 1); oktaclient.FateOf(err) == oktaclient.NoAccess {
			return fault.CannotBegin(r.client, err, "list users")
		}
	}
	if ctx.Err() != nil {
		return fault.Stopped(context.Cause(ctx))
	}
	if err := r.client.Trustworthy(); err != nil {
		return fault.CannotBegin(r.client, err, AskWho)
	}
	return nil
}
