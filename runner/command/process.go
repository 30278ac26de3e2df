package command

import (
	"context"
	"runtime/debug"
	"strings"

	"oktareset/runner/access"
	"oktareset/runner/console"
	"oktareset/runner/fault"
	"oktareset/runner/files"
	"oktareset/runner/outcome"
	"oktareset/runner/progress"
)

// Process is what the program needs of the process that it runs in.
type Process = access.Process

// Signal is the cause of a context that a signal has ended.
type Signal = fault.Signal

// Run carries out the command line and returns the exit code. Cancelling ctx with a [Signal] as
// the cause stops cleanly.
func Run(ctx context.Context, p access.Process) int {
	p.Identify(debug.ReadBuildInfo())
	p.FreeSpace = files.FreeSpace
	args, err := permute(p.Args)
	a := &app{Env: &access.Env{Process: p, Typed: p.Stdin, Console: firstConsole(&p)}}
	if err == nil {
		err = a.cli().RunContext(ctx, args)
	}
	a.Console.Fail(err)                                               // by now in the form that the flags asked for
	reset := isReset(p.Args) && (err != nil || a.outcome.RunID != "") // not its --help
	if reset && (!p.Terminal || a.Console.Opts.JSON) {                // on a terminal, a person has read the summary
		outcome.Tell(a.Console, &a.outcome, err)
	}
	return fault.Code(err)
}

// firstConsole is for what is said before the command line is read.
func firstConsole(p *Process) *console.Console {
	screen := progress.NewScreen(p.Stderr)
	if p.Terminal {
		screen.Columns = p.Columns
	}
	return console.New(screen, console.Options{JSON: wantsJSON(p.Args)})
}

// EndedAtOnce tells that a second signal ends the program before its work is over, in the form
// that its arguments ask for.
func EndedAtOnce(p Process, s Signal) {
	after := ""
	if isReset(p.Args) {
		after = "; who was under way is in doubt, and --resume finds out what became of them"
	}
	firstConsole(&p).Info("%v again: stopped at once%s", s, after)
}

// isReset reports whether a command line, which may be one that can't be read, is of reset.
func isReset(args []string) bool { return len(args) > 1 && args[1] == "reset" }

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// wantsJSON reports whether a command line asks for logs in JSON: it has to be known of one
// that can't be parsed, too.
func wantsJSON(args []string) bool {
	for i, arg := range args {
		name, value, ok := strings.Cut(arg, "=")
		if !ok && i+1 < len(args) {
			value = args[i+1]
		}
		if (name == "--log-format" || name == "-log-format") && value == "json" {
			return true
		}
	}
	return false
}
