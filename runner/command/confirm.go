package command

import (
	"fmt"
	"strconv"
	"strings"
)

// confirmation is a --confirm flag: an org and how many users at least and at most. The zero value is none.
type confirmation struct {
	host     string
	min, max int
}

// parseConfirm reads HOST:COUNT or HOST:MIN-MAX. HOST may have a port.
func parseConfirm(s string) (confirmation, error) {
	const form = "--confirm acme.okta.com:1234 or --confirm acme.okta.com:1-500"
	i := strings.LastIndexByte(s, ':')
	if i <= 0 {
		return confirmation{}, usageError(form, "--confirm %q isn't HOST:COUNT or HOST:MIN-MAX", s)
	}
	if strings.Contains(s[:i], "/") {
		return confirmation{}, usageError(form, "--confirm %q: HOST stands alone, without https://", s)
	}
	low, high, bounds := strings.Cut(s[i+1:], "-")
	if !bounds {
		high = low
	}
	lowest, ok1 := parseCount(low)
	highest, ok2 := parseCount(high)
	if !ok1 || !ok2 || highest < lowest {
		return confirmation{}, usageError(form, "--confirm %q isn't HOST:COUNT or HOST:MIN-MAX", s)
	}
	return confirmation{host: strings.ToLower(s[:i]), min: lowest, max: highest}, nil
}

// parseCount reads a number as the program prints it, and in no other way: 010 may have been meant
// for something else.
func parseCount(s string) (int, bool) {
	n, err := strconv.Atoi(s)
	return n, err == nil && n >= 0 && strconv.Itoa(n) == s
}

func (c confirmation) given() bool { return c.host != "" }

func (c confirmation) String() string {
	if c.min == c.max {
		return fmt.Sprintf("%s:%d", c.host, c.min)
	}
	return fmt.Sprintf("%s:%d-%d", c.host, c.min, c.max)
}

// checkHost refuses a confirmation for another org.
func (c confirmation) checkHost(host string, users int) error {
	if c.host == host {
		return nil
	}
	return consentError(fmt.Sprintf("for this org it would be --confirm %s:%d", host, users), "--confirm is for %s, but the org is %s", c.host, host)
}

// check compares the confirmation with a run that begins: its bounds hold both, and a COUNT is
// exact.
func (c confirmation) check(host string, users int) error {
	if err := c.checkHost(host, users); err != nil {
		return err
	}
	if users < c.min || users > c.max {
		return consentError(fmt.Sprintf("look at the file; for all of it, it would be --confirm %s:%d", host, users),
			"--confirm allows %s, but the file names %s", c, plural(users, "user"))
	}
	return nil
}

// checkRest compares the confirmation with a run that goes on: of users whom it allows, some may be
// done already, but no more may be left.
func (c confirmation) checkRest(host string, users int) error {
	if err := c.checkHost(host, users); err != nil {
		return err
	}
	if users > c.max {
		return consentError(fmt.Sprintf("look at the results; for all that is left, it would be --confirm %s:%d", host, users),
			"--confirm allows %s, but %s still to do", c, are(users, "user"))
	}
	return nil
}

func consentError(hint, format string, a ...any) error {
	return coded{code: exitConsent, error: hinted{fmt.Errorf(format, a...), hint}}
}

func plural(n int, what string) string {
	if n == 1 {
		return fmt.Sprintf("%d %s", n, what)
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// are is plural with its verb.
func are(n int, what string) string {
	if n == 1 {
		return plural(n, what) + " is"
	}
	return plural(n, what) + " are"
}
