package command

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/urfave/cli/v2"

	"oktareset/oktaclient"
	"oktareset/runner"
	"oktareset/runner/access"
	"oktareset/runner/console"
	"oktareset/runner/evidence"
	"oktareset/runner/fault"
	"oktareset/runner/job"
	"oktareset/runner/protect"
	"oktareset/runner/roster"
)

const resetExamples = `   oktareset reset --sandbox users.csv                        rehearse against a stand-in org on this machine
   oktareset reset --dry-run users.csv                        look up every user, write users.plan.csv, change nothing
   oktareset reset users.csv                                  reset every user of the file, after asking
   oktareset reset users.plan.csv                             reset exactly those that an approved plan names
   oktareset reset --limit 5 users.csv                        a small trial: stop after five users
   oktareset reset users.csv --confirm acme.okta.com:1234     unattended: this org, exactly this many users
   oktareset reset users.csv --confirm acme.okta.com:1-500    unattended: this org, within these bounds
   oktareset reset --resume -o users.results.csv              continue a run that stopped or broke off
   oktareset reset --retry failed,forbidden users.csv         try the failed and the forbidden rows again
   oktareset reset --user alice@example.com --ticket INC-7    one user, without a file
   oktareset reset --user alice@example.com --verify sms      only once she has proved by sms who she is
   oktareset reset --factor sms --factor call users.csv       unenroll only these
   oktareset reset --enroll sms:OKTA --activate users.csv     reset, then enroll the number in the file's column phoneNumber
`

func (a *app) resetCommand() *cli.Command {
	return &cli.Command{
		Name: "reset", Usage: "reset the MFA factors of every user of a CSV", ArgsUsage: "FILE|-", Description: resetExamples, UsageText: ExitCodes,
		Flags: resetFlags(),
		Action: action(a, parseReset, func(ctx context.Context, e *access.Env, o job.Options) (err error) {
			a.outcome, err = job.Run(ctx, e, o)
			return err
		}),
	}
}

func resetFlags() []cli.Flag {
	const input, what, protect, consent, resume = "INPUT", "WHAT", "PROTECT", "CONSENT", "RESUME"
	const pace, stop, output, org = "PACE", "STOP RULES", "OUTPUT", "ORG"
	flags := []cli.Flag{
		&cli.StringFlag{Name: "column", Category: input, Usage: "`NAME` of the column that holds user IDs or logins (default: found by its name)"},
		&cli.StringFlag{Name: "delimiter", Category: input, Usage: "`C` between cells: a character, or tab (default: found in the header)"},
		&cli.BoolFlag{Name: "no-header", Category: input, Usage: "the first line is a user already"},
		&cli.StringSliceFlag{Name: "user", Category: input, Usage: "`ID_OR_LOGIN` in place of FILE; may be repeated"},
		&cli.BoolFlag{Name: "allow-empty", Category: input, Usage: "a FILE that names nobody is fine: write empty results, and exit with 0"},
	}
	flags = append(flags, whatFlags(what)...)
	flags = append(flags,
		&cli.StringSliceFlag{Name: "exclude", Category: protect, Usage: "leave the users of `FILE` alone, whatever the input says; may be repeated"},
		&cli.StringFlag{Name: "exclude-column", Category: protect, Usage: "`NAME` of the column of the --exclude files that names the users (default: found by its name)"},
		&cli.BoolFlag{Name: "skip-admins", Category: protect, Usage: "leave users with an admin role alone; takes one more call for each user"},
		periodFlag("skip-reset-since", protect, 0, "leave users alone who were reset in the last `D`, as 24h or 2d, by other runs or people, and have enrolled nothing since"),

		&cli.StringFlag{Name: "confirm", Category: consent, Usage: "go ahead unasked in this org, for this number of users: `HOST:COUNT` or HOST:MIN-MAX; with --resume, at most so many"},

		&cli.BoolFlag{Name: "resume", Category: resume, Usage: "continue results that exist, with or without FILE; begin if there are none"},
		&cli.StringFlag{Name: "retry", Category: resume, Usage: "resume, and try rows with `STATUS[,STATUS]` again: failed, forbidden, not_found, invalid, unknown"},

		&cli.IntFlag{Name: "workers", Category: pace, Value: oktaclient.DefaultMaxInFlight, Usage: "at most `N` requests at the same time"},
	)
	flags = append(flags, paceFlags(pace)...)
	flags = append(flags,
		&cli.IntFlag{Name: "limit", Category: stop, Usage: "stop after `N` users; --resume goes on"},
		&cli.StringFlag{Name: "halt", Category: stop, Usage: "stop after so many failures: `fail=N`, or fail=N% of the rows finished, once 20 are"},
		periodFlag("max-duration", stop, 0, "stop after `D`, as 90m; --resume goes on"),

		&cli.StringFlag{Name: "output", Aliases: []string{"o"}, Category: output, Usage: "write results to `FILE` (default: users.results.csv or users.plan.csv beside users.csv)"},
		&cli.StringFlag{Name: "ticket", Category: output, Usage: "put `TEXT` into every row of the result"},
		&cli.BoolFlag{Name: "json", Category: output, Usage: "print the run's summary on stdout as JSON"},
	)
	flags = append(flags, consoleFlagsQuiet("write nothing but errors, and warnings of users who aren't protected")...)
	return append(flags, orgFlags("use a stand-in org inside this program: nothing real is touched")...)
}

// parseReset reads the flags of reset. Nothing else reads them.
func parseReset(c *cli.Context) (job.Options, error) {
	o := job.Options{
		Users: c.StringSlice("user"), DryRun: c.Bool("dry-run"), Record: c.Bool("record-factors"),
		Workers: c.Int("workers"), Limit: c.Int("limit"),
		MaxDuration: c.Duration("max-duration"), Resume: c.Bool("resume") || c.String("retry") != "",
		Output: c.String("output"), Ticket: c.String("ticket"), JSON: c.Bool("json"),
		Set: givenFlags(c),
	}
	o.Protect = protect.Options{Exclude: c.StringSlice("exclude"), Column: c.String("exclude-column"), SkipAdmins: c.Bool("skip-admins"), SkipRecent: c.Duration("skip-reset-since")}
	o.Input = roster.Options{Column: c.String("column"), NoHeader: c.Bool("no-header"), AllowEmpty: c.Bool("allow-empty")}
	var err error
	if o.Org, o.Sandbox, err = parseOrg(c); err != nil {
		return o, err
	}
	if o.File, err = oneArgument(c); err != nil {
		return o, err
	}
	if o.Input.Delimiter, err = roster.ParseDelimiter(c.String("delimiter")); err != nil {
		return o, err
	}
	if o.Pace, err = parsePace(c); err != nil {
		return o, err
	}
	if o.DryRun { // which says what the rate means, and needs no time for it
		o.Rate, o.PlanRate = 0, o.Rate
	}
	if o.What, err = parseWhat(c); err != nil {
		return o, err
	}
	if o.Halt, err = parseHalt(c.String("halt")); err != nil {
		return o, err
	}
	if o.Retry, err = parseRetry(c.String("retry")); err != nil {
		return o, err
	}
	if o.Confirm, err = parseConfirm(c); err != nil {
		return o, err
	}
	for _, user := range o.Users {
		if _, reason := runner.ParseIdentifier(user); reason != "" {
			return o, fault.Usage("give an ID or the whole login", "--user %q can't name a user (%s)", user, reason)
		}
	}
	return o, checkReset(&o, c)
}

// parseConfirm reads --confirm. One without a value, as from a variable that isn't set, is an error.
func parseConfirm(c *cli.Context) (console.Confirmation, error) {
	if !c.IsSet("confirm") {
		return console.Confirmation{}, nil
	}
	return console.ParseConfirm(c.String("confirm"))
}

// checkReset refuses values that make no sense, alone or together.
func checkReset(o *job.Options, c *cli.Context) error {
	switch {
	case o.File == "" && len(o.Users) == 0 && o.Resume && o.Output == "":
		return fault.Usage("as --resume -o users.results.csv", "which results? Without FILE, --resume needs --output")
	case o.File == "" && len(o.Users) == 0 && !o.Resume:
		return fault.Usage("name it, or - for stdin, or give --user alice@example.com; as in: oktareset reset users.csv", "which users? FILE is missing")
	case o.File == "-" && o.What.Verify != "":
		return fault.Usage("as --user alice@example.com --verify sms", "--verify reads the passcode from where - reads the rows")
	case o.File != "" && len(o.Users) > 0:
		return fault.Usage("put them into the file", "FILE and --user exclude each other")
	case slices.Contains(o.Protect.Exclude, ""), slices.Contains(o.Protect.Exclude, "-"):
		return fault.Usage("as --exclude vips.csv", "--exclude needs the name of a file")
	case o.Protect.Column != "" && len(o.Protect.Exclude) == 0:
		return fault.Usage("as --exclude vips.csv --exclude-column Benutzer", "--exclude-column names a column of the --exclude files, and there is no --exclude")
	case c.IsSet("output") && (o.Output == "" || o.Output == "-"):
		return fault.Usage("as -o out.csv", "--output needs the name of a file: the results must outlive the run")
	case o.Input.AllowEmpty && o.Input.NoHeader:
		return fault.Usage("let the file have a header", "--allow-empty and --no-header exclude each other: without both, a file is empty because something broke")
	case o.Workers < 1 || o.Workers > 1000:
		return fault.Usage("1 to 1000", "--workers %d", o.Workers)
	case c.IsSet("skip-reset-since") && (o.Protect.SkipRecent < time.Minute || o.Protect.SkipRecent > evidence.LogRetention):
		return fault.Usage("as --skip-reset-since 24h or 2d; Okta keeps its log for 90 days", "--skip-reset-since %s isn't a time from 1m to 90d", console.PeriodText(o.Protect.SkipRecent))
	case o.Limit < 0 || o.Limit == 0 && c.IsSet("limit"):
		return fault.Usage("at least 1", "--limit %d", o.Limit)
	case o.MaxDuration < 0 || o.MaxDuration == 0 && c.IsSet("max-duration"):
		return fault.Usage("as --max-duration 90m", "--max-duration %s", o.MaxDuration)
	case o.DryRun && o.Retry[runner.StatusUnknown]:
		return fault.Usage("--retry failed completes a plan", "a plan has no unknown rows: a dry run sends nothing that could be lost")
	case o.Resume && o.Sandbox:
		return fault.Usage("serve it by oktareset sandbox, and use OKTA_CLIENT_ORGURL and OKTA_CLIENT_TOKEN as it prints them",
			"--sandbox forgets everything when it ends: there is nothing to resume")
	case utf8.RuneCountInString(o.Ticket) > 200:
		return fault.Usage("", "--ticket is longer than 200 characters")
	}
	return notAFolder(o.Output, "users.results.csv")
}

// givenFlags returns the flags that were given, by their long name. No flag takes a secret.
func givenFlags(c *cli.Context) map[string]string {
	set := make(map[string]string)
	for _, f := range c.Command.Flags {
		name := f.Names()[0]
		if c.IsSet(name) {
			set[name] = fmt.Sprint(c.Value(name))
			switch f.(type) {
			case *cli.StringSliceFlag:
				set[name] = strings.Join(c.StringSlice(name), ", ")
			case *cli.GenericFlag:
				set[name] = console.PeriodText(c.Duration(name))
			}
		}
	}
	return set
}
