package command

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"oktareset/runner/console"
	"oktareset/runner/fault"
)

// This file says what is wrong with a command line, and suggests what was meant if it can.

// didYouMean returns a hint that suggests near, unless near is "", and the help of command, or of
// the program itself if command is "".
func didYouMean(command, near string) string {
	see := "see oktareset " + strings.TrimSpace(command+" --help")
	if near == "" {
		return see
	}
	return "did you mean " + near + "? " + see
}

// unknownCommand returns the error for a command line that doesn't begin with a command.
func unknownCommand(word string) error {
	var names []string
	for _, c := range blankApp().cli().Commands {
		if !c.Hidden {
			names = append(names, c.Name)
		}
	}
	hint := didYouMean("", console.Nearest(word, names))
	if strings.HasSuffix(strings.ToLower(word), ".csv") {
		hint = "to look at the users of a file first: oktareset reset --dry-run " + console.ShellFile(word)
	}
	return fault.Usage(hint, "unknown command %q", word)
}

// otherNames maps flags of other programs to those that do the same here.
var otherNames = map[string]string{
	"yes": "confirm", "y": "confirm", "force": "confirm", "f": "confirm", "assume-yes": "confirm",
	"dry": "dry-run", "whatif": "dry-run", "what-if": "dry-run", "check": "dry-run", "simulate": "dry-run",
	"out": "output", "file": "output", "concurrency": "workers", "parallel": "workers", "threads": "workers", "continue": "resume",
}

// flagName matches the name of a flag. A message repeats nothing else of an argument: another text,
// and everything after a flag's =, could be a secret.
var flagName = regexp.MustCompile(`^--?[A-Za-z][A-Za-z_-]{0,29}$`)

// shownFlag returns the part of an argument that a message may repeat.
func shownFlag(arg string) string {
	if name, _, _ := strings.Cut(arg, "="); flagName.MatchString(name) {
		return "flag " + name
	}
	return "such flag"
}

// unknownFlag returns the error for a flag that a command doesn't have.
func unknownFlag(cmd *cli.Command, arg string) error {
	name, _, _ := strings.Cut(strings.TrimLeft(arg, "-"), "=")
	return fault.Usage(unknownFlagHint(cmd, name), "%s has no %s", cmd.Name, shownFlag(arg))
}

func unknownFlagHint(cmd *cli.Command, name string) string {
	var names, letters []string
	for _, f := range cmd.Flags {
		for _, n := range f.Names() {
			if len(n) > 1 {
				names = append(names, n)
			} else {
				letters = append(letters, n)
			}
		}
	}
	var apart []string
	for _, letter := range strings.Split(name, "") {
		if slices.Contains(letters, letter) {
			apart = append(apart, "-"+letter)
		}
	}
	near := console.Nearest(name, names)
	if other := otherNames[strings.ToLower(name)]; near == "" && slices.Contains(names, other) {
		near = other
	}
	switch {
	case name == "token" && cmd.Name != "sandbox":
		return "no flag takes a secret: set OKTA_CLIENT_TOKEN, or --token-file to a file that holds the token"
	case len(apart) > 1 && len(apart) == len(name):
		return "write them apart: " + strings.Join(apart, " ")
	case near != "":
		near = "--" + near
	}
	return didYouMean(cmd.Name, near)
}

// flagFirst returns the error for a command line that begins with a flag, unless it is a flag of
// the program itself. Otherwise it returns nil.
func flagFirst(args []string) error {
	if first := args[1]; len(first) < 2 || first[0] != '-' || slices.Contains(appFlags, first) {
		return nil
	}
	for _, word := range args[2:] {
		if cmd := findCommand(word); cmd != nil && !cmd.Hidden {
			return fault.Usage("write oktareset "+word+" first, then the flags", "a flag comes before the command %s", word)
		}
	}
	return fault.Usage("flags follow a command; see oktareset --help", "oktareset has no %s", shownFlag(args[1]))
}

// badValue and badBool match what package flag says about a value that it can't read.
var (
	badValue = regexp.MustCompile(`^invalid value "((?:[^"\\]|\\.)*)" for flag -([a-z-]+): (.*)$`)
	badBool  = regexp.MustCompile(`^invalid boolean value "(?:[^"\\]|\\.)*" for -([a-z-]+): `)
)

// usageError returns the error for flags that can't be read.
func usageError(c *cli.Context, err error, _ bool) error {
	name := ""
	if c.Command != nil && c.Command.Name != "" && c.Command.Name != "oktareset" {
		name = c.Command.Name
	}
	text := oneLine(err.Error())
	if m := badBool.FindStringSubmatch(text); m != nil {
		return fault.Usage("write --"+m[1]+" alone, or leave it out", "--%s takes no value", m[1])
	}
	m := badValue.FindStringSubmatch(text)
	if m == nil || c.Command == nil {
		return fault.Usage(didYouMean(name, ""), "%s", text)
	}
	if e := findFlag(c.Command, m[2]); e != nil {
		switch f := e.flag.(type) {
		case *cli.IntFlag:
			return fault.Usage(fmt.Sprintf("as --%s %s", f.Name, wholeNumber(m[1], f.GetDefaultText())), `--%s "%s" isn't a whole number`, f.Name, m[1])
		case *cli.GenericFlag:
			return fault.Usage(fmt.Sprintf("as --%s %s: with s, m, h or d behind the number", f.Name, aTime(f)), `--%s "%s" %s`, f.Name, m[1], m[3])
		}
	}
	return fault.Usage(didYouMean(name, ""), "%s", text)
}

// wholeNumber returns an example of a whole number. If people write thousands as what was typed
// (10k, 10,000), it is that number; else it is the default.
func wholeNumber(typed, def string) string {
	thousands := regexp.MustCompile(`^([1-9][0-9]{0,2})[kK]$|^([1-9][0-9]{0,2})[.,_' ]?(000)$`)
	if m := thousands.FindStringSubmatch(typed); m != nil {
		return m[1] + m[2] + "000"
	}
	if def == "" || def == "0" {
		return "100"
	}
	return def
}
