package command

import (
	"context"
	"errors"
	"fmt"
	"net"

	"oktareset/oktaclient/standin"
	"oktareset/runner/access"
	"oktareset/runner/console"
	"oktareset/runner/fault"
	"oktareset/runner/roster"

	"github.com/urfave/cli/v2"
)

const sandboxExamples = `   oktareset sandbox                                    serve an org with 500 people of its own on 127.0.0.1:8080
   oktareset sandbox --fill users.csv                   with the users of this file too
   oktareset sandbox --limit 100 --concurrency 35       as small as Okta's free orgs
   oktareset sandbox --app key.pem --dpop               sign in as a service app, with a key that is made for it
   oktareset sandbox --fault drop_after:reset_factors:p=0.01    lose the answer of every hundredth reset
`

const sandboxExitCodes = `EXIT CODES:
   0    it served until Ctrl-C or another signal
   2    usage, or the address can't be served
`

func (a *app) sandboxCommand() *cli.Command {
	const people, credentials, limits, faults, output = "PEOPLE", "CREDENTIALS", "LIMITS", "FAULTS", "OUTPUT"
	return &cli.Command{
		Name: "sandbox", Usage: "serve the stand-in org on this machine", Description: sandboxExamples, CustomHelpTemplate: sandboxExitCodes,
		Flags: append([]cli.Flag{
			&cli.IntFlag{Name: "users", Category: people, Value: 500, Usage: "`N` people of its own, of every status and with factors of every type"},
			&cli.StringFlag{Name: "fill", Category: people, Usage: "add the users of `FILE`, a CSV as reset takes it"},
			&cli.StringFlag{Name: "column", Category: people, Usage: "`NAME` of the column of --fill that holds user IDs or logins (default: found by its name)"},
			&cli.StringFlag{Name: "engine", Category: people, Value: "identity", Usage: "`ENGINE`: identity or classic"},
			periodFlag("reenroll", people, 0, "everybody enrolls a new factor `D` after a reset"),
			&cli.StringSliceFlag{Name: "stays", Category: people, Usage: "factors of this `TYPE`, as push, stay listed after a reset; may be repeated"},
			&cli.Uint64Flag{Name: "seed", Category: people, Usage: "`N` for another org: other people, other chances"},
			&cli.StringFlag{Name: "app", Category: credentials, Usage: "a service app, too, with the private key in `FILE`, which is made if there is none"},
			&cli.BoolFlag{Name: "dpop", Category: credentials, Usage: "the app has to prove that it holds its tokens, as new apps do at Okta"},
			&cli.StringSliceFlag{Name: "scope", Category: credentials, Usage: "`SCOPE` that the app is granted; may be repeated (default: those of reset)"},
			&cli.StringFlag{Name: "listen", Category: limits, Value: "127.0.0.1:8080", Usage: "`ADDRESS` of this machine's loopback; port 0 for a free one"},
			&cli.IntFlag{Name: "limit", Category: limits, Value: 600, Usage: "`N` calls a minute in the bucket of resets"},
			&cli.IntFlag{Name: "token-share", Category: limits, Value: 50, Usage: "`PCT` of each limit that the token may use"},
			&cli.IntFlag{Name: "concurrency", Category: limits, Value: 75, Usage: "`N` calls at the same time"},
			periodFlag("latency", limits, access.DemoLatency, "answer after `D`"),
			periodFlag("log-lag", limits, 0, "events can be read in the System Log `D` after they happen"),
			&cli.BoolFlag{Name: "unlimited", Category: limits, Usage: "no limits at all"},
			&cli.StringSliceFlag{Name: "fault", Category: faults, Usage: "`FAULT` as drop_after:reset_factors:p=0.01; may be repeated"},
		}, consoleFlags()...),
		Action: func(c *cli.Context) error {
			o, err := parseSandbox(c)
			if err != nil {
				return err
			}
			return a.run(o.console, func(ctx context.Context) error { return a.serveSandbox(ctx, o) })(c)
		},
	}
}

// sandboxOptions is what the flags of sandbox ask for.
type sandboxOptions struct {
	config  standin.Config
	faults  []standin.Fault
	app     string // file of its key; "": none
	dpop    bool
	scopes  []string // of the app; none: those of a reset
	fill    string
	column  string // of fill
	listen  string
	console console.Options
}

func parseSandbox(c *cli.Context) (sandboxOptions, error) {
	o := sandboxOptions{
		fill: c.String("fill"), column: c.String("column"), listen: c.String("listen"), app: c.String("app"), dpop: c.Bool("dpop"),
		scopes: c.StringSlice("scope"),
	}
	if o.column != "" && o.fill == "" {
		return o, fault.Usage("as --fill users.csv --column Benutzer", "--column names a column of the --fill file, and there is no --fill")
	}
	for flag, given := range map[string]bool{"dpop": o.dpop, "scope": len(o.scopes) > 0} {
		if given && o.app == "" {
			return o, fault.Usage("as --app key.pem", "--%s is for a service app: --app is missing", flag)
		}
	}
	o.config = standin.Config{
		Users: c.Int("users"), Seed: c.Uint64("seed"), Latency: c.Duration("latency"),
		Reenroll: c.Duration("reenroll"), Stays: c.StringSlice("stays"), LogLag: c.Duration("log-lag"),
		Limits: map[string]int{standin.BucketUsers: c.Int("limit")}, TokenShare: c.Int("token-share"),
		Concurrency: c.Int("concurrency"), Unlimited: c.Bool("unlimited"),
	}
	switch e := c.String("engine"); e {
	case "identity":
	case "classic":
		o.config.Engine = standin.Classic
	default:
		return o, fault.Usage("identity or classic", "--engine %q", e)
	}
	for _, s := range c.StringSlice("fault") {
		f, err := standin.ParseFault(s)
		if err != nil {
			return o, fault.Usage("as --fault drop_after:reset_factors:p=0.01", "%w", err)
		}
		o.faults = append(o.faults, f)
	}
	if arg, err := oneArgument(c); err != nil || arg != "" {
		return o, fault.Usage("see oktareset sandbox --help", "sandbox takes no argument, not %q", c.Args().First())
	}
	host, port, err := net.SplitHostPort(o.listen)
	if host == "localhost" { // a name server may say that it is another address
		o.listen = net.JoinHostPort("127.0.0.1", port)
	}
	if ip := net.ParseIP(host); err != nil || host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return o, fault.Usage("as 127.0.0.1:8080: its token is no secret", "--listen %q isn't a loopback address with a port", o.listen)
	}
	for name, n := range map[string]int{
		"users": o.config.Users, "limit": c.Int("limit") - 1, "token-share": o.config.TokenShare - 1, "concurrency": o.config.Concurrency - 1,
	} {
		if n < 0 || name == "token-share" && n > 99 {
			return o, fault.Usage("", "--%s %d is out of range", name, c.Int(name))
		}
	}
	o.console, err = parseConsole(c)
	return o, err
}

// serveSandbox serves until ctx ends. What a shell needs to use it goes to stdout.
func (a *app) serveSandbox(ctx context.Context, o sandboxOptions) error {
	org := standin.New(o.config)
	org.Script(o.faults...)
	if o.fill != "" {
		n, err := fillOrg(ctx, org, o.fill, o.column)
		if err != nil {
			return fault.Refused(err)
		}
		a.Console.Info("%s added from %s", console.Plural(n, "user"), o.fill)
	}
	signIn := "export OKTA_CLIENT_TOKEN=" + org.Token() + "\n"
	if o.app != "" {
		var err error
		if signIn, err = addApp(ctx, org, o); err != nil {
			return err
		}
	}
	s, err := access.ServeOrg(ctx, org, o.listen)
	if err != nil {
		return err
	}
	defer s.Close()
	_, err = fmt.Fprintf(a.Stdout, "export OKTA_CLIENT_ORGURL=%s\n%s", s.URL(), signIn)
	if err != nil {
		return err
	}
	a.Console.Info("serving a stand-in org; what was done to whom: %s/sandbox/stats; stop with Ctrl-C", s.URL())
	<-ctx.Done()
	if sig := (fault.Signal{}); !errors.As(context.Cause(ctx), &sig) {
		return context.Cause(ctx)
	}
	st := org.Stats()
	a.Console.Info("%d requests, %d answered 429; %d resets of %d users", st.Requests, st.TooMany, st.ResetsApplied, st.UsersReset)
	return nil
}

func fillOrg(ctx context.Context, org *standin.Org, path, column string) (int, error) {
	f, err := roster.Open(path, roster.Options{Column: column, List: true, ColumnFlag: "--column", People: true})
	if err != nil {
		return 0, err
	}
	defer f.Close() //nolint:errcheck // only read
	if _, err := f.Survey(ctx); err != nil {
		return 0, err
	}
	return org.AddIdentifiers(access.Identifiers(f)), nil
}
