package job

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"oktareset/runner/access"
	"oktareset/runner/console"
	"oktareset/runner/fault"
	"oktareset/runner/results"
)

// checkConfirm refuses, before anything is sent or written, a run that can't get consent. A
// --confirm that is given is always checked.
func (r *resetRun) checkConfirm() error {
	if r.opts.DryRun || r.opts.Sandbox {
		return nil
	}
	if r.opts.Confirm.Given() {
		return r.checkGiven()
	}
	if !r.willAsk() {
		return nil
	}
	host, n := r.client.Org().Host(), r.mayChange()
	tty, err := r.OpenTerminal()
	if err != nil {
		first := ""
		if !r.resumed && !r.input.Plan() {
			first = "look at it with --dry-run first; "
		}
		return console.ConsentError(fmt.Sprintf("%sto go ahead: --confirm %s:%d", first, host, n),
			"nobody has allowed this, and there is no terminal to ask on: it %s in %s%s", r.opts.What.text(n), host, because(r.whyAgain()))
	}
	tty.Close()
	return nil
}

// checkGiven compares --confirm with what is to be done.
func (r *resetRun) checkGiven() error {
	host, c, n := r.client.Org().Host(), r.opts.Confirm, r.mayChange()
	again := len(r.resend)
	switch {
	case !r.resumed:
		return c.Check(host, n)
	case again == 0:
		return c.CheckRest(host, n)
	}
	// Who may have been reset loses what they have enrolled since: a number that allows other
	// users, too, isn't about them.
	if err := c.CheckHost(host, n); err != nil {
		return err
	}
	if n > again {
		return console.ConsentError("do the rest first: "+r.resumeCommand(),
			"--confirm allows a second reset only in a run that does nothing else: %s may have been reset before, and %s left besides",
			console.Plural(again, "user"), console.Are(n-again, "user"))
	}
	if c.Min != again || c.Max != again {
		return console.ConsentError(fmt.Sprintf("look at them by hand; for just these it is --confirm %s:%d", host, again),
			"--confirm allows %s, but %s may have been reset before: for a second reset the number must be exactly theirs", c, console.Plural(again, "user"))
	}
	return nil
}

// mayChange is how many users this run may change: those who are to be done, and those whom earlier
// runs left in doubt or half done.
func (r *resetRun) mayChange() int { return r.toDo + r.leftOpen() }

// leftOpen is how many users earlier runs left in doubt or half done, but for those who are done
// again anyway.
func (r *resetRun) leftOpen() int {
	n := 0
	for i := range r.doubts {
		if r.resend[r.doubts[i].Row.N] == nil {
			n++
		}
	}
	return n
}

// willAsk reports whether the run needs a consent that nobody has given yet.
func (r *resetRun) willAsk() bool {
	switch {
	case r.opts.DryRun, r.opts.Sandbox, r.opts.Confirm.Given(), r.survey.Rows == 0, r.covered():
		return false
	}
	return !r.resumed || r.mayChange() > 0
}

// askConsent gets the consent that a run needs before it may change anything. If somebody is asked,
// the run's clocks begin with the answer.
func (r *resetRun) askConsent(ctx context.Context) error {
	c := results.Consent{At: time.Now(), Count: r.mayChange()}
	switch {
	case r.covered(), r.resumed && r.mayChange() == 0:
		c = r.book.Consent()
	case r.willAsk():
		if err := r.prompt(ctx); err != nil {
			return err
		}
		r.began = time.Now()
		c.How, c.At = results.ConsentPrompt, r.began
	case r.opts.Sandbox && !r.opts.DryRun && r.survey.Rows > 0:
		c.How = results.ConsentSandbox
	case r.opts.Confirm.Given() && !r.opts.DryRun:
		c.How, c.Min, c.Max = results.ConsentConfirm, r.opts.Confirm.Min, r.opts.Confirm.Max
	default:
		c = results.Consent{How: results.ConsentNone}
	}
	r.consent = c
	return nil
}

// prompt has the number of users typed: an answer that can't be given without having read the question.
func (r *resetRun) prompt(ctx context.Context) error {
	tty, err := r.OpenTerminal()
	if err != nil {
		return console.ConsentError("to go ahead without a terminal, use --confirm", "nobody to ask: %w", err)
	}
	defer tty.Close()
	typed, err := tty.Ask(ctx, r.question())
	if ctx.Err() != nil {
		return fault.Stopped(context.Cause(ctx))
	}
	if err != nil {
		return console.ConsentError("to go ahead without a terminal, use --confirm", "ask on the terminal: %w", err)
	}
	if n := r.mayChange(); typed != strconv.Itoa(n) {
		return console.ConsentError("", "not confirmed: %q was typed, not %d; nothing was changed", typed, n)
	}
	return nil
}

func (r *resetRun) question() string {
	var b strings.Builder
	line := func(name, format string, a ...any) {
		fmt.Fprintf(&b, "  %-8s %s\n", name, console.Printable(fmt.Sprintf(format, a...)))
	}
	n := r.mayChange()
	some := ""
	if r.opts.Limit > 0 && r.opts.Limit < n {
		some = fmt.Sprintf(", %d of them in this run (--limit), the others by --resume", r.opts.Limit)
	}
	fmt.Fprintf(&b, "\nThis %s%s. It can't be undone.\n\n", console.Printable(r.opts.What.text(n)), some)
	org := r.client.Org().Host()
	if r.engine != "" {
		org += " (" + r.engine + ")"
	}
	line("org", "%s", org)
	line("as", "%s", r.actor)
	line("file", "%s (%s)", r.paths.shown, r.surveyText())
	if again := len(r.resend); again > 0 {
		line("again", "%s may have been reset before: what they have enrolled since would go, too", console.Plural(again, "user"))
	}
	if open := r.leftOpen(); open > 0 {
		line("before", "%s of these left in doubt or half done by earlier runs", console.Are(open, "user"))
	}
	r.protectLines(line)
	line("time", "%s", r.estimate())
	line("results", "%s", r.paths.results)
	if why := r.whyAgain(); why != "" {
		line("asked", "once more: %s", why)
	}
	fmt.Fprintf(&b, "\nTo go ahead, type the number of users (%d): ", n)
	return b.String()
}

// estimate says how long the run will take.
func (r *resetRun) estimate() string {
	return access.Estimate(r.client, r.calls(), r.opts.Rate, "not known: the org doesn't tell its limit")
}

// calls is how many calls the run still has to make in one bucket, about: what earlier rows turned out to be isn't counted again.
func (r *resetRun) calls() int {
	n := min(r.toDo, r.rowsToDo-r.tally.finished)
	if r.opts.Limit > 0 {
		n = min(n, r.opts.Limit-r.tally.finished)
	}
	return max(0, n) * r.list.Calls()
}
