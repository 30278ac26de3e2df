package job

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"oktareset/runner"
	"oktareset/runner/access"
	"oktareset/runner/console"
	"oktareset/runner/results"
)

// checkConfirm refuses, before anything is sent or written, a run that can't get consent. A given
// --confirm is always checked.
func (d *due) checkConfirm() error {
	if d.opts.DryRun || d.opts.Sandbox {
		return nil
	}
	if d.opts.Confirm.Given() {
		return d.checkGiven()
	}
	if !d.willAsk() {
		return nil
	}
	host, n := d.client.Org().Host(), d.mayChange()
	tty, err := d.OpenTerminal()
	if err != nil && len(d.resend) > 0 {
		return d.checkAgain()
	}
	if err != nil {
		first := ""
		if !d.resumed && !d.file.Plan() {
			first = "look at it with --dry-run first; "
		}
		why := d.whyAgain()
		if why != "" {
			why = "; " + why
		}
		return console.ConsentError(fmt.Sprintf("%sto go ahead: --confirm %s:%d", first, host, n),
			"nobody has allowed this, and there is no terminal to ask on: it %s in %s%s", d.opts.What.Text(n), host, why)
	}
	tty.Close()
	return nil
}

// checkGiven compares --confirm with what is left to do.
func (d *due) checkGiven() error {
	host, c, n := d.client.Org().Host(), d.opts.Confirm, d.mayChange()
	again := len(d.resend)
	switch {
	case !d.resumed:
		return c.Check(host, n)
	case again == 0:
		return c.CheckRest(host, n)
	}
	// A second reset takes what these users have enrolled since: so a number that includes other
	// users doesn't allow it.
	if err := c.CheckHost(host, n); err != nil {
		return err
	}
	return d.checkAgain()
}

// checkAgain refuses a second reset unless --confirm is for exactly these users.
func (d *due) checkAgain() error {
	host, c, n, again := d.client.Org().Host(), d.opts.Confirm, d.mayChange(), len(d.resend)
	confirm := console.ShellFlag("--confirm", fmt.Sprintf("%s:%d", host, again))
	switch {
	case n > again:
		then := results.GoOnCommand(d.manifest, d.paths.results, "--resume", "--retry", string(runner.StatusUnknown), confirm)
		return console.ConsentError("do the rest first: "+results.GoOnCommand(d.manifest, d.paths.results, d.restFlags()...)+"; then: "+then,
			"--confirm allows a second reset only in a run that does nothing else: %s may have been reset before, and %s left besides", console.Plural(again, "user"), console.Are(n-again, "user"))
	case !c.Given():
		return console.ConsentError(fmt.Sprintf("look at them by hand; for just these it is %s", confirm),
			"nobody has allowed this, and there is no terminal to ask on: %s may have been reset before", console.Plural(again, "user"))
	case c.Min != again || c.Max != again:
		return console.ConsentError(fmt.Sprintf("look at them by hand; for just these it is %s", confirm),
			"--confirm allows %s, but %s may have been reset before: for a second reset the number must be exactly theirs", c, console.Plural(again, "user"))
	}
	return nil
}

// restFlags returns the flags of a run that does what this one does, without the rows in doubt.
func (d *due) restFlags() []string {
	var rest []string
	for status := range d.opts.Retry {
		if status != runner.StatusUnknown {
			rest = append(rest, string(status))
		}
	}
	if len(rest) == 0 {
		return []string{"--resume"}
	}
	slices.Sort(rest)
	return []string{"--resume", "--retry", strings.Join(rest, ",")}
}

// mayChange returns how many users this run may change: those still to do, and those that earlier
// runs left in doubt or half done.
func (d *due) mayChange() int { return d.users + d.leftOpen() }

// leftOpen returns how many users earlier runs left in doubt or half done, without those that are
// sent again anyway.
func (d *due) leftOpen() int {
	n := 0
	for i := range d.left {
		if d.resend[d.left[i].Row.N] == nil {
			n++
		}
	}
	return n
}

// willAsk reports whether the run needs consent that nobody has given yet.
func (d *due) willAsk() bool {
	switch {
	case d.opts.DryRun, d.opts.Sandbox, d.opts.Confirm.Given(), d.survey.Rows == 0, d.covered():
		return false
	}
	return !d.resumed || d.mayChange() > 0
}

// askConsent gets the consent that a run needs before it may change anything. If a person is
// asked, the run's clocks start with the answer.
func (c *cleared) askConsent(ctx context.Context) error {
	given := results.Consent{At: time.Now(), Count: c.mayChange()}
	switch {
	case c.covered(), c.resumed && c.mayChange() == 0:
		given = c.past.consent
	case c.willAsk():
		if err := c.prompt(ctx); err != nil {
			return err
		}
		c.began = time.Now()
		given.How, given.At = results.ConsentPrompt, c.began
	case c.opts.Sandbox && !c.opts.DryRun && c.survey.Rows > 0:
		given.How = results.ConsentSandbox
	case c.opts.Confirm.Given() && !c.opts.DryRun:
		given.How, given.Min, given.Max = results.ConsentConfirm, c.opts.Confirm.Min, c.opts.Confirm.Max
	default:
		given = results.Consent{How: results.ConsentNone}
	}
	c.consent = given
	return nil
}

// prompt asks for the number of users: nobody can answer that without reading the question.
func (c *cleared) prompt(ctx context.Context) error {
	return console.AskNumber(ctx, c.OpenTerminal, c.question(), c.mayChange())
}

func (c *cleared) question() string {
	var b strings.Builder
	line := func(name, format string, a ...any) {
		fmt.Fprintf(&b, "  %-8s %s\n", name, console.Printable(fmt.Sprintf(format, a...)))
	}
	n := c.mayChange()
	some := ""
	if most := c.limit.Of(n); most < n {
		some = fmt.Sprintf(", %d of them in this run (--limit), the others by --resume", most)
	}
	fmt.Fprintf(&b, "\nThis %s%s. It can't be undone.\n\n", console.Printable(c.opts.What.Text(n)), some)
	org := c.client.Org().Host()
	if c.is.Engine != "" {
		org += " (" + c.is.Engine + ")"
	}
	line("org", "%s", org)
	line("as", "%s", c.actor)
	m := c.ledger.Manifest()
	if users := m.GivenUsers(); users != "" {
		line("user", "%s", runner.Cut(users, 500))
	} else {
		line("file", "%s (%s)", c.paths.shown, c.surveyText())
	}
	if m.Ticket != "" {
		line("ticket", "%s", m.Ticket)
	}
	if again := len(c.resend); again > 0 {
		line("again", "%s may have been reset before: they would lose what they have enrolled since", console.Plural(again, "user"))
	}
	if open := c.leftOpen(); open > 0 {
		line("before", "of these, %s left in doubt or half done by earlier runs", console.Are(open, "user"))
	}
	for _, text := range c.protect.Texts() {
		line("exclude", "%s", text)
	}
	if c.opts.Protect.SkipAdmins {
		line("admins", "left alone; their roles are read one by one, one more call for each user in the resets' own bucket")
	}
	for i, text := range c.recent.Lines() {
		line([]string{"lately", ""}[min(i, 1)], "%s", text)
	}
	for i, text := range access.PaceTexts(c.client, c.toDo(), c.steps.Calls(), c.opts.Rate, time.Now()) {
		line([]string{"time", ""}[min(i, 1)], "%s", text)
	}
	line("results", "%s", c.paths.results)
	if why := c.whyAgain(); why != "" {
		line("asked", "again: %s", why)
	}
	fmt.Fprintf(&b, "\nTo go ahead, type the number of users (%d): ", n)
	return b.String()
}

// toDo returns about how many users the run still has to do. Rows that earlier runs settled aren't
// counted again.
func (b *book) toDo() int {
	return b.limit.Of(max(0, min(b.users, b.rows-b.tally.Finished)))
}
