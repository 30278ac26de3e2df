package command

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"oktareset/oktaclient"
	"oktareset/runner/console"
	"oktareset/runner/fault"
	"oktareset/runner/steps"

	"github.com/urfave/cli/v2"
)

// whatOptions say what is done to each user besides, or in place of, the reset of all factors.
type whatOptions struct {
	factors        []steps.FactorType // unenroll only these
	removeRecovery bool
	clearSessions  bool
	enroll         oktaclient.Enrollment // Type "": none
}

func whatFlags(what string) []cli.Flag {
	return []cli.Flag{
		&cli.BoolFlag{Name: "dry-run", Aliases: []string{"n"}, Category: what, Usage: "look up every user and write a plan; change nothing"},
		&cli.BoolFlag{Name: "record-factors", Category: what, Usage: "list each user's factors first, into the result; takes twice as long"},
		&cli.StringSliceFlag{Name: "factor", Category: what, Usage: "unenroll `TYPE[:PROVIDER]` only, as sms or push:OKTA; may be repeated"},
		&cli.BoolFlag{Name: "remove-recovery", Category: what, Usage: "with --factor sms or call: forget the phone number as a way of recovery, too"},
		&cli.BoolFlag{Name: "clear-sessions", Category: what, Usage: "then end the user's sessions, forget remembered devices and revoke OAuth tokens; a reset does none of these"},
		&cli.StringFlag{Name: "enroll", Category: what, Usage: "then enroll `TYPE:PROVIDER`, as sms:OKTA, by the file's columns phoneNumber, phoneExtension, profile.*"},
		&cli.BoolFlag{Name: "activate", Category: what, Usage: "with --enroll of sms, call or email: activate it at once, without the user"},
		&cli.StringFlag{Name: "template-id", Category: what, Usage: "with --enroll sms: the text to send is the org's template `ID`"},
		&cli.DurationFlag{Name: "token-lifetime", Category: what, Usage: "with --enroll: the passcode that is sent is valid for `D` (Okta's default: 5m)"},
		&cli.BoolFlag{Name: "update-phone", Category: what, Usage: "with --enroll of sms or call: replace the phone number that the user has"},
	}
}

// parseWhat reads the flags of [whatFlags] that say what is done.
func parseWhat(c *cli.Context) (whatOptions, error) {
	w := whatOptions{removeRecovery: c.Bool("remove-recovery"), clearSessions: c.Bool("clear-sessions")}
	for _, s := range c.StringSlice("factor") {
		f, err := steps.ParseFactorType(s)
		if err != nil {
			return w, fault.Usage("as --factor sms or --factor push:OKTA", "--factor %q: %w", s, err)
		}
		if !slices.Contains(w.factors, f) {
			w.factors = append(w.factors, f)
		}
	}
	phone := slices.ContainsFunc(w.factors, func(f steps.FactorType) bool { return f.Type == "sms" || f.Type == "call" })
	if w.removeRecovery && !phone {
		return w, fault.Usage("it concerns a phone number", "--remove-recovery needs --factor sms or --factor call")
	}
	if len(w.factors) > 0 && c.Bool("record-factors") {
		return w, fault.Usage("leave out --record-factors", "--factor lists the factors anyway, and the result names those that go")
	}
	return w, w.parseEnroll(c)
}

func (w *whatOptions) parseEnroll(c *cli.Context) error {
	if !c.IsSet("enroll") {
		for _, name := range []string{"activate", "template-id", "token-lifetime", "update-phone"} {
			if c.IsSet(name) {
				return fault.Usage("", "--%s needs --enroll", name)
			}
		}
		return nil
	}
	f, err := steps.ParseFactorType(c.String("enroll"))
	if err != nil || f.Provider == "" {
		return fault.Usage("as --enroll sms:OKTA", "--enroll %q isn't TYPE:PROVIDER", c.String("enroll"))
	}
	w.enroll = oktaclient.Enrollment{
		Type: f.Type, Provider: f.Provider, Activate: c.Bool("activate"), UpdatePhone: c.Bool("update-phone"),
		TemplateID: c.String("template-id"), TokenLifetime: c.Duration("token-lifetime"),
	}
	byPhone := f.Type == "sms" || f.Type == "call"
	switch {
	case oktaclient.OwnDevice(f.Type) != "":
		return fault.Usage("the user enrolls it at the next sign-in", "--enroll %s: %s", f, oktaclient.OwnDevice(f.Type))
	case f.Type == "question", strings.HasPrefix(f.Type, "token:h"), f.Type == "token":
		return fault.Usage("one user at a time: oktareset factors enroll", "--enroll %s takes a secret of each user, and a file of secrets is none", f)
	case w.enroll.Activate && !byPhone && f.Type != "email":
		return fault.Usage("Okta activates sms, call and email at once", "--activate doesn't go with --enroll %s", f)
	case w.enroll.UpdatePhone && !byPhone:
		return fault.Usage("it concerns a phone number", "--update-phone doesn't go with --enroll %s", f)
	case w.enroll.TemplateID != "" && f.Type != "sms":
		return fault.Usage("it is the text of an SMS", "--template-id doesn't go with --enroll %s", f)
	case c.IsSet("token-lifetime") && (w.enroll.TokenLifetime < time.Second || w.enroll.TokenLifetime > oktaclient.MaxTokenLifetime ||
		w.enroll.TokenLifetime%time.Second != 0):
		return fault.Usage("1s to 24h, in whole seconds", "--token-lifetime %s", w.enroll.TokenLifetime)
	}
	return nil
}

// warning says which factors to unenroll Okta doesn't document, or "".
func (w *whatOptions) warning() string {
	for _, f := range w.factors {
		if !slices.Contains(oktaclient.FactorTypes(), f.Type) {
			return fmt.Sprintf("--factor %s: that is no factor type that Okta documents: it has %s", f, strings.Join(oktaclient.FactorTypes(), ", "))
		}
	}
	return ""
}

// text says what is done to n users, as "reset all MFA factors of 12 users".
func (w *whatOptions) text(n int) string {
	text := "resets all MFA factors of " + console.Plural(n, "user")
	if len(w.factors) > 0 {
		var names []string
		together := false
		for _, f := range w.factors {
			names = append(names, f.String())
			together = together || f.Type == "push" || f.Type == "signed_nonce"
		}
		text = fmt.Sprintf("unenrolls %s of %s", strings.Join(names, ", "), console.Plural(n, "user"))
		if together {
			text += " (the other factors of Okta Verify go along)"
		}
		if w.removeRecovery {
			text += " and forgets the phone numbers for recovery"
		}
	}
	if w.clearSessions {
		text += ", then ends their sessions, forgets their remembered devices and revokes their OAuth tokens"
	}
	if w.enroll.Type != "" {
		text += ", then enrolls " + w.enroll.String()
		if w.enroll.Activate {
			text += ", active at once"
		}
	}
	return text
}

// args are the flags that ask for the same, for a shell.
func (w *whatOptions) args() []string {
	var args []string
	add := func(set bool, words ...string) {
		if set {
			args = append(args, words...)
		}
	}
	for _, f := range w.factors {
		add(true, "--factor", console.ShellQuote(f.String()))
	}
	add(w.removeRecovery, "--remove-recovery")
	add(w.clearSessions, "--clear-sessions")
	add(w.enroll.Type != "", "--enroll", console.ShellQuote(w.enroll.String()))
	add(w.enroll.Activate, "--activate")
	add(w.enroll.TemplateID != "", "--template-id", console.ShellQuote(w.enroll.TemplateID))
	add(w.enroll.TokenLifetime != 0, "--token-lifetime", w.enroll.TokenLifetime.String())
	add(w.enroll.UpdatePhone, "--update-phone")
	return args
}
