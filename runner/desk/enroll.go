package desk

import (
	"context"
	"fmt"

	"oktareset/oktaclient"
	"oktareset/runner/challenge"
	"oktareset/runner/fault"
)

// enroll enrolls a factor and says what the user has to do next.
func (r *task) enroll(ctx context.Context) error {
	e, err := r.withSecrets(ctx, r.opts.Enroll)
	if err != nil {
		return err
	}
	if err = e.Check(); err != nil {
		return fault.Usage("see oktareset factors --help", "%w", err)
	}
	facts := []fact{{"factor", e.String()}}
	if s, ok := e.Profile["phoneNumber"].(string); ok {
		facts = append(facts, fact{"phone", s})
	}
	if e.Activate {
		facts = append(facts, fact{"at once", "yes: Okta accepts it although the user hasn't proved to have it"})
	}
	if err = r.askConsent(ctx, "This enrolls a factor.", facts...); err != nil {
		return err
	}
	f, _, err := r.client.EnrollFactor(ctx, r.user.ID, e, nil)
	if e.OtherPhone(err) {
		return notDone(fmt.Sprintf("if Okta keeps another phone number of this user, replace it with --update-phone; if an active %s factor has it, unenroll that first", e.Type),
			"enroll %s for %s: %w", e, r.user.Profile.Login, err)
	}
	if err != nil {
		return r.explainSent(err, fmt.Sprintf("enroll %s for %s", e, r.user.Profile.Login), fmt.Sprintf("%s may have been enrolled, or not", e),
			"see whether it is listed: "+r.command("list"))
	}
	err = r.showFactor(f)
	r.sayNext(f)
	return err
}

// withSecrets asks for what an enrollment needs and no flag may contain.
func (r *task) withSecrets(ctx context.Context, e oktaclient.Enrollment) (oktaclient.Enrollment, error) {
	ask := func(into map[string]any, field, what string) (map[string]any, error) {
		s, err := r.Secret(ctx, what, "")
		if into == nil {
			into = make(map[string]any)
		}
		into[field] = string(s)
		return into, err
	}
	var err error
	switch e.Type {
	case "question":
		if e.Profile["question"] == nil {
			return e, fault.Usage("choose one: "+r.command("questions"), "which question? --question is missing")
		}
		e.Profile, err = ask(e.Profile, "answer", "answer")
	case "token:hotp":
		e.Profile, err = ask(e.Profile, "sharedSecret", "shared secret")
	case "token", "token:hardware":
		var verify map[string]any
		if verify, err = ask(nil, "passCode", "passcode that the token shows"); err == nil && e.Provider == "SYMANTEC" {
			verify, err = ask(verify, "nextPassCode", "next passcode")
		}
		if e.Fields == nil {
			e.Fields = make(map[string]any)
		}
		e.Fields["verify"] = verify
	}
	return e, err
}

// sayNext says what has to happen before a factor counts.
func (r *task) sayNext(f oktaclient.Factor) {
	if f.Status != oktaclient.FactorPending {
		r.Console.Info("%s of %s is %s", f, r.user.Profile.Login, f.Status)
		return
	}
	activate := r.command("activate", f.ID)
	switch {
	case challenge.Sends(f.Type):
		r.Console.Info("a passcode is on its way to %s; when the user has read it out: %s", challenge.Which(f), activate)
	case f.Type == "push":
		r.sayActivation(f)
		r.Console.Info("to see when the user has done so: %s", activate)
	default:
		r.sayActivation(f)
		r.Console.Info("then have the user read out a passcode: %s", activate)
	}
	r.Peek(r.sandbox, r.user.ID, r.user.Profile.Login, f.ID)
}

// sayActivation says what the user's app needs. Whoever sees the secret can make passcodes: the
// JSON output already contains it, so it isn't printed again.
func (r *task) sayActivation(f oktaclient.Factor) {
	a, ok := oktaclient.ReadActivation(f)
	switch {
	case !ok:
	case !r.TerminalOut || r.opts.JSON:
		r.Console.Info("the user's app needs the QR code or the secret under _embedded.activation")
	default:
		if a.QRCode != "" {
			r.Console.Info("have the user scan the QR code at %s%s", a.QRCode, challenge.Within(r.client, a.ExpiresAt))
		}
		if a.SharedSecret != "" {
			r.Console.Info("or type into the app: %s", a.SharedSecret)
		}
	}
}

// activate completes an enrollment: by the passcode that the user reads out, or by waiting for
// the user's app.
func (r *task) activate(ctx context.Context) error {
	f, _, err := r.factor(ctx, false)
	if err != nil {
		return err
	}
	if why := oktaclient.OwnDevice(f.Type); why != "" {
		return fault.Usage("the user enrolls it at the next sign-in", "%s can't be activated here: %s", f, why)
	}
	if f.Status != oktaclient.FactorPending {
		r.Console.Info("there is nothing to activate: %s of %s is %s", f, r.user.Profile.Login, f.Status)
		return r.showFactor(f)
	}
	if f.Type == "push" {
		return r.awaitActivation(ctx, f)
	}
	r.Peek(r.sandbox, r.user.ID, r.user.Profile.Login, f.ID)
	code, err := r.Secret(ctx, "passcode", "")
	if err != nil {
		return err
	}
	now, _, err := r.client.ActivateFactor(ctx, r.user.ID, f.ID, code)
	if err != nil {
		return r.notActivated(f, err)
	}
	r.Console.Info("%s of %s is %s", f, r.user.Profile.Login, now.Status)
	return r.showFactor(now)
}

// awaitActivation restarts the time for the user's app to scan the QR code, and waits for it.
func (r *task) awaitActivation(ctx context.Context, f oktaclient.Factor) error {
	begun, _, err := r.client.ActivateFactor(ctx, r.user.ID, f.ID, "")
	if err != nil {
		return r.notActivated(f, err)
	}
	a, _ := oktaclient.ReadActivation(begun)
	if a.QRCode != "" {
		r.Console.Info("have the user scan the QR code at %s", a.QRCode)
	}
	r.Console.Info("waiting for the user's app%s", challenge.Within(r.client, a.ExpiresAt))
	now, err := r.client.AwaitActivation(ctx, r.user.ID, f.ID, a.ExpiresAt)
	if err != nil {
		return r.explainSent(err, fmt.Sprintf("wait for the activation of %s of %s", f, r.user.Profile.Login), fmt.Sprintf("%s may have been activated since, or not", f),
			"see its status: "+r.command("get", f.ID))
	}
	if err := r.showFactor(now); err != nil {
		return err
	}
	if now.Status != oktaclient.FactorActive {
		return notDone("to try again: "+r.command("activate", f.ID),
			"%s of %s is still %s", f, r.user.Profile.Login, now.Status)
	}
	r.Console.Info("%s of %s is %s", f, r.user.Profile.Login, now.Status)
	return nil
}

// notActivated says why a factor isn't active, as far as anybody knows.
func (r *task) notActivated(f oktaclient.Factor, err error) error {
	return r.explainSent(err, fmt.Sprintf("activate %s of %s", f, r.user.Profile.Login), fmt.Sprintf("%s may have been activated, or not", f),
		"see its status: "+r.command("get", f.ID))
}

// resend sends the passcode of an enrollment again.
func (r *task) resend(ctx context.Context) error {
	f, _, err := r.factor(ctx, false)
	if err != nil {
		return err
	}
	if !challenge.Sends(f.Type) || f.Status != oktaclient.FactorPending {
		return notDone("that is for an sms, call or email that waits for its activation; for an active one, verify sends a passcode",
			"nothing can be sent again for %s, which is %s", f, f.Status)
	}
	again, _, err := r.client.ResendFactor(ctx, r.user.ID, f, r.opts.Enroll.TemplateID)
	if err != nil {
		return r.explainSent(err, fmt.Sprintf("send to %s again", challenge.Which(f)), "a passcode may have been sent, or not",
			"ask the user whether it came; when the user has read it out: "+r.command("activate", f.ID))
	}
	err = r.showFactor(again)
	r.sayNext(f)
	return err
}
