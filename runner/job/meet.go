package job

import (
	"context"
	"slices"
	"strings"

	"oktareset/oktaclient"
	"oktareset/runner"
	"oktareset/runner/access"
	"oktareset/runner/evidence"
	"oktareset/runner/fault"
	"oktareset/runner/progress"
	"oktareset/runner/protect"
	"oktareset/runner/results"
	"oktareset/runner/steps"
)

// connect finds the org and makes a client for it, or starts the stand-in with the users of an
// input. It sends nothing.
func (r *run) connect(ctx context.Context, in *input) (*org, error) {
	w := access.Way{
		Flags: r.opts.Org, Scopes: r.scopes(), Product: "run/" + r.id,
		Client: oktaclient.Options{
			Timeout: r.opts.Timeout, Capacity: r.opts.Capacity, Rate: r.opts.Rate, MaxInFlight: r.opts.Workers,
			ChangesApart: func() {
				r.Console.Info("an answer was lost on a connection that had been used before: from here on each change gets a connection of its own")
			},
		},
	}
	if in != nil && in.plan == nil && !r.opts.Resume {
		m := results.Manifest{DryRun: r.opts.DryRun, Runs: []results.Run{{Options: r.opts.Set}}}
		w.Rehearsal = results.RehearseCommand(&m, r.inputArgs())
	}
	if r.opts.Sandbox {
		w.StandIn = func() (*access.Sandbox, error) {
			both, names := in.protect.People()
			return access.StartSandbox(access.People{File: in.file, Known: both, Named: names, Typed: r.opts.Users})
		}
	}
	c, err := r.Connect(ctx, w)
	if err != nil {
		return nil, err
	}
	r.outcome.Org = c.Client.Org().Host()
	return &org{run: r, client: c.Client, standIn: c.StandIn}, nil
}

// target is the input at its org.
type target struct {
	*input
	*org
}

// begin chooses the steps, opens the results and does the run.
func (t *target) begin(ctx context.Context) error {
	enrolling, err := t.enrolling()
	if err != nil {
		return err
	}
	o := t.stepOptions()
	o.Enroll, o.Mail = enrolling, t.file.Mail()
	k := &task{target: t, steps: steps.NewPlan(o)}
	start, cancel := t.timed(ctx)
	b, err := k.openBook(start)
	cancel()
	if err != nil {
		return err
	}
	t.outcome.Results = t.paths.results
	if err := b.keepCopy(); err != nil {
		return b.abandon(err)
	}
	if b.resumed && b.rows == 0 && len(b.left) == 0 {
		return b.finish(ended{})
	}
	if err := b.checkSpace(); err != nil {
		return b.abandon(err)
	}
	c, err := b.clear(ctx)
	if err != nil {
		return b.abandon(err)
	}
	timed, stop := t.timed(ctx)
	defer stop()
	return c.work(ctx, timed)
}

// stepOptions returns what the flags say about the steps. How a factor is enrolled depends on the
// input too.
func (r *run) stepOptions() steps.Options {
	what := r.opts.What
	o := steps.Options{
		DryRun: r.opts.DryRun, RecordFactors: r.opts.Record, SkipAdmins: r.opts.Protect.SkipAdmins, Limit: r.limit, RunID: r.id,
		Verify:   what.Verify != "",
		Unenroll: what.Factors, RemoveRecovery: what.RemoveRecovery, Then: what.Then, Forbidden: r.opts.Retry[runner.StatusForbidden],
	}
	if what.Enroll.Type != "" {
		o.Enroll = &steps.Enrolling{Factor: what.Enroll, Send: what.Send}
	}
	return o
}

// cleared is a book whose run may change something: it is known who runs it and who is left
// alone, and it has consent.
type cleared struct {
	*book
	actor    oktaclient.Actor
	excluded *steps.Excluded // nil: nobody
	recent   *protect.Recent
	blind    bool // the System Log may not be read, and the user knows
	consent  results.Consent
}

// clear makes sure, by reads only, that the run may begin, and gets consent for it.
func (b *book) clear(ctx context.Context) (*cleared, error) {
	timed, cancel := b.timed(ctx)
	defer cancel()
	c := &cleared{book: b, recent: new(protect.Recent)}
	for _, step := range []func(context.Context) error{c.meet, c.meetProtected, c.meetRecent} {
		if err := step(timed); err != nil {
			return nil, err
		}
	}
	return c, c.askConsent(ctx)
}

// scopes returns what a service app needs for the run.
func (r *run) scopes() access.Scopes {
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

// meet makes the first calls: they show whether this is an Okta org, whether the credentials are
// valid and whose they are.
func (c *cleared) meet(ctx context.Context) error {
	actor, err := c.client.GetActor(ctx)
	if err != nil {
		return fault.CannotBegin(c.client, err, access.AskWho)
	}
	c.actor = actor
	if err := c.checkScopes(); err != nil {
		return err
	}
	if err := c.meetOrg(ctx); err != nil {
		return err
	}
	if err := c.sameAsBefore(); err != nil {
		return err
	}
	if c.willAsk() || c.opts.DryRun && c.users >= access.ManyUsers {
		// One call in the reset's own bucket shows its limit, for the estimate in question or plan.
		// An account that may not list users may still be allowed to reset them.
		brief, cancel := context.WithTimeout(ctx, access.OptionalTime)
		_, _, err = c.client.ListUsers(brief, "", 1)
		cancel()
		if oktaclient.FateOf(err) == oktaclient.NoAccess {
			return fault.CannotBegin(c.client, err, "list users")
		}
	}
	if ctx.Err() != nil {
		return fault.Stopped(context.Cause(ctx))
	}
	if err := c.client.Trustworthy(); err != nil {
		return fault.CannotBegin(c.client, err, access.AskWho)
	}
	return nil
}

// sameAsBefore refuses to resume results that belong to another org with the same name.
func (b *book) sameAsBefore() error {
	if !b.resumed || b.opts.Sandbox {
		return nil
	}
	m := b.ledger.Manifest()
	if b.ofThisOrg(&m) {
		return nil
	}
	return fault.Usage("resume in the org that they were started in; for this one, name other results with -o", "%s is from %s, but the org is %s",
		b.paths.results, results.OrgName(m.Org, m.OrgID), results.OrgName(b.client.Org().Host(), b.is.ID))
}

// checkScopes reports, before the question and in a dry run, which needed scopes the token lacks.
func (b *book) checkScopes() error {
	err := access.LacksScopes(b.client, b.scopes())
	if err == nil || !b.opts.DryRun && b.survey.Rows > 0 {
		return err
	}
	b.Console.Warn("%v", err)
	return nil
}

// manyLookUps is from how many look-ups of excluded users on a progress bar is shown.
const manyLookUps = 100

// meetProtected makes the calls that show who is left alone, before consent. It changes nothing.
func (c *cleared) meetProtected(ctx context.Context) error {
	if c.opts.Protect.SkipAdmins {
		if err := protect.CheckRoles(ctx, c.client, c.actor.ID); err != nil {
			return err
		}
	}
	if c.protect.Empty() {
		return nil
	}
	found, err := c.protect.LookUp(ctx, protect.LookUp{Client: c.client, Workers: c.opts.Workers, Out: c.Console, Bar: c.lookUpBar})
	if err != nil {
		return err
	}
	c.excluded = found
	if err := c.protect.Count(found, c.file.Rows(), c.paths.shown); err != nil {
		return err
	}
	if !c.opts.DryRun { // a dry run's summary says it
		for _, text := range c.protect.Texts() {
			c.Console.Info("%s", text)
		}
	}
	if !c.protect.Covers() {
		return nil
	}
	known := 0
	err = c.eachUser(func(id runner.Identifier) bool {
		if found.Names(id) {
			known++
		}
		return true
	})
	if err == nil && c.users > 0 && known >= c.users {
		c.Console.Warn("all users of %s are excluded: there is nobody to reset", c.paths.shown)
	}
	return err
}

// lookUpBar shows the progress of n look-ups, if they are many.
func (c *cleared) lookUpBar(n int) (each, done func()) {
	var bar *progress.Progress
	if n >= manyLookUps {
		bar = c.Progress(progress.Options{Label: "look up who is excluded", Total: n, State: func() (s progress.State) {
			s.Hold, s.Why = c.client.Hold()
			return s
		}})
	}
	return func() { bar.Add(runner.StatusSkipped) }, bar.Done
}

// eachUser yields the users of the rows still to do, without duplicates.
func (b *book) eachUser(yield func(runner.Identifier) bool) error {
	for j, err := range b.jobs() {
		if err != nil {
			return fault.Refused(err)
		}
		id, reason := j.Row.Identifier()
		if reason != "" || j.First != j.Row.N || b.duplicates[j.Row.N] {
			continue
		}
		if !yield(id) {
			return nil
		}
	}
	return nil
}

// meetRecent reads in the log who was reset lately, and prints it unless a question will. It
// changes nothing.
func (c *cleared) meetRecent(ctx context.Context) error {
	if c.survey.Rows == 0 {
		return nil
	}
	ask := protect.Ask{
		Client: c.client, Out: c.Console, DryRun: c.opts.DryRun, Skip: c.opts.Protect.SkipRecent, Before: protect.Before(c.manifest, c.plan, c.id), Own: protect.OwnRuns(c.manifest), Users: c.eachUser,
	}
	unknown := protect.Unknown{Path: c.paths.results, Manifest: c.manifest, Seen: c.seen, Touched: c.touched}
	if c.resumed && !c.opts.DryRun {
		ask.Since, ask.Kin, ask.Found = c.manifest.Runs[0].StartedAt, evidence.Kin(c.manifest), unknown.Note
	}
	recent, unread, err := protect.AskRecent(ctx, ask)
	if err == nil {
		err = unknown.Check(c.file.Rows())
	}
	if err != nil {
		return err
	}
	c.recent = recent
	if unread != nil {
		c.Console.Warn("the System Log can't be read, so it isn't known who of these users was reset lately: %v%s", unread, c.withoutLog(unread))
	}
	c.tellRecent()
	return nil
}

// withoutLog returns a warning about lost answers if the System Log may not be read, to be given
// before consent: without the log, nothing proves their outcome.
func (c *cleared) withoutLog(err error) string {
	if fate := oktaclient.FateOf(err); c.opts.DryRun || fate != oktaclient.NoAccess && fate != oktaclient.Forbidden {
		return ""
	}
	c.blind = true
	return "; if an answer is lost, nothing proves what became of it: the row stays unknown"
}

// tellRecent says who was reset lately, unless a question will.
func (c *cleared) tellRecent() {
	if n := c.recent.Left(); n > 0 && n >= c.users {
		c.Console.Warn("all users of %s were reset lately: there is nobody to reset", c.paths.shown)
	}
	text := strings.Join(c.recent.Lines(), "; ")
	switch {
	case text == "", c.willAsk():
	case c.recent.Skip > 0:
		c.Console.Info("%s", text)
	default:
		c.Console.Warn("%s", text)
	}
}
