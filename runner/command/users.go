package command

import (
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"oktareset/runner/export"
	"oktareset/runner/fault"
	"oktareset/runner/steps"
)

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
   5    an outage or a rate limit that lasted
   6    broke off in the middle; no file is left, and what stdout got ends in a line that no CSV reader takes
   129, 130, 143    SIGHUP, SIGINT, SIGTERM: the same
`

func (a *app) usersCommand() *cli.Command {
	return &cli.Command{
		Name: "users", Usage: "export users to a CSV that reset takes as it is", Description: usersExamples,
		UsageText: usersExitCodes,
		Flags:     usersFlags(),
		Action:    action(a, parseUsers, export.Run),
	}
}

func usersFlags() []cli.Flag {
	const who, factors, pace, output, org = "WHO", "WHO, BY FACTORS (one call for each user, counted together with resets)", "PACE", "OUTPUT", "ORG"
	flags := []cli.Flag{
		&cli.StringFlag{Name: "search", Category: who, Usage: "an expression `EXPR` of Okta's search, over any attribute; it may miss what changed a moment ago"},
		&cli.StringFlag{Name: "filter", Category: who, Usage: "an expression `EXPR` over status, lastUpdated, id, login, email and names, without that lag"},
		&cli.StringFlag{Name: "status", Category: who, Usage: "only users of `STATUS` or STATUS,STATUS; also with --search, --filter or --group"},
		&cli.StringFlag{Name: "group", Category: who, Usage: "the members of the group `GROUP`, an ID or a name"},

		&cli.StringSliceFlag{Name: "has-factor", Category: factors, Usage: "only who has a factor `TYPE` or TYPE:PROVIDER, as sms or token:software:totp:GOOGLE; repeated: one of them"},
		&cli.BoolFlag{Name: "no-factors", Category: factors, Usage: "only who has none; on Identity Engine, email enrolls itself and doesn't count"},
	}
	flags = append(flags, paceFlags(pace)...)
	flags = append(flags,
		&cli.StringFlag{Name: "columns", Category: output, Value: export.DefaultColumns, Usage: "attributes `NAME,NAME`, those of the profile by their variable names; userId always comes first"},
		&cli.StringFlag{Name: "output", Aliases: []string{"o"}, Category: output, Usage: "write to `FILE`, which appears once it is whole (default: stdout)"},
	)
	flags = append(flags, consoleFlags()...)
	return append(flags, orgFlags("use a stand-in org inside this program")...)
}

// parseUsers is the only reader of users' flags.
func parseUsers(c *cli.Context) (export.Options, error) {
	o := export.Options{
		Search: c.String("search"), Filter: c.String("filter"), Group: c.String("group"),
		NoFactors: c.Bool("no-factors"),
		Output:    c.String("output"),
	}
	var err error
	if o.Org, o.Sandbox, err = parseOrg(c); err != nil {
		return o, err
	}
	if err := noArgument(c); err != nil {
		return o, err
	}
	// A variable of a script that isn't set must not become an export of everybody.
	for _, name := range []string{"search", "filter", "status", "group", "has-factor", "columns"} {
		if c.IsSet(name) && (strings.TrimSpace(c.String(name)) == "" || slices.Contains(c.StringSlice(name), "")) {
			return o, fault.Usage("leave it out to mean everybody", "--%s is empty", name)
		}
	}
	if o.Statuses, err = parseStatuses(c.String("status")); err != nil {
		return o, err
	}
	if o.HasFactor, err = steps.ParseFactorTypes("has-factor", c.StringSlice("has-factor")); err != nil {
		return o, err
	}
	if o.Columns, err = export.ParseColumns(c.String("columns")); err != nil {
		return o, err
	}
	if o.Pace, err = parsePace(c); err != nil {
		return o, err
	}
	return o, checkUsers(&o, c)
}

// checkUsers refuses values that make no sense, alone or together.
func checkUsers(o *export.Options, c *cli.Context) error {
	switch {
	case o.Search != "" && o.Filter != "":
		return fault.Usage("put both into --search, which knows all that --filter knows", "--search and --filter exclude each other: Okta takes one of them")
	case o.Group != "" && (o.Search != "" || o.Filter != ""):
		return fault.Usage("--status goes with --group; a search goes without", "Okta lists a group's members without --search or --filter")
	case len(o.HasFactor) > 0 && o.NoFactors:
		return fault.Usage("leave out one of them", "--has-factor and --no-factors exclude each other")
	case c.IsSet("output") && (o.Output == "" || o.Output == "-"):
		return fault.Usage("as -o users.csv; for stdout, leave it out", "--output needs the name of a file")
	}
	return notAFolder(o.Output, "users.csv")
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
