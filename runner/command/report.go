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

	"oktareset/runner/access"
	"oktareset/runner/console"
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
   2    no page: usage, a file that can't be read whole or has no manifest, or a page that can't be written
   129, 130, 143    SIGHUP, SIGINT, SIGTERM: no page
`

type reportOptions struct {
	results string
	output  string // "-": stdout
	console console.Options
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
			return a.run(o.console, func(ctx context.Context) error { return makePage(ctx, a.Env, o) })(c)
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
		return o, fault.Usage("oktareset report users.results.csv, or users.plan.csv", "of what? the results or the plan are missing")
	case o.results == "-":
		return o, fault.Usage("name the file: its manifest is looked for beside it", "report doesn't read stdin")
	case c.IsSet("output") && o.output == "":
		return o, fault.Usage("as -o page.html", "--output needs the name of a file")
	case o.output == "":
		o.output = strings.TrimSuffix(results.ManifestPath(o.results), ".json") + ".html"
	}
	return o, nil
}

// makePage carries out the report command.
func makePage(ctx context.Context, e *access.Env, o reportOptions) error {
	m, err := readManifest(o.results)
	if err != nil {
		return err
	}
	f, err := openResults(o.results, m.Finished)
	if err != nil {
		return refusedReport(err)
	}
	s := subject(&m, f)
	s.Version = e.Version
	var sum report.Summary
	err = writePage(e.Stdout, o.output, func(w io.Writer) error {
		sum, err = report.Write(w, s, f.lines(ctx))
		return err
	})
	if err != nil {
		return refusedReport(err)
	}
	if o.output != "-" {
		e.Console.Info("page: %s (%s, %s)", o.output, console.Plural(sum.Rows, "row"), needText(sum.Open))
	}
	return tellCondition(e.Console, o, s.Condition)
}

func needText(n int) string {
	if n == 1 {
		return "1 needs a person"
	}
	return fmt.Sprintf("%d need a person", n)
}

// tellCondition says what the page says at its top.
func tellCondition(out *console.Console, o reportOptions, c report.Condition) error {
	switch c {
	case report.Changed:
		return fault.New(fault.ExitRows, "put back the file that the run wrote, and make the page again",
			"%q isn't as the run left it: its SHA-256 isn't the manifest's; the page says so at its top", o.results)
	case report.Unfinished:
		out.Warn("%q isn't finished: a run is still writing it, or has broken off; the page says so at its top", o.results)
	case report.Intact:
	}
	return nil
}

func readManifest(path string) (results.Manifest, error) {
	if _, err := os.Stat(path); err != nil {
		return results.Manifest{}, fault.Refused(fmt.Errorf("read the results: %w", err))
	}
	m, err := results.ReadManifest(path)
	if errors.Is(err, fs.ErrNotExist) {
		return m, fault.Usage("give the .csv that reset wrote, with its .json beside it",
			"%q has no manifest %q, which says of which org it is, by whom and by whose leave", path, results.ManifestPath(path))
	}
	return m, refusedReport(err)
}

// refusedReport is an error that kept the page from being made. The ledger's own hints are about going on with a run.
func refusedReport(err error) error {
	if damage, ok := errors.AsType[*results.DamageError](err); ok {
		err = fault.WithHint(damage, "put back the results and the manifest as the run left them")
	}
	if err == nil {
		return nil
	}
	return fault.Refused(err)
}

// subject says what the page is about, as the manifest has it.
func subject(m *results.Manifest, f *resultsFile) report.Subject {
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
