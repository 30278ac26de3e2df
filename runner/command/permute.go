package command

import (
	"slices"
	"strings"

	"oktareset/runner/fault"

	"github.com/urfave/cli/v2"
)

// permute moves the flags of a command before its arguments, so that "reset users.csv --dry-run" is
// a dry run: urfave/cli reads everything after the first argument as an argument. Everything after
// "--" stays an argument.
func permute(args []string) ([]string, error) {
	if len(args) < 2 {
		return args, nil
	}
	cmd := findCommand(args[1])
	if cmd == nil {
		return args, flagFirst(args)
	}
	var flags, rest []string
	var unknown error // the first flag that the command doesn't have
	once := make(map[string]bool)
	for i := 2; i < len(args); i++ {
		a := args[i]
		if a == "--" {
			rest = append(rest, args[i+1:]...)
			break
		}
		if a == "--help" || a == "-h" { // whatever else the line says
			return []string{args[0], args[1], "--help"}, nil
		}
		if a == "-" || !strings.HasPrefix(a, "-") {
			rest = append(rest, a)
			continue
		}
		if commandFlag(cmd, a) == nil && unknown == nil {
			unknown = unknownFlag(cmd, a)
		}
		if name := flagOnce(cmd, a); name != "" {
			if once[name] {
				return nil, fault.Usage("leave one of them out: it isn't clear which one counts", "flag --%s is given twice", name)
			}
			once[name] = true
		}
		flags = append(flags, a)
		if strings.Contains(a, "=") || !takesValue(cmd, a) {
			continue
		}
		// A value that looks like a flag shows that the value was forgotten: "--confirm --dry-run"
		// must not swallow the dry run.
		value := args[i+1:]
		if len(value) == 0 || looksLikeFlag(value[0]) {
			return nil, fault.Usage("see oktareset "+cmd.Name+" --help", "flag %s needs a value", a)
		}
		i++
		flags = append(flags, value[0])
	}
	if unknown != nil {
		return nil, unknown
	}
	out := append([]string{args[0], args[1]}, flags...)
	return append(append(out, "--"), rest...), nil
}

// appFlags returns the flags of the program itself.
var appFlags = []string{"--help", "-help", "-h", "--version", "-version", "-v"}

func looksLikeFlag(arg string) bool {
	return len(arg) > 1 && arg[0] == '-' && (arg[1] < '0' || arg[1] > '9')
}

func findCommand(name string) *cli.Command {
	return blankApp().cli().Command(name)
}

func takesValue(cmd *cli.Command, arg string) bool {
	d, ok := commandFlag(cmd, arg).(cli.DocGenerationFlag)
	return ok && d.TakesValue()
}

// flagOnce returns the name of an argument's flag if the flag may be given only once. It returns ""
// for a list, and for an argument that isn't a flag of the command.
func flagOnce(cmd *cli.Command, arg string) string {
	f := commandFlag(cmd, arg)
	if f == nil {
		return ""
	}
	if _, list := f.(*cli.StringSliceFlag); list {
		return ""
	}
	return f.Names()[0]
}

// commandFlag finds an argument's flag by any of its names. It returns nil if there is none.
func commandFlag(cmd *cli.Command, arg string) cli.Flag {
	name, _, _ := strings.Cut(strings.TrimLeft(arg, "-"), "=")
	for _, f := range cmd.Flags {
		if slices.Contains(f.Names(), name) {
			return f
		}
	}
	return nil
}

// oneArgument returns the only argument, or "" if there is none.
func oneArgument(c *cli.Context) (string, error) {
	for _, a := range c.Args().Slice() {
		if a != "-" && strings.HasPrefix(a, "-") {
			return "", fault.Usage("write ./"+a+" for a file of that name", "argument %q looks like a flag", a)
		}
	}
	if c.NArg() > 1 {
		return "", fault.Usage("see oktareset "+c.Command.Name+" --help", "one FILE is expected, not %d: %q", c.NArg(), c.Args().Slice())
	}
	return c.Args().First(), nil
}
