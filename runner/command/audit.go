package command

import (
	"time"

	"github.com/urfave/cli/v2"

	"oktareset/runner/audit"
	"oktareset/runner/fault"
)

const auditExamples = `   oktareset audit users.results.csv                       does Okta's System Log agree with every row? writes users.audit.csv
   oktareset audit users.results.csv --tickets inc.csv     and has every reset a ticket, every ticket a reset?
   oktareset audit users.results.csv --json --wait 0       for a job: the numbers on stdout; no waiting for a log that lags

   The results aren't changed. It needs okta.logs.read, or an admin role that may read the System Log, which keeps events for 90 days.
`

const auditExitCodes = `EXIT CODES:
   0    every row is confirmed, or needs no event; every reset in the run's time is explained; tickets and resets agree
   1    something isn't: the audit says what
   2    usage, configuration, input or output; results that can't be evidence
   4    Okta refused the credentials, or to show its System Log
   5    an outage or a rate limit that lasted: nothing was written
   6    the System Log couldn't be read: nothing was written
   129, 130, 143    SIGHUP, SIGINT, SIGTERM: nothing was written
`

// defaultWait is how long the System Log is waited for: Okta promises nothing, seconds are usual.
const defaultWait = 2 * time.Minute

func (a *app) auditCommand() *cli.Command {
	const what, output = "WHAT", "OUTPUT"
	flags := []cli.Flag{
		&cli.StringFlag{Name: "tickets", Category: what, Usage: "compare the resets with `FILE`, a service desk's CSV of tickets and of users by ID or login"},
		&cli.StringFlag{Name: "ticket-column", Category: what, Usage: "`NAME` of the column of --tickets that holds the tickets (default: found by its name)"},
		&cli.StringFlag{Name: "ticket-user-column", Category: what, Usage: "`NAME` of the column of --tickets that holds user IDs or logins (default: found by its name)"},
		periodFlag("wait", what, defaultWait, "wait up to `D` for events that are missing: the log lags"),
		&cli.StringFlag{Name: "output", Aliases: []string{"o"}, Category: output, Usage: "write the audit to `FILE`, in place of an earlier one (default: users.audit.csv beside users.results.csv)"},
		&cli.BoolFlag{Name: "json", Category: output, Usage: "print the numbers on stdout as JSON"},
	}
	return &cli.Command{
		Name: "audit", Usage: "compare a results file with the org's System Log", ArgsUsage: "RESULTS", Description: auditExamples,
		UsageText: auditExitCodes,
		Flags:     append(append(flags, consoleFlags()...), orgFlags("")...),
		Action:    action(a, parseAudit, audit.Run),
	}
}

// parseAudit is the only reader of audit's flags.
func parseAudit(c *cli.Context) (o audit.Options, err error) {
	o = audit.Options{
		Output: c.String("output"), Wait: c.Duration("wait"), JSON: c.Bool("json"),
		Tickets: audit.TicketOptions{File: c.String("tickets"), Column: c.String("ticket-column"), UserColumn: c.String("ticket-user-column")},
	}
	if o.Org, o.Results, err = parseResults(c, "of what? the results are missing"); err != nil {
		return o, err
	}
	switch {
	case c.IsSet("tickets") && (o.Tickets.File == "" || o.Tickets.File == "-"):
		return o, fault.Usage("as --tickets incidents.csv", "--tickets needs the name of a file")
	case o.Tickets.File == "" && o.Tickets != audit.TicketOptions{}:
		return o, fault.Usage("as --tickets incidents.csv --ticket-user-column Caller", "--ticket-column and --ticket-user-column name columns of the --tickets file, and there is no --tickets")
	case o.Wait < 0 || o.Wait > time.Hour:
		return o, fault.Usage("0 to 1h", "--wait %s", o.Wait)
	}
	o.Output, err = besideResults(c, o.Results, "audit")
	return o, err
}
