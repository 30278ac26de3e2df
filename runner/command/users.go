package command

import (
	"context"
	"slices"
	"strings"
	"time"

	"oktareset/oktaclient"
	"oktareset/runner/access"
	"oktareset/runner/console"
	"oktareset/runner/fault"
	"oktareset/runner/progress"

	"github.com/urfave/cli/v2"
	"golang.org/x/time/rate"
)

// usersOptions is what the flags of users ask for.
type usersOptions struct {
	search, filter string
	statuses       []string // upper case
	group          string   // ID or name
	hasFactor      []string // TYPE or TYPE:PROVIDER, one of which is enough
	noFactors      bool
	columns        []column // besides the ID, which always comes first
	rate           rate.Limit
	capacity       int
	timeout        time.Duration
	output         string // "": stdout
	progress       progress.Mode
	sandbox        bool
	org            access.Flags
	console        console.Options
}

const usersExamples = `   oktareset users -o users.csv                                     all users but the deactivated ones
   oktareset users --sandbox                                        see what it looks like, without an org
   oktareset users --group Contractors -o users.csv                 the members of a group, by its name or ID
   oktareset users --status ACTIVE,LOCKED_OUT -o users.csv          by status
   oktareset users --search 'profile.department eq "Sales"'         by any attribute, in Okta's search language
   oktareset users --columns login,email,manager,department         other attributes than the usual ones
   oktareset users --has-factor sms --has-factor call -o sms.csv    who has one of these factors
   oktareset users --no-factors -o without.csv                      who has none
`

// usersExitCodes ends the help of users.
const usersExitCodes = `EXIT CODES:
   0    the export is whole
   2    usage, configuration or output, or a search that Okta doesn't understand: nothing was exported
   4    Okta refused the credentials or the permission
   5    an outage that lasted
   6    broke off in the middle; no file is left, and what stdout got ends in a line that no CSV reader takes
   129, 130, 143    SIGHUP, SIGINT, SIGTERM: the same
`

func (a *app) usersCommand() *cli.Command {
	return &cli.Command{
		Name: "users", Usage: "export users to a CSV that reset takes as it is", Description: usersExamples,
		CustomHelpTemplate: usersExitCodes,
		Flags:              usersFlags(),
		Action: func(c *cli.Context) error {
			o, err := parseUsers(c)
			if err != nil {
				return err
			}
			return a.run(o.console, func(ctx context.Context) error { return exportUsers(ctx, a.Env, o) })(c)
		},
	}
}

func usersFlags() []cli.Flag {
	const who, factors, pace, output, org = "WHO", "WHO, BY FACTORS (a call a user, counted together with resets)", "PACE", "OUTPUT", "ORG"
	flags := []cli.Flag{
		&cli.StringFlag{Name: "search", Category: who, Usage: "an expression `EXPR` of Okta's search, over any attribute; it may miss what changed a moment ago"},
		&cli.StringFlag{Name: "filter", Category: who, Usage: "an expression `EXPR` over status, lastUpdated, id, login, email and names, without that lag"},
		&cli.StringFlag{Name: "status", Category: who, Usage: "only users of `STATUS` or STATUS,STATUS; also with --search, --filter or --group"},
		&cli.StringFlag{Name: "group", Category: who, Usage: "the members of the group `GROUP`, an ID or a name"},

		&cli.StringSliceFlag{Name: "has-factor", Category: factors, Usage: "only who has a factor `TYPE` or TYPE:PROVIDER, as sms or token:software:totp:GOOGLE; repeated: one of them"},
		&cli.BoolFlag{Name: "no-factors", Category: factors, Usage: "only who has none; on Identity Engine, email enrolls itself and doesn't count"},

		&cli.StringFlag{Name: "rate", Category: pace, Usage: "at most `N/s` or N/m requests in each of Okta's buckets (default: what the org allows)"},
		&cli.IntFlag{Name: "max-api-capacity", Category: pace, Value: oktaclient.DefaultCapacity, Usage: "leave the rest of each limit to others: use `PCT` percent"},
		&cli.DurationFlag{Name: "timeout", Category: pace, Value: oktaclient.DefaultTimeout, Usage: "wait `D` for the answer to a request"},

		&cli.StringFlag{Name: "columns", Category: output, Value: defaultColumns, Usage: "attributes `NAME,NAME`, those of the profile by their variable names; userId always comes first"},
		&cli.StringFlag{Name: "output", Aliases: []string{"o"}, Category: output, Usage: "write to `FILE`, which appears once it is whole (default: stdout)"},
		&cli.StringFlag{Name: "progress", Category: output, Value: string(progress.Auto), Usage: "`MODE`: auto (a bar on a terminal, else lines), plain or none"},
	}
	flags = append(flags, consoleFlags()...)
	return append(flags,
		&cli.StringFlag{Name: "org-url", Category: org, Usage: "`URL` of the org (default: OKTA_CLIENT_ORGURL, .okta.yaml)"},
		&cli.StringFlag{Name: "token-file", Category: org, Usage: "`FILE` that holds the API token (default: OKTA_CLIENT_TOKEN, .okta.yaml)"},
		&cli.BoolFlag{Name: "sandbox", Category: org, Usage: "use a stand-in org inside this program"},
	)
}

// parseUsers is the only reader of users' flags.
func parseUsers(c *cli.Context) (usersOptions, error) {
	o := usersOptions{
		search: c.String("search"), filter: c.String("filter"), group: c.String("group"),
		hasFactor: c.StringSlice("has-factor"), noFactors: c.Bool("no-factors"),
		capacity: c.Int("max-api-capacity"), timeout: c.Duration("timeout"),
		output: c.String("output"), sandbox: c.Bool("sandbox"), org: access.Flags{URL: c.String("org-url"), TokenFile: c.String("token-file")},
	}
	var err error
	if o.console, err = parseConsole(c); err != nil {
		return o, err
	}
	if arg, err := oneArgument(c); err != nil || arg != "" {
		return o, fault.Usage("see oktareset users --help", "users takes no argument, not %q", c.Args().First())
	}
	// A variable of a script that isn't set must not become an export of everybody.
	for _, name := range []string{"search", "filter", "status", "group", "has-factor", "columns"} {
		if c.IsSet(name) && (strings.TrimSpace(c.String(name)) == "" || slices.Contains(c.StringSlice(name), "")) {
			return o, fault.Usage("leave it out to mean everybody", "--%s is empty", name)
		}
	}
	if o.statuses, err = parseStatuses(c.String("status")); err != nil {
		return o, err
	}
	if o.columns, err = parseColumns(c.String("columns")); err != nil {
		return o, err
	}
	if o.rate, err = parseRate(c.String("rate")); err != nil {
		return o, err
	}
	if o.progress, err = progress.ParseMode(c.String("progress")); err != nil {
		return o, fault.Usage("auto, plain or none", "--%w", err)
	}
	if o.console.Quiet {
		o.progress = progress.None
	}
	return o, o.check(c)
}

// check refuses values that make no sense, alone or together.
func (o *usersOptions) check(c *cli.Context) error {
	switch {
	case o.search != "" && o.filter != "":
		return fault.Usage("put both into --search, which knows all that --filter knows", "--search and --filter exclude each other: Okta takes one of them")
	case o.group != "" && (o.search != "" || o.filter != ""):
		return fault.Usage("--status goes with --group; a search goes without", "Okta lists a group's members without --search or --filter")
	case len(o.hasFactor) > 0 && o.noFactors:
		return fault.Usage("leave out one of them", "--has-factor and --no-factors exclude each other")
	case c.IsSet("output") && (o.output == "" || o.output == "-"):
		return fault.Usage("as -o users.csv; for stdout, leave it out", "--output needs the name of a file")
	case o.capacity < 1 || o.capacity > 100:
		return fault.Usage("1 to 100", "--max-api-capacity %d", o.capacity)
	case o.timeout < time.Second:
		return fault.Usage("at least 1s", "--timeout %s", o.timeout)
	case o.sandbox && (o.org.URL != "" || o.org.TokenFile != ""):
		return fault.Usage("leave out one of them", "--sandbox takes no --org-url and no --token-file")
	}
	return nil
}

// userStatuses are those that Okta documents.
var userStatuses = []string{
	"ACTIVE", "DEPROVISIONED", "LOCKED_OUT", "PASSWORD_EXPIRED", "PROVISIONED", "RECOVERY", "STAGED", "SUSPENDED",
}

// parseStatuses reads STATUS[,STATUS]. A misspelt one would find nobody, and look like an answer.
func parseStatuses(s string) ([]string, error) {
	if s == "" {
		return nil, nil
	}
	statuses := strings.Split(strings.ToUpper(strings.ReplaceAll(s, " ", "")), ",")
	for _, status := range statuses {
		if !slices.Contains(userStatuses, status) {
			return nil, fault.Usage("they are "+strings.Join(userStatuses, ", "), "--status %q is no status of Okta's", status)
		}
	}
	return statuses, nil
}
