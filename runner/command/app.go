package command

import (
	"cmp"
	"context"
	"strings"

	"github.com/urfave/cli/v2"

	"oktareset/runner/access"
	"oktareset/runner/console"
	"oktareset/runner/fault"
	"oktareset/runner/files"
	"oktareset/runner/job"
)

// app is one execution of the program.
type app struct {
	*access.Env
	outcome job.Outcome // of a reset
}

// blankApp is one that only knows the commands and their flags.
func blankApp() *app { return &app{Env: new(access.Env)} }

// about is what the program does, in a line.
const about = "reset the MFA factors of many Okta users from a CSV, with one certain result for every row"

const appExamples = `   oktareset reset --sandbox users.csv                        rehearse against a stand-in org on this machine
   oktareset reset --dry-run users.csv                        say what would happen; change nothing
   oktareset reset users.csv                                  do it, after asking
   oktareset reset users.csv --confirm acme.okta.com:1234     do it, unattended: this org, exactly this many users
   oktareset users -o users.csv                               export users to a CSV that reset takes as it is
   oktareset factors list alice@example.com                   one user's factors: see, verify, enroll, unenroll
   oktareset audit users.results.csv                          hold the results against Okta's System Log
   oktareset report users.results.csv                         make a page of what was done, or of a plan, for the ticket
   oktareset whoami                                           which org, account, permissions and limits; where each setting came from
   oktareset sandbox                                          serve the stand-in org, to try other tools against
`

const appHelp = `NAME:
   oktareset - ` + about + `

EXAMPLES:
` + appExamples + `
USAGE:
   oktareset COMMAND [flags] [FILE]

COMMANDS:{{range .VisibleCommands}}
   {{printf "%-12s" .Name}}{{.Usage}}{{end}}

   oktareset COMMAND --help tells the flags of a command.

` + ExitCodes

const commandHelp = `NAME:
   {{.HelpName}} - {{.Usage}}

EXAMPLES:
{{.Description}}
USAGE:
   {{.HelpName}} [flags]{{if .ArgsUsage}} {{.ArgsUsage}}{{end}}
`

// cli builds the command line anew: urfave/cli keeps state in flags.
func (a *app) cli() *cli.App {
	usage := func(c *cli.Context, err error, _ bool) error {
		name := ""
		if c.Command != nil && c.Command.Name != "" && c.Command.Name != "oktareset" {
			name = c.Command.Name + " "
		}
		hint := "see oktareset " + name + "--help"
		if strings.HasSuffix(err.Error(), ": -token") && name != "sandbox " {
			hint = "no flag takes a secret: set OKTA_CLIENT_TOKEN, or --token-file to a file that holds the token"
		}
		return fault.Usage(hint, "%s", oneLine(err.Error()))
	}
	commands := []*cli.Command{
		a.resetCommand(), a.usersCommand(), a.factorsCommand(), a.auditCommand(), a.reportCommand(), a.watchCommand(), a.whoamiCommand(),
		a.sandboxCommand(), a.completionCommand(), a.manCommand(), a.completeCommand(),
	}
	for _, c := range commands {
		c.OnUsageError = usage // the App's isn't inherited
		c.CustomHelpTemplate = commandHelp + flagHelp(c.Flags) + "\n" + cmp.Or(c.CustomHelpTemplate, ExitCodes)
		c.HideHelpCommand = true
	}
	return &cli.App{
		Name: "oktareset", Usage: "reset the MFA factors of many Okta users", Version: a.Build(),
		Commands: commands, CustomAppHelpTemplate: appHelp, HideHelpCommand: true,
		DisableSliceFlagSeparator: true, // a comma may stand in a login
		Reader:                    a.Stdin, Writer: a.Stdout, ErrWriter: a.Stderr,
		ExitErrHandler: func(*cli.Context, error) {}, // it would end the process
		OnUsageError:   usage,
		Action: func(c *cli.Context) error {
			if c.NArg() > 0 {
				return fault.Usage("see oktareset --help", "unknown command %q", c.Args().First())
			}
			return cli.ShowAppHelp(c)
		},
	}
}

// run wraps a command's work: afterwards the console is as the flags asked.
func (a *app) run(o console.Options, work func(context.Context) error) cli.ActionFunc {
	return func(c *cli.Context) error {
		a.Console = console.New(a.Console.Screen, o)
		a.Stdin = files.Interruptible(c.Context, a.Stdin) // a signal ends the wait for its writer
		return work(c.Context)
	}
}
