package command

import (
	"github.com/urfave/cli/v2"

	"oktareset/runner/console"
	"oktareset/runner/fault"
)

func consoleFlags() []cli.Flag { return consoleFlagsQuiet("write nothing but errors") }

// consoleFlagsQuiet returns the flags for what a command writes to stderr. The command itself says
// what --quiet doesn't hide.
func consoleFlagsQuiet(quiet string) []cli.Flag {
	const category = "OUTPUT"
	return []cli.Flag{
		&cli.StringFlag{Name: "log-format", Category: category, Value: "text", Usage: "`FORM` of the messages on stderr: text or json"},
		&cli.BoolFlag{Name: "verbose", Aliases: []string{"v"}, Category: category, Usage: "log every request"},
		&cli.BoolFlag{Name: "quiet", Aliases: []string{"q"}, Category: category, Usage: quiet},
	}
}

// parseConsole reads the flags of [consoleFlags].
func parseConsole(c *cli.Context) (console.Options, error) {
	o := console.Options{Quiet: c.Bool("quiet"), Verbose: c.Bool("verbose")}
	switch f := c.String("log-format"); f {
	case "text":
	case "json":
		o.JSON = true
	default:
		return o, fault.Usage("text or json", "--log-format %q", f)
	}
	if o.Quiet && o.Verbose {
		return o, fault.Usage("", "--quiet and --verbose exclude each other")
	}
	return o, nil
}
