package console

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"oktareset/runner/fault"
)

// Confirmation is a --confirm flag: an org, and the least and greatest number of users. The zero
// value means that there is none.
type Confirmation struct {
	Host     string
	Min, Max int
}

// ParseConfirm reads HOST:COUNT or HOST:MIN-MAX. HOST may have a port.
func ParseConfirm(s string) (Confirmation, error) {
	const form = "--confirm acme.okta.com:1234 or --confirm acme.okta.com:1-500"
	i := strings.LastIndexByte(s, ':')
	if i <= 0 {
		return Confirmation{}, fault.Usage(form, "--confirm %q isn't HOST:COUNT or HOST:MIN-MAX", s)
	}
	if strings.Contains(s[:i], "/") {
		return Confirmation{}, fault.Usage(form, "--confirm %q: give HOST alone, without https://", s)
	}
	low, high, bounds := strings.Cut(s[i+1:], "-")
	if !bounds {
		high = low
	}
	lowest, ok1 := parseCount(low)
	highest, ok2 := parseCount(high)
	if !ok1 || !ok2 || highest < lowest {
		return Confirmation{}, fault.Usage(form, "--confirm %q isn't HOST:COUNT or HOST:MIN-MAX", s)
	}
	return Confirmation{Host: strings.ToLower(s[:i]), Min: lowest, Max: highest}, nil
}

// parseCount reads a number in exactly the form that the program prints: 010 may have been meant
// otherwise.
func parseCount(s string) (int, bool) {
	n, err := strconv.Atoi(s)
	return n, err == nil && n >= 0 && strconv.Itoa(n) == s
}

// Given reports whether the flag was given.
func (c Confirmation) Given() bool { return c.Host != "" }

func (c Confirmation) String() string {
	if c.Min == c.Max {
		return fmt.Sprintf("%s:%d", c.Host, c.Min)
	}
	return fmt.Sprintf("%s:%d-%d", c.Host, c.Min, c.Max)
}

// CheckHost refuses a confirmation for another org.
func (c Confirmation) CheckHost(host string, users int) error {
	if c.Host == host {
		return nil
	}
	return ConsentError(fmt.Sprintf("for this org it would be --confirm %s:%d", host, users), "--confirm is for %s, but the org is %s", c.Host, host)
}

// Check compares the confirmation with a new run: both bounds apply, and a COUNT is exact.
func (c Confirmation) Check(host string, users int) error {
	if err := c.CheckHost(host, users); err != nil {
		return err
	}
	if users < c.Min || users > c.Max {
		return ConsentError(fmt.Sprintf("look at the file; for all of it, it would be --confirm %s:%d", host, users),
			"--confirm allows %s, but the file names %s", c, Plural(users, "user"))
	}
	return nil
}

// CheckRest compares the confirmation with a resume: some of the allowed users may be done
// already, but no more than allowed may be left.
func (c Confirmation) CheckRest(host string, users int) error {
	if err := c.CheckHost(host, users); err != nil {
		return err
	}
	if users > c.Max {
		return ConsentError(fmt.Sprintf("look at the results; for all that is left, it would be --confirm %s:%d", host, users),
			"--confirm allows %s, but %s still to do", c, Are(users, "user"))
	}
	return nil
}

// CheckMails compares the confirmation with the mails that a command would send. On a resume, some
// of the allowed ones may have been sent already.
func (c Confirmation) CheckMails(host string, mails int, resumed bool) error {
	if err := c.CheckHost(host, mails); err != nil {
		return err
	}
	if mails > c.Max || mails < c.Min && !resumed {
		return ConsentError(fmt.Sprintf("look at them with --dry-run; for all of them, it would be --confirm %s:%d", host, mails),
			"--confirm allows %s, but %s to be sent", c, Are(mails, "mail"))
	}
	return nil
}

// AskNumber asks a question whose answer is a number that the question contains: nobody can answer
// it without reading. open opens the terminal.
func AskNumber(ctx context.Context, open func() (Asker, error), question string, n int) error {
	tty, err := open()
	if err != nil {
		return ConsentError("to go ahead without a terminal, use --confirm", "nobody to ask: %w", err)
	}
	defer tty.Close()
	typed, err := tty.Ask(ctx, question)
	if ctx.Err() != nil {
		return Untouched(ctx)
	}
	if err != nil {
		return ConsentError("to go ahead without a terminal, use --confirm", "ask on the terminal: %w", err)
	}
	if typed != strconv.Itoa(n) {
		return ConsentError("", "not confirmed: %q was typed, not %d; nothing was changed", typed, n)
	}
	return nil
}

// ConsentError ends a run that nobody has allowed.
func ConsentError(hint, format string, a ...any) error {
	return fault.New(fault.ExitConsent, hint, format, a...)
}

// Untouched ends a command that was stopped while it asked for consent.
func Untouched(ctx context.Context) error {
	cause := fault.Stopped(context.Cause(ctx))
	return fault.WithCode(fault.Code(cause), fmt.Errorf("%w; nothing was changed", cause))
}

// Plural returns "1 user", "2 users".
func Plural(n int, what string) string {
	if n == 1 {
		return fmt.Sprintf("%d %s", n, what)
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// Are is Plural with its verb.
func Are(n int, what string) string {
	if n == 1 {
		return Plural(n, what) + " is"
	}
	return Plural(n, what) + " are"
}
