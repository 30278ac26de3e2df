package command

import (
	"context"
	"fmt"
	"strings"
)

// checkConsent refuses, before anything is sent, a change that can't get consent.
func (r *factorsRun) checkConsent() error {
	c := r.opts.confirm
	switch {
	case !r.opts.verb.changes || r.opts.sandbox:
		return nil
	case c.given() && c.host != r.host():
		return c.check(r.host(), 1)
	case c.given() && (c.min > 1 || c.max < 1):
		return consentError("it would be --confirm "+r.host()+":1", "--confirm allows %s, but this is one user", c)
	case c.given():
		return nil
	}
	tty, err := r.openTerminal()
	if err != nil {
		return consentError("to go ahead: --confirm "+r.host()+":1",
			"nobody has allowed this: %s at %s for %q, and there is no terminal to ask on", r.opts.verb.name, r.host(), r.opts.user)
	}
	tty.close()
	return nil
}

// fact is a line of a question.
type fact struct{ name, text string }

// askConsent gets the consent that a change needs, on the terminal unless it was given.
func (r *factorsRun) askConsent(ctx context.Context, what string, facts ...fact) error {
	if r.opts.sandbox || r.opts.confirm.given() {
		return nil
	}
	actor, err := r.client.GetActor(ctx)
	if err != nil {
		return r.explain(err, "ask who these credentials belong to")
	}
	tty, err := r.openTerminal()
	if err != nil {
		return consentError("to go ahead: --confirm "+r.host()+":1", "nobody to ask: %w", err)
	}
	defer tty.close()
	whose := r.user.Profile.Login
	if r.user.ID == actor.ID {
		whose += " (yourself)"
	}
	facts = append([]fact{{"org", r.host()}, {"as", actor.String()}, {"user", whose}}, facts...)
	var b strings.Builder
	fmt.Fprintf(&b, "\n%s\n\n", printable(what))
	for _, f := range facts {
		fmt.Fprintf(&b, "  %-8s %s\n", f.name, printable(f.text))
	}
	b.WriteString("\nGo ahead? [y/N] ")
	typed, err := tty.ask(ctx, b.String())
	switch {
	case ctx.Err() != nil:
		return stopError(context.Cause(ctx))
	case err != nil:
		return consentError("to go ahead: --confirm "+r.host()+":1", "ask on the terminal: %w", err)
	case !strings.EqualFold(typed, "y") && !strings.EqualFold(typed, "yes"):
		return consentError("", "not confirmed; nothing was changed")
	}
	return nil
}
