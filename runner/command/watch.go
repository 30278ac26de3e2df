package command

import (
	"time"

	"github.com/urfave/cli/v2"

	"oktareset/runner/fault"
	"oktareset/runner/watch"
)

const watchExamples = `   oktareset watch                                          print each reset of a user as it happens
   oktareset watch --cursor watch.json >> resets.jsonl      and go on after a restart where it stopped
   oktareset watch --since 2h --once                        the resets of the last two hours, and no more
   oktareset watch --runs results/ | jq 'select(.ours | not)'     only those that none of your own runs made

   It needs okta.logs.read, or an admin role that may read the System Log.
`

const watchExitCodes = `EXIT CODES:
   0    with --once: everything that is there was printed
   2    usage, configuration or cursor; the org can't be reached
   4    Okta refused the credentials, or to show its System Log
   5    an outage that lasted before anything was read
   6    the lines or the cursor can't be written, or Okta answers what can't be understood
   129, 130, 143    SIGHUP, SIGINT, SIGTERM: ended; --cursor goes on
`

const (
	// defaultInterval asks the log six times a minute: a tenth of what a default token is
	// allowed, and below the ten of the smallest org.
	defaultInterval = 10 * time.Second
	minInterval     = time.Second
)

func (a *app) watchCommand() *cli.Command {
	const what, from = "WHAT", "FROM"
	flags := []cli.Flag{
		&cli.BoolFlag{Name: "all", Category: what, Usage: "print the loss of a single factor, too"},
		&cli.StringSliceFlag{Name: "runs", Category: what, Usage: "tell your own runs by their manifests: a results file or a folder, `PATH`; may be repeated"},
		&cli.StringFlag{Name: "since", Category: from, Usage: "begin at `TIME`, as 2026-11-22T08:00:00Z, or so long ago, as 2h or 2d (default: now)"},
		&cli.StringFlag{Name: "cursor", Category: from, Usage: "keep in `FILE` how far it came, and go on from there; a file that isn't there yet is made"},
		&cli.BoolFlag{Name: "once", Category: from, Usage: "end when everything that is there was printed"},
		periodFlag("interval", from, defaultInterval, "ask every `D` while nothing happens"),
	}
	output := &cli.BoolFlag{Name: "json", Category: "OUTPUT", Usage: "print a line of JSON for each reset on a terminal, too"}
	flags = append(append(flags, output), consoleFlags()...)
	return &cli.Command{
		Name: "watch", Usage: "follow factor-reset events as they happen", Description: watchExamples,
		UsageText: watchExitCodes,
		Flags:     append(flags, orgFlags("")...),
		Action:    action(a, parseWatch, watch.Run),
	}
}

// parseWatch is the only reader of watch's flags.
func parseWatch(c *cli.Context) (o watch.Options, err error) {
	o = watch.Options{
		Since: c.String("since"), Cursor: c.String("cursor"), Runs: c.StringSlice("runs"), All: c.Bool("all"), Once: c.Bool("once"),
		JSON:     c.Bool("json"),
		Interval: c.Duration("interval"),
	}
	if o.Org, _, err = parseOrg(c); err != nil {
		return o, err
	}
	if err := noArgument(c); err != nil {
		return o, err
	}
	switch {
	case c.IsSet("cursor") && (o.Cursor == "" || o.Cursor == "-"):
		return o, fault.Usage("as --cursor watch.json", "--cursor needs the name of a file")
	case o.Interval < minInterval || o.Interval > time.Hour:
		return o, fault.Usage("1s to 1h: Okta lets a token read its log a few times a minute", "--interval %s", o.Interval)
	}
	_, err = watch.ParseSince(o.Since, time.Now())
	return o, err
}
