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
	line := readLine(cmd, args[2:])
	var unknown error // the first flag that the command doesn't have
	once := make(map[string]bool)
	out := []string{args[0], args[1]}
	for _, f := range line.flags {
		switch e := f.entry; {
		case f.word == "--help" || f.word == "-h": // whatever else the line says
			return []string{args[0], args[1], "--help"}, nil
		case e == nil && unknown == nil:
			unknown = unknownFlag(cmd, f.word)
		case e != nil && !e.repeatable && once[e.names[0]]:
			return nil, fault.Usage("leave one of them out: it isn't clear which one counts", "flag --%s is given twice", e.names[0])
		case f.open:
			return nil, fault.Usage("see oktareset "+cmd.Name+" --help", "flag %s needs a value", f.word)
		case e != nil:
			once[e.names[0]] = true
		}
		out = append(append(out, f.word), f.value...)
	}
	if unknown != nil {
		return nil, unknown
	}
	return append(append(out, "--"), line.args...), nil
}

// typedFlag is a flag on a command line.
type typedFlag struct {
	word  string
	entry *flagEntry // nil: the command has no such flag
	value []string   // the next word, if that is its value
	open  bool       // its value is missing: nothing follows, or a flag
}

// typedLine is what follows a command on its line.
type typedLine struct {
	cmd   *cli.Command
	flags []typedFlag
	args  []string
	plain bool // after --, where no word is a flag
}

// readLine takes the words that follow a command apart. A value that looks like a flag shows that
// the value was forgotten: "--confirm --dry-run" must not swallow the dry run.
func readLine(cmd *cli.Command, words []string) typedLine {
	l := typedLine{cmd: cmd}
	for i := 0; i < len(words); i++ {
		w := words[i]
		switch {
		case w == "--":
			l.args, l.plain = append(l.args, words[i+1:]...), true
			return l
		case w == "-" || !strings.HasPrefix(w, "-"):
			l.args = append(l.args, w)
			continue
		}
		f := typedFlag{word: w, entry: findFlag(cmd, w)}
		if f.entry != nil && f.entry.takesValue && !strings.Contains(w, "=") {
			if next := words[i+1:]; len(next) == 0 || looksLikeFlag(next[0]) {
				f.open = true
			} else {
				i, f.value = i+1, next[:1]
			}
		}
		l.flags = append(l.flags, f)
	}
	return l
}

// appFlags are the flags of the program itself.
var appFlags = []string{"--help", "-help", "-h", "--version", "-version", "-v"}

func looksLikeFlag(arg string) bool {
	return len(arg) > 1 && arg[0] == '-' && (arg[1] < '0' || arg[1] > '9')
}

func findCommand(name string) *cli.Command {
	return blankApp().cli().Command(name)
}

// findFlag finds an argument's flag by any of its names. It returns nil if there is none.
func findFlag(cmd *cli.Command, arg string) *flagEntry {
	name, _, _ := strings.Cut(strings.TrimLeft(arg, "-"), "=")
	for _, e := range flagEntries(cmd.Flags) {
		if slices.Contains(e.names, name) {
			return &e
		}
	}
	return nil
}

// noArgument refuses arguments, and shows none: one may be a token.
func noArgument(c *cli.Context) error {
	if c.NArg() == 0 {
		return nil
	}
	name := c.Command.Name
	return fault.Usage("see oktareset "+name+" --help", "%s takes no argument", name)
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
