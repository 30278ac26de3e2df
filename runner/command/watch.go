package command

import (
	"context"
	"time"

	"oktareset/oktaclient"
	"oktareset/runner/access"
	"oktareset/runner/console"
	"oktareset/runner/fault"

	"github.com/urfave/cli/v2"
)

const watchExamples = `   oktareset watch                                          print each reset of a user as it happens: a line of JSON
   oktareset watch --cursor watch.json >> resets.jsonl      and go on after a restart where it stopped
   oktareset watch --since 2h --once                        the resets of the last two hours, and no more
   oktareset watch --runs results/ | jq 'select(.ours | not)'     only those that none of your own runs made

   It needs okta.logs.read, or an admin role that may read the System Log.
`

const watchExitCodes = `EXIT CODES:
   0    with --once: everything that is there was printed
   2    usage, configuration or cursor; the org can't be reached
   4    Okta refused the credentials, or to show its System Log
   6    the lines or the cursor can't be written, or Okta answers what can't be understood
   129, 130, 143    SIGHUP, SIGINT, SIGTERM: ended; --cursor goes on
`

const (
	// defaultInterval asks the log six times a minute: a tenth of what a default token is allowed, and below the ten of the smallest org.
	defaultInterval = 10 * time.Second
	minInterval     = time.Second
)

// watchOptions is what the flags of watch ask for.
type watchOptions struct {
	since    string
	cursor   string
	runs     []string
	all      bool
	once     bool
	interval time.Duration
	org      access.Flags
	console  console.Options
}

func (a *app) watchCommand() *cli.Command {
	const what, from = "WHAT", "FROM"
	flags := []cli.Flag{
		&cli.BoolFlag{Name: "all", Category: what, Usage: "print the loss of a single factor, too"},
		&cli.StringSliceFlag{Name: "runs", Category: what, Usage: "tell your own runs by their manifests: a results file or a folder, `PATH`; may be repeated"},
		&cli.StringFlag{Name: "since", Category: from, Usage: "begin at `TIME`, as 2026-11-22T08:00:00Z, or so long ago, as 2h (default: now)"},
		&cli.StringFlag{Name: "cursor", Category: from, Usage: "keep in `FILE` how far it came, and go on from there; a file that isn't there yet is made"},
		&cli.BoolFlag{Name: "once", Category: from, Usage: "end when everything that is there was printed"},
		&cli.DurationFlag{Name: "interval", Category: from, Value: defaultInterval, Usage: "ask every `D` while nothing happens"},
	}
	return &cli.Command{
		Name: "watch", Usage: "follow factor-reset events as they happen", Description: watchExamples,
		CustomHelpTemplate: watchExitCodes,
		Flags:              append(append(flags, consoleFlags()...), orgOnlyFlags("ORG")...),
		Action: func(c *cli.Context) error {
			o, err := parseWatch(c)
			if err != nil {
				return err
			}
			return a.run(o.console, func(ctx context.Context) error { return followEvents(ctx, a.Env, o) })(c)
		},
	}
}

// parseWatch is the only reader of watch's flags.
func parseWatch(c *cli.Context) (o watchOptions, err error) {
	o = watchOptions{
		since: c.String("since"), cursor: c.String("cursor"), runs: c.StringSlice("runs"), all: c.Bool("all"), once: c.Bool("once"),
		interval: c.Duration("interval"), org: access.Flags{URL: c.String("org-url"), TokenFile: c.String("token-file")},
	}
	if o.console, err = parseConsole(c); err != nil {
		return o, err
	}
	if arg, err := oneArgument(c); err != nil || arg != "" {
		return o, fault.Usage("see oktareset watch --help", "watch takes no argument, not %q", c.Args().First())
	}
	switch {
	case c.IsSet("cursor") && (o.cursor == "" || o.cursor == "-"):
		return o, fault.Usage("as --cursor watch.json", "--cursor needs the name of a file")
	case o.interval < minInterval || o.interval > time.Hour:
		return o, fault.Usage("1s to 1h: Okta lets a token read its log a few times a minute", "--interval %s", o.interval)
	}
	_, err = parseSince(o.since, time.Now())
	return o, err
}

// parseSince reads a time or how long ago it is; "" is now.
func parseSince(s string, now time.Time) (time.Time, error) {
	if s == "" {
		return now, nil
	}
	t, err := time.Parse(time.RFC3339, s)
	if ago, durErr := time.ParseDuration(s); durErr == nil {
		t, err = now.Add(-ago), nil
	}
	switch {
	case err != nil:
		return t, fault.Usage("as --since 2026-11-22T08:00:00Z or --since 2h", "--since %q is no time", s)
	case t.After(now.Add(time.Minute)):
		return t, fault.Usage("", "--since %q is in the future", s)
	case t.Before(now.Add(-logRetention)):
		return t, fault.Usage("begin later", "--since %q: Okta keeps its log for 90 days", s)
	}
	return t, nil
}

// followEvents carries out the watch command.
func followEvents(ctx context.Context, e *access.Env, o watchOptions) error {
	cfg, err := e.LoadOrg(ctx, o.org, logScopes)
	if err != nil {
		return err
	}
	w := &watcher{Env: e, opts: o, dial: func() *oktaclient.Client {
		return oktaclient.New(cfg.URL, e.ClientOptions(cfg, "", o.console.Verbose))
	}}
	w.client = w.dial()
	w.meetOrg(ctx)
	w.out.ours = ownRuns{paths: o.runs, org: cfg.URL.Host(), orgID: w.orgID}
	if err := w.out.ours.load(); err != nil {
		return fault.Refused(err)
	}
	if err := w.begin(); err != nil {
		return err
	}
	return w.follow(ctx)
}
