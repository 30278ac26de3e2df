package command

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"golang.org/x/time/rate"

	"oktareset/oktaclient"
	"oktareset/runner/ledger"
)

// checkConfirm refuses, before anything is sent or written, a run that can't get consent.
func (r *resetRun) checkConfirm() error {
	if r.opts.dryRun || r.opts.sandbox || r.covered() {
		return nil
	}
	host := r.client.Org().Host()
	if r.opts.confirm.given() {
		return r.opts.confirm.check(host, r.toDo)
	}
	if r.survey.Rows == 0 {
		return nil
	}
	tty, err := openTerminal()
	if err != nil {
		return consentError(fmt.Sprintf("look at it with --dry-run first; to go ahead: --confirm %s:%d", host, r.toDo),
			"nobody has allowed this, and there is no terminal to ask on: it %s of %s", r.opts.what.text(r.toDo), host)
	}
	tty.close()
	return nil
}

// willAsk reports whether somebody has to be asked on a terminal.
func (r *resetRun) willAsk() bool {
	return !r.opts.dryRun && !r.opts.sandbox && !r.covered() && !r.opts.confirm.given() && r.survey.Rows > 0
}

// askConsent gets the consent that a run needs before it may change anything.
func (r *resetRun) askConsent(ctx context.Context) error {
	c := ledger.Consent{At: time.Now(), Count: r.toDo}
	switch {
	case r.covered():
		c = r.book.Consent()
	case r.opts.dryRun, r.survey.Rows == 0 && !r.opts.confirm.given():
		c = ledger.Consent{How: ledger.ConsentNone}
	case r.opts.sandbox:
		c.How = ledger.ConsentSandbox
	case r.opts.confirm.given():
		c.How, c.Min, c.Max = ledger.ConsentConfirm, r.opts.confirm.min, r.opts.confirm.max
	default:
		if err := r.prompt(ctx); err != nil {
			return err
		}
		c.How, c.At = ledger.ConsentPrompt, time.Now()
	}
	r.consent = c
	return nil
}

// prompt has the number of users typed: an answer that can't be given without having read the question.
func (r *resetRun) prompt(ctx context.Context) error {
	tty, err := openTerminal()
	if err != nil {
		return consentError("to go ahead without a terminal, use --confirm", "nobody to ask: %w", err)
	}
	defer tty.close()
	typed, err := tty.ask(ctx, r.question())
	if ctx.Err() != nil {
		return stopError(context.Cause(ctx))
	}
	if err != nil {
		return consentError("to go ahead without a terminal, use --confirm", "ask on the terminal: %w", err)
	}
	if typed != strconv.Itoa(r.toDo) {
		return consentError("", "not confirmed: %q was typed, not %d; nothing was changed", typed, r.toDo)
	}
	return nil
}

func (r *resetRun) question() string {
	var b strings.Builder
	line := func(name, format string, a ...any) {
		fmt.Fprintf(&b, "  %-8s %s\n", name, printable(fmt.Sprintf(format, a...)))
	}
	n := r.toDo
	some := ""
	if r.opts.limit > 0 && r.opts.limit < n {
		some = fmt.Sprintf(", %d of them in this run (--limit), the others by --resume", r.opts.limit)
	}
	fmt.Fprintf(&b, "\nThis %s%s. It can't be undone.\n\n", printable(r.opts.what.text(n)), some)
	org := r.client.Org().Host()
	if r.engine != "" {
		org += " (" + r.engine + ")"
	}
	line("org", "%s", org)
	line("as", "%s", r.actor)
	line("file", "%s (%s)", r.paths.shown, r.surveyText())
	if again := len(r.resend); again > 0 {
		line("again", "%s may have been reset before: what they have enrolled since would go, too", plural(again, "user"))
	}
	if half := len(r.doubts) - r.inDoubt(); half > 0 {
		line("before", "what earlier runs left open of %s", plural(half, "row"))
	}
	r.protectLines(line)
	line("time", "%s", r.estimate())
	line("results", "%s", r.paths.results)
	fmt.Fprintf(&b, "\nTo go ahead, type the number of users (%d): ", n)
	return b.String()
}

// estimate says how long the run will take.
func (r *resetRun) estimate() string {
	return estimate(r.client, r.calls(), r.opts.rate, "not known: the org doesn't tell its limit")
}

// estimate says how long so many calls in the resets' bucket take, with at most ceiling of them a second unless it is 0: whole windows of 61 s, the
// last one spent in seconds. If the limit isn't known, it is what unknown says.
func estimate(c *oktaclient.Client, calls int, ceiling rate.Limit, unknown string) string {
	limit, usable, ok := c.Allowance(oktaclient.BucketUsers)
	if !ok {
		return unknown
	}
	d := time.Duration(max(0, calls-1)/usable) * oktaclient.Window
	if ceiling > 0 {
		d = max(d, time.Duration(float64(calls)/float64(ceiling)*float64(time.Second)))
	}
	text := "about " + d.Round(time.Second).String()
	if d < time.Minute {
		text = "less than a minute"
	}
	return fmt.Sprintf("%s (%d of the %d calls a minute that this token is allowed)", text, usable, limit)
}

// calls is how many calls the run still has to make in one bucket, about: what earlier rows turned out to be isn't counted again.
func (r *resetRun) calls() int {
	n := min(r.toDo, r.rowsToDo-r.tally.finished)
	if r.opts.limit > 0 {
		n = min(n, r.opts.limit-r.tally.finished)
	}
	return max(0, n) * r.list.Calls()
}
