package desk

import (
	"context"
	"fmt"

	"oktareset/oktaclient"
	"oktareset/runner/console"
	"oktareset/runner/fault"
)

// verify makes the user prove who they are. It succeeds only with Okta's SUCCESS.
func (r *task) verify(ctx context.Context) error {
	f, _, err := r.factor(ctx, false)
	if err != nil {
		return err
	}
	if why := oktaclient.OwnDevice(f.Type); why != "" {
		return fault.Usage("choose another: oktareset factors list "+r.shownUser(), "%s can't be verified here: %s", f, why)
	}
	if f.Status != oktaclient.FactorActive {
		return notDone(fmt.Sprintf("oktareset factors activate %s %s", r.shownUser(), console.ShellQuote(f.ID)), "%s of %s is %s: it proves nothing yet",
			f, r.user.Profile.Login, f.Status)
	}
	if r.opts.NumberMatching && f.Type != "push" {
		return fault.Usage("leave it out", "--number-matching is for a push, not for %s", f)
	}
	if e := r.opts.Enroll; !sendsPasscode(f.Type) && (e.TemplateID != "" || e.TokenLifetime != 0 || e.Language != "") {
		return fault.Usage("leave them out", "--template-id, --token-lifetime and --language are for a passcode that is sent, not for %s", f)
	}
	if f.Type == "push" {
		return r.verifyPush(ctx, f)
	}
	return r.verifyPasscode(ctx, f)
}

// verifyPasscode sends a passcode if the factor works that way, and checks what the user reads
// out.
func (r *task) verifyPasscode(ctx context.Context, f oktaclient.Factor) error {
	v := oktaclient.Verify{
		TemplateID: r.opts.Enroll.TemplateID, TokenLifetime: r.opts.Enroll.TokenLifetime, Language: r.opts.Enroll.Language,
	}
	if sendsPasscode(f.Type) && !r.opts.NoChallenge {
		if _, _, err := r.client.VerifyFactor(ctx, r.user.ID, f.ID, v); err != nil {
			return r.explain(err, fmt.Sprintf("send a passcode to %s", which(f)))
		}
		r.Console.Info("a passcode is on its way to %s", which(f))
	}
	var answer oktaclient.Verify
	var err error
	if f.Type == "question" {
		r.Console.Info("ask the user: %s", which(f))
	}
	r.peek(f)
	if f.Type == "question" {
		answer.Answer, err = r.secret(ctx, "answer")
	} else {
		answer.PassCode, err = r.secret(ctx, "passcode")
	}
	if err != nil {
		return err
	}
	done, _, err := r.client.VerifyFactor(ctx, r.user.ID, f.ID, answer)
	if oktaclient.FateOf(err) == oktaclient.InDoubt {
		return notDone("verify again, with a new passcode", "%s isn't verified: %w", r.user.Profile.Login, err)
	}
	if err != nil {
		return r.explain(err, "verify "+r.user.Profile.Login)
	}
	return r.verified(f, done)
}

// verifyPush sends a push and waits for its answer.
func (r *task) verifyPush(ctx context.Context, f oktaclient.Factor) error {
	if r.opts.NoChallenge {
		return fault.Usage("for a push that was sent before: oktareset factors poll", "a push is verified by sending one")
	}
	v, _, err := r.client.VerifyFactor(ctx, r.user.ID, f.ID, oktaclient.Verify{NumberMatching: r.opts.NumberMatching})
	if err != nil {
		return r.explain(err, fmt.Sprintf("send a push to %s", r.user.Profile.Login))
	}
	return r.await(ctx, f, v)
}

// poll continues to wait for the answer to a push.
func (r *task) poll(ctx context.Context) error {
	f, _, err := r.factor(ctx, false)
	if err != nil {
		return err
	}
	v, _, err := r.client.GetTransaction(ctx, r.user.ID, f.ID, r.opts.TransID)
	if oktaclient.FateOf(err) == oktaclient.Missing {
		return notDone("send another push: oktareset factors verify", "%s has no transaction %q", f, r.opts.TransID)
	}
	if err != nil {
		return r.explain(err, "look up the transaction")
	}
	return r.await(ctx, f, v)
}

// await waits for the answer to a push and says what it was.
func (r *task) await(ctx context.Context, f oktaclient.Factor, v oktaclient.Verification) error {
	if v.CorrectAnswer > 0 {
		r.Console.Info("tell the user to choose the number %d", v.CorrectAnswer)
	}
	if v.Result == oktaclient.ResultWaiting {
		r.Console.Info("a push is on its way to %s; waiting for the answer%s", which(f), r.within(v.ExpiresAt))
	}
	end, err := r.client.AwaitPush(ctx, r.user.ID, f.ID, v)
	if err != nil {
		if v.TransactionID != "" {
			r.Console.Info("the answer isn't known yet; to continue: oktareset factors poll %s %s %s", r.shownUser(), console.ShellQuote(f.ID), v.TransactionID)
		}
		return r.explain(err, "wait for the answer to the push")
	}
	return r.verified(f, end)
}

// verified says how a verification ended. Only SUCCESS is one.
func (r *task) verified(f oktaclient.Factor, v oktaclient.Verification) error {
	err := r.show(v.Raw, func(t *console.Table) { t.Row("result", v.Result) })
	if err != nil {
		return err
	}
	switch v.Result {
	case oktaclient.ResultSuccess:
		r.Console.Info("%s is verified by %s", r.user.Profile.Login, f)
		return nil
	case oktaclient.ResultRejected:
		return notDone("", "%s isn't verified: the user, or whoever has the phone, rejected the push", r.user.Profile.Login)
	case oktaclient.ResultTimeout:
		return notDone("", "%s isn't verified: nobody answered in time", r.user.Profile.Login)
	}
	return notDone("", "%s isn't verified: Okta says %q %s", r.user.Profile.Login, v.Result, v.Message)
}
