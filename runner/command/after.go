package command

import (
	"time"

	"github.com/urfave/cli/v2"

	"oktareset/runner/after"
	"oktareset/runner/fault"
)

const afterExamples = `   oktareset after users.results.csv               who is back in, who isn't, whom to look at? writes users.after.csv
   oktareset after --wait 8h users.results.csv     and follow until all are back, for 8 hours at most
   oktareset after --json users.results.csv        for a job: the numbers on stdout

   It changes nothing in the org. It needs okta.logs.read, or an admin role that may read the System Log,
   and okta.users.read for users of whom the log can't tell.
`

const afterExitCodes = `EXIT CODES:
   0    everybody is back, and nobody is to be looked at
   1    somebody isn't back or is to be looked at, or the log couldn't say who enrolled: see users.after.csv
   2    usage, configuration, input or output; results that aren't as their run left them
   4    Okta refused the credentials, or to show what is asked for
   5    an outage or a rate limit that lasted: nothing was written
   6    broke off in the middle: the log couldn't be read, or the file can't be written
   129, 130, 143    SIGHUP, SIGINT, SIGTERM: the file is that of the last look, if there was one
`

// longestWait is the longest time that somebody waits without looking.
const longestWait = 14 * 24 * time.Hour

func (a *app) afterCommand() *cli.Command {
	const what, output = "WHAT", "OUTPUT"
	flags := []cli.Flag{
		periodFlag("wait", what, 0, "look again every minute until all are back, for up to `D`"),
		&cli.StringFlag{Name: "output", Aliases: []string{"o"}, Category: output, Usage: "write to `FILE`, in place of an earlier list (default: users.after.csv beside users.results.csv)"},
		&cli.BoolFlag{Name: "json", Category: output, Usage: "print the numbers on stdout as JSON"},
	}
	return &cli.Command{
		Name: "after", Usage: "say who is back in after a reset, who isn't, and whom to look at", ArgsUsage: "RESULTS", Description: afterExamples,
		UsageText: afterExitCodes,
		Flags:     append(append(flags, consoleFlags()...), orgFlags("")...),
		Action:    action(a, parseAfter, after.Run),
	}
}

// parseAfter reads the flags of after. Nothing else reads them.
func parseAfter(c *cli.Context) (o after.Options, err error) {
	o = after.Options{Output: c.String("output"), Wait: c.Duration("wait"), JSON: c.Bool("json")}
	if o.Org, o.Results, err = parseResults(c, "after what? the results are missing"); err != nil {
		return o, err
	}
	if o.Wait < 0 || o.Wait > longestWait {
		return o, fault.Usage("0 to 14d", "--wait %s", o.Wait)
	}
	o.Output, err = besideResults(c, o.Results, "list")
	return o, err
}
