package desk

import (
	"context"
	"errors"
	"fmt"
	"time"

	"oktareset/oktaclient"
	"oktareset/runner"
	"oktareset/runner/access"
	"oktareset/runner/challenge"
	"oktareset/runner/console"
	"oktareset/runner/fault"
	"oktareset/runner/steps"
)

// task is one execution of factors: one thing done to one user.
type task struct {
	*access.Env
	opts    Options
	client  *oktaclient.Client
	sandbox *access.Sandbox // nil with a real org
	user    oktaclient.User

	serviceApp bool // the caller is a service app
}

// Run carries out the factors command.
func Run(ctx context.Context, e *access.Env, o Options) error {
	r := &task{Env: e, opts: o}
	if err := r.connect(ctx); err != nil {
		return fault.Refused(err)
	}
	defer r.sandbox.Close()
	if o.Verb.noApp && r.serviceApp {
		return fault.Usage("use an API token for it: OKTA_CLIENT_TOKEN or --token-file, and OKTA_CLIENT_AUTHORIZATIONMODE=SSWS",
			"factors %s: Okta answers that to an API token, not to a service app", o.Verb.Name)
	}
	if err := r.checkConsent(); err != nil {
		return err
	}
	defer r.sayHolds()()
	if err := r.identify(ctx); err != nil {
		return err
	}
	err := o.Verb.do(r, ctx)
	if r.sandbox != nil {
		r.Console.Fail(err) // what went wrong comes first
		r.Console.Info("this was a stand-in org, which keeps nothing; to serve one for several commands: oktareset sandbox")
		err = fault.Told(err)
	}
	return err
}

// connect finds the org and makes a client for it, or starts the stand-in. It sends nothing.
func (r *task) connect(ctx context.Context) error {
	w := access.Way{
		Flags: r.opts.Org, Scopes: r.scopes(), Product: "run/" + runner.NewRunID(),
		Client: oktaclient.Options{Timeout: r.opts.Timeout}, Rehearsal: "oktareset factors list alice@example.com --sandbox",
	}
	if r.opts.Sandbox {
		w.StandIn = access.StartDemo
	}
	c, err := r.Connect(ctx, w)
	if err == nil {
		r.client, r.sandbox, r.serviceApp = c.Client, c.StandIn, c.Config.App != nil
	}
	return err
}

// scopes returns what a service app needs for the verb.
func (r *task) scopes() access.Scopes {
	s := access.Scopes{Needed: []string{oktaclient.ScopeUsersRead}}
	switch r.opts.Verb.Name {
	case "list", "catalog", "get", "poll":
	default:
		s.Needed = append(s.Needed, oktaclient.ScopeUsersManage)
	}
	return s
}

// holdCheck is how often the client is asked whether requests have to wait.
const holdCheck = time.Second

// sayHolds says when requests have to wait, and why, until the returned function is called.
func (r *task) sayHolds() (stop func()) {
	tick, done, ended := time.NewTicker(holdCheck), make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		var said time.Time
		for {
			select {
			case <-tick.C:
			case <-done:
				return
			}
			if until, why := r.client.Hold(); until.After(said) {
				said = until
				r.Console.Info("waiting until %s: %s", until.Format(time.TimeOnly), why)
			}
		}
	}()
	return func() {
		tick.Stop()
		close(done)
		<-ended
	}
}

func (r *task) host() string { return r.client.Org().Host() }

// command returns a command for another verb and the same user, ready to paste.
func (r *task) command(verb string, args ...string) string {
	return r.opts.Org.Factors(verb, console.ShellUser(r.user.Profile.Login, r.user.ID), args...)
}

// identify finds exactly the user that is meant: Okta would also match short names, cut logins at
// a semicolon and ignore diacritics.
func (r *task) identify(ctx context.Context) error {
	if r.opts.ReadsMe() {
		if r.serviceApp {
			return notDone("give a user's ID or whole login", "nobody is \"me\": a service app is no user")
		}
		me, _, err := r.client.GetMe(ctx)
		r.user = me
		return r.explain(err, "ask who these credentials belong to")
	}
	id, _ := runner.ParseIdentifier(r.opts.User)
	user, _, err := steps.Find(ctx, r.client, id, false)
	switch other, isOther := errors.AsType[*steps.OtherUserError](err); {
	case steps.NoUser(err):
		return notDone(r.whoExists(), "no user of %s has the ID or login %q", r.host(), id.Value)
	case isOther:
		return notDone("give the whole login or the ID", "%q isn't anybody's login; Okta found %q", id.Value, other.Login)
	case err != nil:
		return r.explain(err, fmt.Sprintf("look up %q", id.Value))
	}
	r.user = user
	if r.user.Status == oktaclient.StatusDeprovisioned {
		return notDone("", "%s is deactivated: Okta keeps no factors for such a user", r.user.Profile.Login)
	}
	return nil
}

// factor finds the factor that is meant, by its ID or as the only one of its kind. others are the
// user's other factors; they are known only if the list was needed.
func (r *task) factor(ctx context.Context, needList bool) (f oktaclient.Factor, others []oktaclient.Factor, err error) {
	what := r.opts.Factor
	if challenge.IsFactorID(what) && !needList {
		f, _, err = r.client.GetFactor(ctx, r.user.ID, what)
		if oktaclient.FateOf(err) == oktaclient.Missing {
			_, err = challenge.Find(nil, what, r.user.Profile.Login, r.command("list"))
			return f, nil, err
		}
		return f, nil, r.explain(err, "look up the factor")
	}
	list, _, err := r.client.ListFactors(ctx, r.user.ID)
	if err != nil {
		return f, nil, r.explain(err, "list the factors")
	}
	f, err = challenge.Find(list, what, r.user.Profile.Login, r.command("list"))
	return f, list, err
}

// notDone ends a command that did what it could.
func notDone(hint, format string, a ...any) error {
	return fault.New(fault.ExitRows, hint, format, a...)
}

// explainSent is [task.explain] for a request that may have done something although its answer was
// lost: what may have happened, in words, and what to look at. It is never sent again.
func (r *task) explainSent(err error, what, may, look string) error {
	if oktaclient.FateOf(err) == oktaclient.InDoubt {
		return notDone(look, "%s: %w", may, err)
	}
	return r.explain(err, what)
}

// explain says what an error means for the person whose request, in words, was what, and gives it
// its exit code. nil stays nil.
func (r *task) explain(err error, what string) error {
	if err == nil {
		return nil
	}
	if sig, ok := errors.AsType[fault.Signal](err); ok {
		return fault.Stopped(sig)
	}
	if known := challenge.Explain(err, what); known != nil {
		return known
	}
	if known := fault.Of(r.client, err, fault.Before, what); known != nil {
		return known
	}
	if fault.ReadLost(err) {
		return fault.Unanswered(r.client, err, fault.Before)
	}
	if oktaclient.FateOf(err) == oktaclient.NotSent {
		return fault.Usage("", "%s: %w", what, err)
	}
	return notDone("", "%s: %w", what, err)
}

// whoExists lists the stand-in's users; "" with a real org.
func (r *task) whoExists() string {
	if r.sandbox == nil {
		return ""
	}
	return r.sandbox.People()
}
