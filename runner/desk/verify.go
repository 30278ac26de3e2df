package desk

import (
	"context"
	"errors"

	"oktareset/oktaclient"
	"oktareset/runner/challenge"
	"oktareset/runner/console"
	"oktareset/runner/fault"
)

// verify makes the user prove who they are. It succeeds only with Okta's SUCCESS.
func (r *task) verify(ctx context.Context) error {
	f, _, err := r.factor(ctx, false)
	if err != nil {
		return err
	}
	if err := challenge.Usable(f, r.user.Profile.Login, r.command); err != nil {
		return err
	}
	if r.opts.NumberMatching && f.Type != "push" {
		return fault.Usage("leave it out", "--number-matching is for a push, not for %s", f)
	}
	if e := r.opts.Enroll; !challenge.Sends(f.Type) && (e.TemplateID != "" || e.TokenLifetime != 0 || e.Language != "") {
		return fault.Usage("leave them out", "--template-id, --token-lifetime and --language are for a passcode that is sent, not for %s", f)
	}
	if f.Type == "push" && r.opts.NoChallenge {
		return fault.Usage("to wait for the answer to a push that was sent before: "+r.command("poll", f.ID, "TRANSACTION"), "a push is verified by sending one")
	}
	c := r.challenge(f)
	v, _, err := c.Do(ctx)
	return r.verified(f, v, err)
}

// challenge is the challenge of the user by a factor.
func (r *task) challenge(f oktaclient.Factor) *challenge.Challenge {
	return &challenge.Challenge{
		Env: r.Env, Client: r.client, StandIn: r.sandbox, UserID: r.user.ID, Login: r.user.Profile.Login, Factor: f, Sent: r.opts.NoChallenge,
		Hint:    "; with --no-challenge, verify sends no other passcode",
		Arrived: r.command("verify", f.ID) + " --no-challenge",
		Send: oktaclient.Verify{
			NumberMatching: r.opts.NumberMatching,
			TemplateID:     r.opts.Enroll.TemplateID, TokenLifetime: r.opts.Enroll.TokenLifetime, Language: r.opts.Enroll.Language,
		},
	}
}

// poll continues to wait for the answer to a push.
func (r *task) poll(ctx context.Context) error {
	f, _, err := r.factor(ctx, false)
	if err != nil {
		return err
	}
	v, _, err := r.client.GetTransaction(ctx, r.user.ID, f.ID, r.opts.TransID)
	if oktaclient.FateOf(err) == oktaclient.Missing {
		return notDone("send another push: "+r.command("verify", f.ID), "%s has no transaction %q", f, r.opts.TransID)
	}
	if err != nil {
		return r.explain(err, "look up the transaction")
	}
	v, err = r.challenge(f).Await(ctx, v)
	return r.verified(f, v, err)
}

// verified says how a verification ended. Only SUCCESS is one.
func (r *task) verified(f oktaclient.Factor, v oktaclient.Verification, err error) error {
	if failed, ok := errors.AsType[*challenge.Failed](err); ok {
		look := failed.Look
		if v.TransactionID != "" {
			look = "to continue: " + r.command("poll", f.ID, v.TransactionID)
			if oktaclient.FateOf(failed.Err) != oktaclient.InDoubt {
				r.Console.Info("the answer isn't known yet; %s", look)
			}
		}
		return r.explainSent(failed.Err, failed.What, failed.What, look)
	}
	if err != nil {
		return err
	}
	if err := r.show(v.Raw, func(t *console.Table) { t.Row("result", v.Result) }); err != nil {
		return err
	}
	if err := challenge.Outcome(r.user.Profile.Login, v); err != nil {
		return err
	}
	r.Console.Info("%s is verified by %s", r.user.Profile.Login, f)
	return nil
}
