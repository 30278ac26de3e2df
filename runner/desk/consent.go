package desk

import (
	"context"
	"fmt"
	"strings"

	"oktareset/runner/console"
)

// checkConsent refuses, before anything is sent, a change that can't get consent.
func (r *task) checkConsent() error {
	c := r.opts.Confirm
	switch {
	case !r.opts.Verb.changes || r.opts.Sandbox:
		return nil
	case c.Given() && c.Host != r.host():
		return c.Check(r.host(), 1)
	case c.Given() && (c.Min > 1 || c.Max < 1):
		return console.ConsentError("it would be --confirm "+r.host()+":1", "--confirm allows %s, but this is one user", c)
	case c.Given():
		return nil
	}
	tty, err := r.OpenTerminal()
	if err != nil {
		return console.ConsentError("to go ahead: --confirm "+r.host()+":1",
			"nobody has allowed this: %s at %s for %q, and there is no terminal to ask on", r.opts.Verb.Name, r.host(), r.opts.User)
	}
	tty.Close()
	return nil
}

// fact is a line of a question.
type fact struct{ name, text string }

// askConsent gets the consent for a change, on the terminal unless a flag gave it.
func (r *task) askConsent(ctx context.Context, what string, facts ...fact) error {
	if r.opts.Sandbox || r.opts.Confirm.Given() {
		return nil
	}
	actor, err := r.client.GetActor(ctx)
	if err != nil {
		return r.explain(err, "ask who these credentials belong to")
	}
	tty, err := r.OpenTerminal()
	if err != nil {
		return console.ConsentError("to go ahead: --confirm "+r.host()+":1", "nobody to ask: %w", err)
	}
	defer tty.Close()
	whose := r.user.Profile.Login
	if r.user.ID == actor.ID {
		whose += " (yourself)"
	}
	facts = append([]fact{{"org", r.host()}, {"as", actor.String()}, {"user", whose}}, facts...)
	var b strings.Builder
	fmt.Fprintf(&b, "\n%s\n\n", console.Printable(what))
	for _, f := range facts {
		fmt.Fprintf(&b, "  %-8s %s\n", f.name, console.Printable(f.text))
	}
	b.WriteString("\nGo ahead? [y/N] ")
	typed, err := tty.Ask(ctx, b.String())
	switch {
	case ctx.Err() != nil:
		return console.Untouched(ctx)
	case err != nil:
		return console.ConsentError("to go ahead: --confirm "+r.host()+":1", "ask on the terminal: %w", err)
	case !strings.EqualFold(typed, "y") && !strings.EqualFold(typed, "yes"):
		return console.ConsentError("", "not confirmed; nothing was changed")
	}
	return nil
}
