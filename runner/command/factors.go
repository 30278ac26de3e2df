package command

import (
	"fmt"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"oktareset/runner/desk"
	"oktareset/runner/fault"
)

const factorsExamples = `   oktareset factors list alice@example.com                        which factors does she have?
   oktareset factors verify alice@example.com push                 send her a push and wait for the answer
   oktareset factors verify alice@example.com sms                  send her a passcode and ask for it
   oktareset factors enroll alice@example.com sms:OKTA --phone +15551234567
   oktareset factors unenroll alice@example.com sms --confirm acme.okta.com:1
   oktareset factors catalog alice@example.com                     what may she enroll?
   oktareset factors questions alice@example.com                   the questions that --question may name
   oktareset factors get alice@example.com push                    all that Okta tells of one factor
   oktareset factors activate alice@example.com sms                with the passcode that she was sent
   oktareset factors resend alice@example.com sms                  send it once more
   oktareset factors list alice@example.com --sandbox              rehearse against a stand-in org
`

const factorsExitCodes = `EXIT CODES:
   0    done; of verify and poll: the user is verified
   1    not done: Okta refused it, or the user did; of a change whose answer was lost: it may have been made
   2    usage or configuration: refused before anything was changed
   3    no consent, or consent for another org or number
   4    Okta refused the credentials or the permission
   5    the org can't be reached any more, or a rate limit that lasted
   129, 130, 143    SIGHUP, SIGINT, SIGTERM
`

func (a *app) factorsCommand() *cli.Command {
	return &cli.Command{
		Name: "factors", Usage: "see, verify, enroll and unenroll one user's factors", ArgsUsage: "VERB USER [FACTOR]",
		Description: factorsExamples + verbsHelp(), Flags: factorsFlags(), UsageText: factorsExitCodes,
		Action: action(a, parseFactors, desk.Run),
	}
}

// verbsHelp lists the verbs.
func verbsHelp() string {
	var b strings.Builder
	b.WriteString("\nVERBS:\n")
	for _, v := range desk.Verbs() {
		fmt.Fprintf(&b, "   %-32s %s\n", v.Name+" "+strings.Join(v.Args, " "), v.Usage)
	}
	b.WriteString("\n   oktareset factors VERB --help lists the flags of a verb.\n" + argumentsHelp)
	return b.String()
}

const argumentsHelp = `   USER is an ID or the whole login. FACTOR is an ID, or TYPE[:PROVIDER] of the only one of that kind.
   Passcodes and answers are read from the terminal, or from stdin: no flag takes one.
`

// verbHelp is what oktareset factors VERB --help shows: what the verb takes, and nothing else.
func verbHelp(c *cli.Command, v desk.Verb) string {
	var examples strings.Builder
	for line := range strings.Lines(factorsExamples) {
		if strings.Contains(line, "oktareset factors "+v.Name+" ") {
			examples.WriteString(line)
		}
	}
	verb := *c
	verb.Name, verb.Usage, verb.ArgsUsage = c.Name+" "+v.Name, v.Usage, strings.Join(v.Args, " ")
	verb.Description = examples.String() + "\n" + argumentsHelp
	verb.Flags = slices.DeleteFunc(slices.Clone(c.Flags), func(f cli.Flag) bool { return !v.Takes(f.Names()[0]) })
	return commandHelp(&verb)
}

func factorsFlags() []cli.Flag {
	const (
		enroll, message, verify, unenroll = "ENROLL", "ENROLL AND VERIFY", "VERIFY", "UNENROLL"
		consent, output, org              = "CONSENT", "OUTPUT", "ORG"
	)
	flags := []cli.Flag{
		&cli.StringFlag{Name: "phone", Category: enroll, Usage: "`NUMBER` of an sms or call, as +15551234567"},
		&cli.StringFlag{Name: "extension", Category: enroll, Usage: "`DIGITS` behind the number of a call"},
		&cli.StringFlag{Name: "email", Category: enroll, Usage: "`ADDRESS` of an email: the user's primary or secondary one"},
		&cli.StringFlag{Name: "question", Category: enroll, Usage: "`KEY` of a security question, as disliked_food"},
		&cli.StringFlag{Name: "credential-id", Category: enroll, Usage: "`ID` of a token"},
		&cli.StringFlag{Name: "factor-profile-id", Category: enroll, Usage: "`ID` of a token:hotp's factor profile, from the Admin Console"},
		&cli.StringSliceFlag{Name: "profile", Category: enroll, Usage: "`NAME=VALUE` of the factor's profile; may be repeated"},
		&cli.BoolFlag{Name: "activate", Category: enroll, Usage: "activate it at once, without the user (sms, call, email, token:hotp)"},
		&cli.BoolFlag{Name: "update-phone", Category: enroll, Usage: "replace the phone number that the user has"},
		&cli.StringFlag{Name: "template-id", Category: message, Usage: "`ID` of the SMS template to send"},
		periodFlag("token-lifetime", message, 0, "the passcode that is sent counts for `D`, 1s to 24h (Okta's default: 5m)"),
		&cli.StringFlag{Name: "language", Category: message, Usage: "`LANG` of the SMS, as fr"},
		&cli.BoolFlag{Name: "number-matching", Category: verify, Usage: "of a push: the user has to choose a number that you tell"},
		&cli.BoolFlag{Name: "no-challenge", Category: verify, Usage: "send nothing: the user has a passcode already"},
		&cli.BoolFlag{Name: "remove-recovery", Category: unenroll, Usage: "of an sms or call: forget the number as a way of recovery, too"},
		&cli.StringFlag{Name: "confirm", Category: consent, Usage: "enroll or unenroll unasked if the org agrees: `HOST:1`"},
		&cli.BoolFlag{Name: "json", Category: output, Usage: "print Okta's JSON on a terminal, too"},
	}
	flags = append(flags, consoleFlags()...)
	return append(append(flags, timeoutFlag(org)), orgFlags("use a stand-in org inside this program, with alice, bob, carol and dave@example.com")...)
}

// allows refuses a flag that the verb would ignore.
func allows(v desk.Verb, c *cli.Context) error {
	for _, f := range c.Command.Flags {
		name := f.Names()[0]
		if c.IsSet(name) && !v.Takes(name) {
			return fault.Usage("see oktareset factors "+v.Name+" --help", "factors %s takes no --%s", v.Name, name)
		}
	}
	return nil
}
