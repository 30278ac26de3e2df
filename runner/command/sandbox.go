package command

import (
	"fmt"
	"math"
	"net"
	"strings"

	"oktareset/oktaclient"
	"oktareset/oktaclient/standin"
	"oktareset/runner/access"
	"oktareset/runner/fault"

	"github.com/urfave/cli/v2"
)

const sandboxExamples = `   oktareset sandbox                                    serve an org with 500 people of its own on 127.0.0.1:8080
   oktareset sandbox --fill users.csv                   with the users of this file too
   oktareset sandbox --limit 100 --concurrency 35       as small as a free org was in the last table that Okta published
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
		Name: "sandbox", Usage: "serve the stand-in org on this machine", Description: sandboxExamples, UsageText: sandboxExitCodes,
		Flags: append([]cli.Flag{
			&cli.IntFlag{Name: "users", Category: people, Value: 500, Usage: "`N` people of its own, of every status and with factors of every type"},
			&cli.StringFlag{Name: "fill", Category: people, Usage: "add the users of `FILE`, a CSV as reset takes it"},
			&cli.StringFlag{Name: "column", Category: people, Usage: "`NAME` of the column of --fill that holds user IDs or logins (default: found by its name)"},
			&cli.StringFlag{Name: "engine", Category: people, Value: "identity", Usage: "`ENGINE`: identity or classic"},
			periodFlag("reenroll", people, 0, "everybody enrolls a new factor `D` after a reset"),
			&cli.IntFlag{Name: "absent", Category: people, Usage: "with --reenroll, `PCT` percent of those who were reset don't come back"},
			&cli.IntFlag{Name: "strangers", Category: people, Usage: "with --reenroll, for `PCT` percent a stranger enrolls, all from one address in another country"},
			&cli.StringSliceFlag{Name: "stays", Category: people, Usage: "factors of this `TYPE`, as push, stay listed after a reset; may be repeated"},
			&cli.Uint64Flag{Name: "seed", Category: people, Usage: "`N` for another org: other people, other chances"},
			&cli.StringFlag{Name: "app", Category: credentials, Usage: "a service app, too, with the private key in `FILE`, which is made if there is none"},
			&cli.BoolFlag{Name: "dpop", Category: credentials, Usage: "the app has to prove that its tokens are its own, as new apps do at Okta"},
			&cli.StringSliceFlag{Name: "scope", Category: credentials, Usage: "`SCOPE` that the app is granted, and no other; may be repeated (default: all that oktareset needs)"},
			&cli.StringFlag{Name: "listen", Category: limits, Value: "127.0.0.1:8080", Usage: "`ADDRESS` of this machine's loopback; port 0 for a free one"},
			&cli.IntFlag{Name: "limit", Category: limits, Value: 600, Usage: "`N` calls a minute in the bucket of resets"},
			&cli.IntFlag{Name: "token-share", Category: limits, Value: 50, Usage: "`PCT` of each limit that the token may use"},
			&cli.IntFlag{Name: "concurrency", Category: limits, Value: 75, Usage: "`N` calls at the same time"},
			periodFlag("latency", limits, access.DemoLatency, "answer after `D`"),
			periodFlag("log-lag", limits, 0, "events can be read in the System Log `D` after they happen"),
			&cli.BoolFlag{Name: "unlimited", Category: limits, Usage: "no limits at all"},
			&cli.StringSliceFlag{Name: "fault", Category: faults, Usage: "`FAULT` as drop_after:reset_factors:p=0.01; may be repeated"},
		}, consoleFlags()...),
		Action: action(a, parseSandbox, access.Serve),
	}
}

func parseSandbox(c *cli.Context) (access.Serving, error) {
	o := access.Serving{
		Fill: c.String("fill"), Column: c.String("column"), Listen: c.String("listen"), App: c.String("app"), Dpop: c.Bool("dpop"),
		Scopes: c.StringSlice("scope"),
	}
	if o.Column != "" && o.Fill == "" {
		return o, fault.Usage("as --fill users.csv --column Benutzer", "--column names a column of the --fill file, and there is no --fill")
	}
	for _, name := range []string{"dpop", "scope"} {
		if c.IsSet(name) && o.App == "" {
			return o, fault.Usage("as --app key.pem", "--%s is for a service app: --app is missing", name)
		}
	}
	for _, scope := range o.Scopes {
		if !standin.IsScope(scope) {
			return o, fault.Usage("as "+strings.Join(oktaclient.AllScopes(), ", "), "--scope %q: Okta has no such scope", scope)
		}
	}
	o.Config = standin.Config{
		Users: c.Int("users"), Seed: c.Uint64("seed"), Latency: c.Duration("latency"),
		Reenroll: c.Duration("reenroll"), Absent: c.Int("absent"), Strangers: c.Int("strangers"), Stays: c.StringSlice("stays"), LogLag: c.Duration("log-lag"),
		Limits: map[string]int{standin.BucketUsers: c.Int("limit")}, TokenShare: c.Int("token-share"),
		Concurrency: c.Int("concurrency"), Unlimited: c.Bool("unlimited"),
	}
	if err := checkNumbers(c); err != nil {
		return o, err
	}
	if p := o.Config; p.Absent+p.Strangers > 100 || p.Absent+p.Strangers > 0 && p.Reenroll == 0 {
		return o, fault.Usage("as --reenroll 1m --absent 20 --strangers 5", "--absent %d and --strangers %d are shares of those who could come back with --reenroll", p.Absent, p.Strangers)
	}
	switch e := c.String("engine"); e {
	case "identity":
	case "classic":
		o.Config.Engine = standin.Classic
	default:
		return o, fault.Usage("identity or classic", "--engine %q", e)
	}
	for _, s := range c.StringSlice("fault") {
		f, err := standin.ParseFault(s)
		if err != nil {
			return o, fault.Usage("as --fault drop_after:reset_factors:p=0.01", "%w", err)
		}
		o.Faults = append(o.Faults, f)
	}
	if err := noArgument(c); err != nil {
		return o, err
	}
	host, port, err := net.SplitHostPort(o.Listen)
	if host == "localhost" { // a name server may answer with another address
		o.Listen = net.JoinHostPort("127.0.0.1", port)
	}
	if ip := net.ParseIP(host); err != nil || host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return o, fault.Usage("as 127.0.0.1:8080: its token is no secret", "--listen %q isn't a loopback address with a port", o.Listen)
	}
	return o, nil
}

// checkNumbers refuses numbers and times out of their range, the first flag of the help first.
func checkNumbers(c *cli.Context) error {
	for _, n := range []struct {
		name     string
		min, max int
	}{
		{"users", 0, math.MaxInt},
		{"absent", 0, 100},
		{"strangers", 0, 100},
		{"limit", 1, math.MaxInt},
		{"token-share", 1, 100},
		{"concurrency", 1, math.MaxInt},
	} {
		switch v := c.Int(n.name); {
		case v >= n.min && v <= n.max:
		case n.max == math.MaxInt:
			return fault.Usage(fmt.Sprintf("at least %d", n.min), "--%s %d", n.name, v)
		default:
			return fault.Usage(fmt.Sprintf("%d to %d", n.min, n.max), "--%s %d", n.name, v)
		}
	}
	for _, name := range []string{"reenroll", "latency", "log-lag"} {
		if d := c.Duration(name); d < 0 {
			return fault.Usage("0 or more", "--%s %s", name, d)
		}
	}
	return nil
}
