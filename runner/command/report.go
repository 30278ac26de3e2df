package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"oktareset/runner/ledger"
	"oktareset/runner/report"
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
   2    no page: usage, a file that can't be read whole or has no manifest, or a page that can't be written
   129, 130, 143    SIGHUP, SIGINT, SIGTERM: no page
`

type reportOptions struct {
	results string
	output  string // "-": stdout
	console consoleOptions
}

func (a *app) reportCommand() *cli.Command {
	const output = "OUTPUT"
	flags := []cli.Flag{
		&cli.StringFlag{Name: "output", Aliases: []string{"o"}, Category: output, Usage: "write the page to `FILE`, or to stdout with - (default: users.results.html beside users.results.csv)"},
	}
	noRequests := slices.DeleteFunc(consoleFlags(), func(f cli.Flag) bool { return f.Names()[0] == "verbose" })
	return &cli.Command{
		Name: "report", Usage: "make one HTML page of a plan or a result", ArgsUsage: "RESULTS|PLAN", Description: reportExamples,
		CustomHelpTemplate: reportExitCodes,
		Flags:              append(flags, noRequests...),
		Action: func(c *cli.Context) error {
			o, err := parseReport(c)
			if err != nil {
				return err
			}
			return a.run(o.console, func(ctx context.Context) error { return a.report(ctx, o) })(c)
		},
	}
}

// parseReport is the only reader of report's flags.
func parseReport(c *cli.Context) (o reportOptions, err error) {
	if o.console, err = parseConsole(c); err != nil {
		return o, err
	}
	if o.results, err = oneArgument(c); err != nil {
		return o, err
	}
	o.output = c.String("output")
	switch {
	case o.results == "":
		return o, usageError("oktareset report users.results.csv, or users.plan.csv", "of what? the results or the plan are missing")
	case o.results == "-":
		return o, usageError("name the file: its manifest is looked for beside it", "report doesn't read stdin")
	case c.IsSet("output") && o.output == "":
		return o, usageError("as -o page.html", "--output needs the name of a file")
	case o.output == "":
		o.output = strings.TrimSuffix(ledger.ManifestPath(o.results), ".json") + ".html"
	}
	return o, nil
}

// report makes the page.
func (a *app) report(ctx context.Context, o reportOptions) error {
	m, err := readManifest(o.results)
	if err != nil {
		return err
	}
	f, err := openResults(o.results, m.Finished)
	if err != nil {
		return refusedReport(err)
	}
	s := subject(&m, f)
	s.Version = a.Version
	var sum report.Summary
	err = writePage(a.Stdout, o.output, func(w io.Writer) error {
		sum, err = report.Write(w, s, f.lines(ctx))
		return err
	})
	if err != nil {
		return refusedReport(err)
	}
	if o.output != "-" {
		a.console.info("page: %s (%s, %s)", o.output, plural(sum.Rows, "row"), needText(sum.Open))
	}
	return a.tellCondition(o, s.Condition)
}

func needText(n int) string {
	if n == 1 {
		return "1 needs a person"
	}
	return fmt.Sprintf("%d need a person", n)
}

// tellCondition says what the page says at its top.
func (a *app) tellCondition(o reportOptions, c report.Condition) error {
	switch c {
	case report.Changed:
		return coded{code: exitRows, error: hinted{
			fmt.Errorf("%q isn't as the run left it: its SHA-256 isn't the manifest's; the page says so at its top", o.results),
			"put back the file that the run wrote, and make the page again",
		}}
	case report.Unfinished:
		a.console.warn("%q isn't finished: a run is still writing it, or has broken off; the page says so at its top", o.results)
	case report.Intact:
	}
	return nil
}

func readManifest(results string) (ledger.Manifest, error) {
	if _, err := os.Stat(results); err != nil {
		return ledger.Manifest{}, refused(fmt.Errorf("read the results: %w", err))
	}
	m, err := ledger.ReadManifest(results)
	if errors.Is(err, fs.ErrNotExist) {
		return m, usageError("give the .csv that reset wrote, with its .json beside it",
			"%q has no manifest %q, which says of which org it is, by whom and by whose leave", results, ledger.ManifestPath(results))
	}
	return m, refusedReport(err)
}

// refusedReport is an error that kept the page from being made. The ledger's own hints are about going on with a run.
func refusedReport(err error) error {
	if damage, ok := errors.AsType[*ledger.DamageError](err); ok {
		err = hinted{damage, "put back the results and the manifest as the run left them"}
	}
	if err == nil {
		return nil
	}
	return refused(err)
}

// subject says what the page is about, as the manifest has it.
func subject(m *ledger.Manifest, f *resultsFile) report.Subject {
	s := report.Subject{
		File: filepath.Base(f.path), SHA256: f.sha256, Condition: report.Unfinished,
		Plan: m.DryRun, Sandbox: m.Sandbox, Org: m.Org, Engine: m.Engine, Account: report.Account(m.Actor), Ticket: m.Ticket,
		Steps: m.Steps, Planned: m.Planned, Input: report.Input(m.Input), Consent: report.Consent(m.Consent),
	}
	if m.Finished {
		s.Condition, s.Counted = report.Changed, m.Counts
		if m.Result != nil {
			s.Recorded = m.Result.SHA256
		}
		if f.sha256 == s.Recorded {
			s.Condition = report.Intact
		}
	}
	if m.DryRun {
		s.Incomplete, s.Complete = notPlanned(m, f.path)
		s.Apply = planCommand(m, f.path)
	}
	for i := range m.Runs {
		r := &m.Runs[i]
		s.Runs = append(s.Runs, report.Run{
			ID: r.RunID, StartedAt: r.StartedAt, FinishedAt: r.FinishedAt, Options: r.Options, User: r.Operator.User, Host: r.Operator.Host,
			Stopped: r.Stopped, Attempts: r.Attempts, TooMany: r.TooManyRequests, SecondsHeld: r.SecondsHeld,
		})
	}
	return s
}
