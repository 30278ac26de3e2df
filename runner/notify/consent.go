package notify

import (
	"context"
	"fmt"
	"strings"

	"oktareset/runner/console"
)

// host is the org that --confirm names.
func (r *run) host() string { return r.client.Org().Host() }

// checkConsent refuses, before the mail server is asked, a run that can't get consent.
func (r *run) checkConsent() error {
	n := len(r.mails)
	if r.opts.Confirm.Given() {
		return r.opts.Confirm.CheckMails(r.host(), n, r.record != nil)
	}
	if n == 0 {
		return nil
	}
	tty, err := r.OpenTerminal()
	if err != nil {
		return console.ConsentError(fmt.Sprintf("look at the mails with --dry-run first; to send them: --confirm %s:%d", r.host(), n),
			"nobody has allowed this, and there is no terminal to ask on: it would send %s", console.Plural(n, "mail"))
	}
	tty.Close()
	return nil
}

// askConsent asks for the number of mails unless --confirm has allowed it.
func (r *run) askConsent(ctx context.Context) error {
	if r.opts.Confirm.Given() {
		return nil
	}
	return console.AskNumber(ctx, r.OpenTerminal, r.question(), len(r.mails))
}

// question says what is sent, to whom and in whose name, with the first mail's subject.
func (r *run) question() string {
	var b strings.Builder
	line := func(name, format string, a ...any) {
		fmt.Fprintf(&b, "  %-8s %s\n", name, console.Printable(fmt.Sprintf(format, a...)))
	}
	what := "mail"
	if r.opts.Remind != "" {
		what = "reminder"
	}
	fmt.Fprintf(&b, "\nThis sends %s, to %s. A mail can't be taken back.\n\n", console.Plural(len(r.mails), what), r.audience())
	line("org", "%s", r.host())
	line("results", "%s", r.opts.Results)
	if r.opts.Remind != "" {
		line("list", "%s, of %s", r.opts.Remind, console.Ago(r.began.Sub(r.listed)))
	}
	for i, text := range r.untold() {
		line([]string{"not told", ""}[min(i, 1)], "%s", text)
	}
	line("from", "%s", r.from)
	line("server", "%s", r.server)
	if subject, _, err := r.fill(r.mails[0]); err == nil {
		line("first", "to %s: %s", r.mails[0].address, subject)
	}
	if before := r.notes[:r.final]; len(before) > 0 {
		line("before", "%s by earlier runs, none of which is sent again: %s", console.Plural(len(before), "mail"), countsText(counts(before)))
	}
	line("record", "%s", r.listPath())
	fmt.Fprintf(&b, "\nTo go ahead, type the number of mails (%d): ", len(r.mails))
	return b.String()
}
