package command

import (
	"fmt"
	"io"
	"regexp"
	"strings"
	"testing"

	"github.com/urfave/cli/v2"
	"go.yaml.in/yaml/v3"

	"oktareset/runner/access"
	"oktareset/runner/command/help"
)

// texts returns the README and the topics.
func texts(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{"README": readmeText(t)}
	for _, topic := range help.Topics() {
		all[topic.Name] = topic.Text
	}
	return all
}

// understood reports whether the program accepts a command line. It doesn't carry it out.
func understood(words []string) error {
	a := appOf(access.Process{Stdout: io.Discard, Stderr: io.Discard, Getenv: func(string) string { return "" }})
	program := a.cli()
	for _, c := range program.Commands {
		c.Action = func(*cli.Context) error { return nil }
		c.Before = nil
	}
	args, err := permute(words)
	if err != nil {
		return err
	}
	return program.Run(args)
}

var (
	shownCommand = regexp.MustCompile(`(?:^|[\s"'(/|;])(oktareset(?:\.exe)? (?:[a-z]|--version|COMMAND).*)$`)
	continued    = regexp.MustCompile(`\\\n\s*`)
	endsCommand  = regexp.MustCompile(`^(?:\d?[<>]|[|&;)#])`)
	wordOrQuoted = regexp.MustCompile(`"[^"]*"|'[^']*'|[^\s"']+`)
)

// commandsOf returns the command lines in a text: those in code, of whatever language, and those
// that begin with the program's name.
func commandsOf(text string) [][]string {
	var lines []string
	for _, b := range help.Parse(text) {
		if b.Kind == help.Code {
			lines = append(lines, strings.Split(continued.ReplaceAllString(strings.Join(b.Lines, "\n"), " "), "\n")...)
			continue
		}
		for _, cell := range append([]string{b.Text}, flat(b.Rows)...) {
			for _, s := range help.Spans(cell) {
				if s.Code {
					lines = append(lines, s.Text)
				}
			}
		}
	}
	var found [][]string
	for _, l := range lines {
		m := shownCommand.FindStringSubmatch(l)
		if m == nil || strings.Contains(l, "oktareset: ") {
			continue
		}
		if command := wordsOf(m[1]); len(command) > 1 {
			found = append(found, command)
		}
	}
	return found
}

// wordsOf splits a command line into words, up to the character that ends it in a shell.
func wordsOf(line string) []string {
	var words []string
	for _, w := range wordOrQuoted.FindAllString(line, -1) {
		if endsCommand.MatchString(w) {
			break
		}
		words = append(words, strings.ReplaceAll(strings.Trim(w, `"');`), "$capacity", "90"))
	}
	return words
}

func flat(rows [][]string) []string {
	var list []string
	for _, row := range rows {
		list = append(list, row...)
	}
	return list
}

// The program accepts every command line in the README and the topics.
func TestShownCommandsAreUnderstood(t *testing.T) {
	n := 0
	for name, text := range texts(t) {
		for _, words := range commandsOf(text) {
			n++
			if words[1] == "COMMAND" || words[0] == "oktareset" && words[1] == "help" && words[len(words)-1] == "TOPIC" {
				continue
			}
			words[0] = "oktareset"
			if findCommand(words[1]) == nil && words[1] != "--version" {
				t.Errorf("%s: no command is called %q: %q", name, words[1], words)
			} else if err := understood(words); err != nil {
				t.Errorf("%s: %v: %q", name, err, words)
			}
		}
	}
	if n < 60 {
		t.Errorf("%d commands were found", n)
	}
}

// Each flag that a text names belongs to a command.
func TestShownFlagsExist(t *testing.T) {
	known := map[string]bool{"--version": true, "--help": true}
	for _, c := range blankApp().cli().Commands {
		for _, e := range flagEntries(c.Flags) {
			known["--"+e.names[0]] = true
			for _, short := range e.names[1:] {
				known["-"+short] = true
			}
		}
	}
	others := map[string]bool{"--userns": true, "--stop-timeout": true} // of other programs
	flag := regexp.MustCompile(`^--?[a-z][a-z-]*`)
	for name, text := range texts(t) {
		for _, b := range help.Parse(text) {
			for _, cell := range append([]string{b.Text}, flat(b.Rows)...) {
				for _, s := range help.Spans(cell) {
					if f := flag.FindString(s.Text); s.Code && f != "" && !known[f] && !others[f] && !strings.HasPrefix(s.Text, "-dirty") && f != "-it" && f != "-e" {
						t.Errorf("%s:%d: no command has the flag %s", name, b.Number, f)
					}
				}
			}
		}
	}
}

// Every piece of YAML can be parsed, and the program accepts the arguments of each container.
func TestShownYAML(t *testing.T) {
	containers := 0
	for name, text := range texts(t) {
		for _, b := range help.Parse(text) {
			if b.Kind != help.Code || b.Info != "yaml" {
				continue
			}
			var v any
			if err := yaml.Unmarshal([]byte(strings.Join(b.Lines, "\n")), &v); err != nil {
				t.Errorf("%s:%d: %v", name, b.Number, err)
			}
			eachArgs(v, func(args []string) {
				containers++
				for i, a := range args {
					args[i] = strings.ReplaceAll(a, "@CAPACITY@", "90")
				}
				if err := understood(append([]string{"oktareset"}, args...)); err != nil {
					t.Errorf("%s: %v: %q", name, err, args)
				}
			})
		}
	}
	if containers != 1 {
		t.Errorf("%d containers were found, want 1", containers)
	}
}

// eachArgs finds the lists that are called args.
func eachArgs(v any, found func([]string)) {
	switch v := v.(type) {
	case []any:
		for _, item := range v {
			eachArgs(item, found)
		}
	case map[string]any:
		for key, item := range v {
			list, ok := item.([]any)
			if key != "args" || !ok {
				eachArgs(item, found)
				continue
			}
			var args []string
			for _, a := range list {
				args = append(args, fmt.Sprint(a))
			}
			found(args)
		}
	}
}
