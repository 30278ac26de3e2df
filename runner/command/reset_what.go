package command

import (
	"fmt"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"oktareset/oktaclient"
	"oktareset/runner"
	"oktareset/runner/challenge"
	"oktareset/runner/fault"
	"oktareset/runner/steps"
)

func whatFlags(what string) []cli.Flag {
	flags := []cli.Flag{
		&cli.BoolFlag{Name: "dry-run", Aliases: []string{"n"}, Category: what, Usage: "look up every user and write a plan; change nothing"},
		&cli.BoolFlag{Name: "record-factors", Category: what, Usage: "list each user's factors first, into the result; takes twice as long"},
		&cli.StringFlag{Name: "verify", Category: what, Usage: "of one user: first have the user prove who they are by this `FACTOR`, as sms or push"},
		&cli.StringSliceFlag{Name: "factor", Category: what, Usage: "unenroll `TYPE[:PROVIDER]` only, as sms or push:OKTA; may be repeated"},
		&cli.BoolFlag{Name: "remove-recovery", Category: what, Usage: "with --factor sms or call: forget the phone number as a way of recovery, too"},
	}
	for _, s := range runner.LaterSteps() {
		flags = append(flags, &cli.BoolFlag{Name: s.Flag, Category: what, Usage: s.Usage})
	}
	return append(flags,
		&cli.StringFlag{Name: "enroll", Category: what, Usage: "then enroll `TYPE:PROVIDER`, as sms:OKTA, by the file's columns phoneNumber, phoneExtension, profile.*"},
		&cli.StringFlag{Name: "send", Category: what, Usage: "with --enroll push:OKTA: have Okta send the user the link that activates it, by email or sms: `HOW`; sms to the file's column phoneNumber"},
		&cli.BoolFlag{Name: "activate", Category: what, Usage: "with --enroll of sms, call or email: activate it at once, without the user"},
		&cli.BoolFlag{Name: "update-phone", Category: what, Usage: "with --enroll of sms or call: replace the phone number that the user has"},
	)
}

// parseWhat reads the flags of [whatFlags] that say what is done.
func parseWhat(c *cli.Context) (steps.What, error) {
	w := steps.What{RemoveRecovery: c.Bool("remove-recovery")}
	for _, s := range runner.LaterSteps() {
		if c.Bool(s.Flag) {
			w.Then = append(w.Then, s.Open)
		}
	}
	var err error
	if w.Factors, err = steps.ParseFactorTypes("factor", c.StringSlice("factor")); err != nil {
		return w, err
	}
	if c.IsSet("verify") {
		if w.Verify, err = challenge.Parse(c.String("verify"), w.Factors); err != nil {
			return w, err
		}
	}
	phone := slices.ContainsFunc(w.Factors, func(f steps.FactorType) bool { return oktaclient.ByPhone(f.Type) })
	if w.RemoveRecovery && !phone {
		return w, fault.Usage("a reset of all factors can't forget phone numbers for recovery: Okta's API has no such parameter any more",
			"--remove-recovery needs --factor sms or --factor call")
	}
	if len(w.Factors) > 0 && c.Bool("record-factors") {
		return w, fault.Usage("leave out --record-factors", "--factor lists the factors anyway, and the result names those that go")
	}
	return w, parseEnroll(&w, c)
}

func parseEnroll(w *steps.What, c *cli.Context) error {
	if !c.IsSet("enroll") {
		for _, name := range []string{"send", "activate", "update-phone"} {
			if c.IsSet(name) {
				return fault.Usage("", "--%s needs --enroll", name)
			}
		}
		return nil
	}
	types, err := steps.ParseFactorTypes("enroll", []string{c.String("enroll")})
	if err != nil {
		return err
	}
	f := types[0]
	if f.Provider == "" {
		return fault.Usage("as --enroll sms:OKTA", "--enroll %q isn't TYPE:PROVIDER", f)
	}
	w.Enroll = oktaclient.Enrollment{Type: f.Type, Provider: f.Provider, Activate: c.Bool("activate"), UpdatePhone: c.Bool("update-phone")}
	w.Send = oktaclient.Send(strings.ToLower(c.String("send")))
	byPhone := oktaclient.ByPhone(f.Type)
	switch {
	case oktaclient.OwnDevice(f.Type) != "":
		return fault.Usage("the user enrolls it at the next sign-in", "--enroll %s: %s", f, oktaclient.OwnDevice(f.Type))
	case oktaclient.TakesSecret(f.Type):
		return fault.Usage("one user at a time: oktareset factors enroll", "--enroll %s takes a secret of each user, and a file of secrets is none", f)
	case oktaclient.ShownOnce(f.Type):
		return fault.Usage("the user enrolls it at the next sign-in; one user at a time: oktareset factors enroll",
			"--enroll %s: the user's app needs a secret that Okta sends to nobody", f)
	case oktaclient.ByLink(f.Type) && !c.IsSet("send"):
		return fault.Usage(fmt.Sprintf("--enroll %s --send email, or --send sms", f), "--enroll %s: nobody would get the code that activates it", f)
	case c.IsSet("send") && !oktaclient.ByLink(f.Type):
		return fault.Usage("Okta sends a link for push:OKTA", "--send doesn't go with --enroll %s", f)
	case c.IsSet("send") && w.Send != oktaclient.SendEmail && w.Send != oktaclient.SendSMS:
		return fault.Usage("email or sms", "--send %q", w.Send)
	case w.Enroll.Activate && !byPhone && !oktaclient.ByMail(f.Type):
		return fault.Usage("Okta activates sms, call and email at once", "--activate doesn't go with --enroll %s", f)
	case w.Enroll.UpdatePhone && !byPhone:
		return fault.Usage("it concerns a phone number", "--update-phone doesn't go with --enroll %s", f)
	}
	return nil
}
