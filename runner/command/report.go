package command

import (
	"slices"
	"strings"

	"oktareset/runner/fault"
	"oktareset/runner/report"
	"oktareset/runner/results"

	"github.com/urfave/cli/v2"
)

const reportExamples = `   oktareset report users.plan.csv                      what a dry run found, for whoever approves it: users.plan.html
   oktareset report users.results.csv                   what was done, for the change ticket: users.results.html
   oktareset report users.results.csv -o CHG-7.html     under another name
   oktareset report users.results.csv -o - | mail …     to stdout
`

// reportExitCodes ends the help of report.
const reportExitCodes = `EXIT CODES:
   0    the page is made
   1    the page is made, and says at its top that the file isn't as the run left it
   2    no page: usage, a run that isn't finished, a file that can't be read whole or has no manifest, or a page that can't be written
   129, 130, 143    SIGHUP, SIGINT, SIGTERM: no page
`

func (a *app) reportCommand() *cli.Command {
	const output = "OUTPUT"
	flags := []cli.Flag{
		&cli.StringFlag{Name: "output", Aliases: []string{"o"}, Category: output, Usage: "write the page to `FILE`, or to stdout with - (default: users.results.html beside users.results.csv)"},
	}
	noRequests := slices.DeleteFunc(consoleFlags(), func(f cli.Flag) bool { return f.Names()[0] == "verbose" })
	return &cli.Command{
		Name: "report", Usage: "make one HTML page of a plan or a result", ArgsUsage: "RESULTS|PLAN", Description: reportExamples,
		UsageText: reportExitCodes,
		Flags:     append(flags, noRequests...),
		Action:    action(a, parseReport, report.Make),
	}
}

// parseReport is the only reader of report's flags.
func parseReport(c *cli.Context) (o report.Options, err error) {
	if o.Results, err = oneArgument(c); err != nil {
		return o, err
	}
	o.Output = c.String("output")
	switch {
	case o.Results == "":
		return o, fault.Usage("name users.plan.csv or the results, as in: oktareset report users.results.csv", "of what? the results or the plan are missing")
	case o.Results == "-":
		return o, fault.Usage("name the file: its manifest is looked for beside it", "report doesn't read stdin")
	case c.IsSet("output") && o.Output == "":
		return o, fault.Usage("as -o page.html", "--output needs the name of a file")
	case o.Output == "":
		o.Output = strings.TrimSuffix(results.ManifestPath(o.Results), ".json") + ".html"
	}
	if err := notAManifest("report", o.Results); err != nil {
		return o, err
	}
	return o, notAFolder(o.Output, "users.results.html")
}
