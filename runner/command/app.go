package command

import (
	"context"
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"

	"oktareset/runner/access"
	"oktareset/runner/console"
	"oktareset/runner/desk"
	"oktareset/runner/files"
	"oktareset/runner/outcome"
)

// app is one execution of the program.
type app struct {
	*access.Env
	outcome outcome.Outcome // of a reset
}

// blankApp returns an app that only knows the commands and their flags.
func blankApp() *app { return &app{Env: new(access.Env)} }

// about says in one line what the program does.
const about = "reset the MFA factors of many Okta users from a CSV, with one certain result for every row"

const appExamples = `   oktareset reset --sandbox users.csv                        rehearse against a stand-in org on this machine
   oktareset reset --dry-run users.csv                        say what would happen; change nothing
   oktareset reset users.csv                                  do it, after asking
   oktareset reset users.csv --confirm acme.okta.com:1234     do it, unattended: this org, exactly this many users
   oktareset users -o users.csv                               export users to a CSV that reset takes as it is
   oktareset factors list alice@example.com                   one user's factors: see, verify, enroll, unenroll
   oktareset audit users.results.csv                          compare the results with Okta's System Log
   oktareset after users.results.csv                          who is back in after the reset, and whom to look at
   oktareset notify users.results.csv                         tell users and their managers by mail, each exactly once
   oktareset report users.results.csv                         make a page of what was done, or of a plan, for the ticket
   oktareset whoami                                           which org, account, permissions and limits; where each setting came from
   oktareset sandbox                                          serve the stand-in org, to try other tools against
`

// appHelp is what oktareset --help shows of these commands.
func appHelp(commands []*cli.Command) string {
	var b strings.Builder
	b.WriteString("NAME:\n   oktareset  - " + about + "\n\nEXAMPLES:\n" + appExamples + "\nUSAGE:\n   oktareset COMMAND [flags] [FILE]\n\nCOMMANDS:\n")
	for _, c := range commands {
		if !c.Hidden {
			fmt.Fprintf(&b, "   %-12s%s\n", c.Name, c.Usage)
		}
	}
	b.WriteString("\n   oktareset COMMAND --help lists the flags of a command.\n   oktareset help TOPIC explains a topic; oktareset help lists them.\n\n" +
		strings.Replace(ExitCodes, "EXIT CODES:", "EXIT CODES OF RESET (the help of the others has theirs):", 1))
	return b.String()
}

// helpOf returns what --help shows about a command, or about a verb among the words that follow it.
func helpOf(c *cli.Command, words []string) string {
	if c.Name == "factors" {
		for _, word := range words {
			if v, ok := desk.FindVerb(word); ok {
				return verbHelp(c, v)
			}
		}
	}
	return commandHelp(c)
}

// commandHelp returns what COMMAND --help shows. A command's UsageText is the table of its exit codes.
func commandHelp(c *cli.Command) string {
	var b strings.Builder
	name := "oktareset " + c.Name
	fmt.Fprintf(&b, "NAME:\n   %s  - %s\n\nEXAMPLES:\n%s\n", name, c.Usage, c.Description)
	fmt.Fprintf(&b, "USAGE:\n   %s\n", strings.TrimSpace(name+" [flags] "+c.ArgsUsage))
	b.WriteString(flagHelp(c.Flags) + "\n" + c.UsageText)
	return b.String()
}

// set wraps a help text for the terminal that shows it. Without a terminal the text stays as it is.
func (a *app) set(text string) string {
	if !a.TerminalOut {
		return text
	}
	return console.Wrap(text, a.Columns())
}

// cli builds a new command line each time, because urfave/cli keeps state in flags.
func (a *app) cli() *cli.App {
	commands := []*cli.Command{
		a.resetCommand(), a.usersCommand(), a.factorsCommand(), a.auditCommand(), a.afterCommand(), a.notifyCommand(), a.reportCommand(), a.watchCommand(), a.whoamiCommand(),
		a.sandboxCommand(), a.completionCommand(), a.helpCommand(), a.manCommand(), a.versionCommand(), a.completeCommand(),
	}
	for _, c := range commands {
		c.OnUsageError = usageError // the App's isn't inherited
		c.CustomHelpTemplate = a.set(helpOf(c, a.Args[min(2, len(a.Args)):]))
		c.HideHelpCommand = true
	}
	return &cli.App{
		Name: "oktareset", Usage: "reset the MFA factors of many Okta users", Version: a.Build(),
		Commands: commands, CustomAppHelpTemplate: a.set(appHelp(commands)), HideHelpCommand: true,
		Flags:                     []cli.Flag{cli.HelpFlag}, // urfave/cli doesn't add it beside a help command of our own
		DisableSliceFlagSeparator: true,                     // a login may contain a comma
		Reader:                    a.Stdin, Writer: a.Stdout, ErrWriter: a.Stderr,
		ExitErrHandler: func(*cli.Context, error) {}, // it would end the process
		OnUsageError:   usageError,
		Action: func(c *cli.Context) error {
			if c.NArg() > 0 {
				return unknownCommand(c.Args().First())
			}
			return cli.ShowAppHelp(c)
		},
	}
}

// action returns the action of a command: parse reads its flags, run does the work. The console is
// set up first, as the flags ask.
func action[O any](a *app, parse func(*cli.Context) (O, error), run func(context.Context, *access.Env, O) error) cli.ActionFunc {
	return func(c *cli.Context) error {
		told, err := parseConsole(c)
		if err != nil {
			return err
		}
		o, err := parse(c)
		if err != nil {
			return err
		}
		a.Console = console.New(a.Console.Screen, told)
		a.Stdin = files.Interruptible(c.Context, a.Stdin) // a signal ends the wait for its writer
		return run(c.Context, a.Env, o)
	}
}
