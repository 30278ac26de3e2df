package command

import (
	"slices"
	"strings"

	"oktareset/oktaclient"
	"oktareset/runner/command/help"
	"oktareset/runner/desk"
	"oktareset/runner/export"
)

// suggestion is a word that fits at the cursor.
type suggestion struct{ word, about string }

func suggestions(words ...string) []suggestion {
	list := make([]suggestion, len(words))
	for i, w := range words {
		list[i].word = w
	}
	return list
}

// complete returns what the last of words may become, or which files the shell shall complete.
func complete(words []string) (found []suggestion, names fileNames) {
	cursor := len(words) - 1
	current, before := words[cursor], words[:cursor]
	if len(before) == 0 {
		return commandNames(false), noFiles
	}
	cmd := findCommand(before[0])
	if cmd == nil {
		return nil, noFiles
	}
	l := readLine(cmd, before[1:])
	name, value, equals := strings.Cut(current, "=")
	if open := l.open(); open != nil {
		return flagValues(open, "", current)
	}
	switch {
	case l.plain || !strings.HasPrefix(current, "-"):
		return l.argument(current)
	case equals:
		if e := findFlag(cmd, name); e != nil && e.takesValue {
			return flagValues(e, name+"=", value)
		}
		return nil, noFiles
	}
	return l.offered(), noFiles
}

// commandNames returns the first words of a command line; with topics, also what help explains.
func commandNames(topics bool) []suggestion {
	var found []suggestion
	known := make(map[string]bool)
	for _, c := range blankApp().cli().Commands {
		if !c.Hidden {
			found, known[c.Name] = append(found, suggestion{c.Name, c.Usage}), true
		}
	}
	if !topics {
		return append(found, suggestion{"--help", "show help"}, suggestion{"--version", "show the version"})
	}
	for _, t := range help.Topics() {
		if !known[t.Name] {
			found = append(found, suggestion{t.Name, t.About})
		}
	}
	return found
}

// open returns the flag whose value comes next, nil if none does.
func (l *typedLine) open() *flagEntry {
	if last := len(l.flags) - 1; last >= 0 && l.flags[last].open && !l.plain {
		return l.flags[last].entry
	}
	return nil
}

// offered returns the flags that may follow.
func (l *typedLine) offered() []suggestion {
	verb, ofFactors := l.verb()
	given := make(map[string]bool)
	for _, f := range l.flags {
		if f.entry != nil {
			given[f.entry.names[0]] = true
		}
	}
	var found []suggestion
	for _, e := range flagEntries(l.cmd.Flags) {
		name := e.names[0]
		if given[name] && !e.repeatable || ofFactors && !verb.Takes(name) {
			continue
		}
		found = append(found, suggestion{"--" + name, e.usage})
	}
	return append(found, suggestion{"--help", "show help"})
}

// verb returns the verb of a factors command; false for another command.
func (l *typedLine) verb() (desk.Verb, bool) {
	if l.cmd.Name != "factors" || len(l.args) == 0 {
		return desk.Verb{}, false
	}
	return desk.FindVerb(l.args[0])
}

// argument returns what the next argument may be. The help names its kind in capitals. Where the
// command takes no further argument, a flag may follow.
func (l *typedLine) argument(current string) (found []suggestion, names fileNames) {
	kinds := strings.Fields(l.cmd.ArgsUsage)
	if verb, ok := l.verb(); ok {
		kinds = append([]string{"VERB"}, verb.Args...)
	}
	if len(l.args) >= len(kinds) {
		if l.plain || l.cmd.Name == "help" || current != "" {
			return nil, noFiles
		}
		return l.offered(), noFiles
	}
	switch strings.Trim(kinds[len(l.args)], "[]") {
	case "FILE|-":
		return nil, inputFiles
	case "RESULTS|PLAN", "RESULTS":
		return nil, resultsFiles
	case "TOPIC":
		return commandNames(true), noFiles
	case "SHELL":
		return suggestions(shells...), noFiles
	case "FACTOR":
		return suggestions(oktaclient.FactorTypes()...), noFiles
	case "TYPE:PROVIDER":
		return suggestions(oktaclient.Enrollable()...), noFiles
	case "VERB":
		for _, v := range desk.Verbs() {
			found = append(found, suggestion{v.Name, v.Usage})
		}
	}
	return found, noFiles
}

// flagValues returns the values that a flag may have. Each begins with before, which is on the line
// already. If the flag takes several values with commas between, it completes the last one.
func flagValues(e *flagEntry, before, current string) (found []suggestion, names fileNames) {
	words, list := []string(nil), false
	switch e.names[0] {
	case "log-format":
		words = []string{"text", "json"}
	case "engine":
		words = []string{"identity", "classic"}
	case "delimiter":
		words = []string{"tab"}
	case "factor", "has-factor":
		words = oktaclient.FactorTypes()
	case "enroll":
		words = slices.DeleteFunc(oktaclient.Enrollable(), func(s string) bool {
			factorType := oktaclient.ParseFactor(s).Type
			return oktaclient.TakesSecret(factorType) || oktaclient.ShownOnce(factorType)
		})
	case "send":
		words = []string{string(oktaclient.SendEmail), string(oktaclient.SendSMS)}
	case "retry":
		words, list = strings.Split(joinStatuses(retryable), ", "), true
	case "status":
		words, list = userStatuses, true
	case "columns":
		words, list = strings.Split(export.DefaultColumns, ","), true
	case "exclude", "tickets", "fill":
		return nil, inputFiles
	default:
		if e.value == "FILE" {
			return nil, anyFiles
		}
		return nil, noFiles
	}
	if i := strings.LastIndexByte(current, ','); list && i >= 0 {
		before += current[:i+1]
		words = slices.DeleteFunc(slices.Clone(words), func(w string) bool { return slices.Contains(strings.Split(current[:i], ","), w) })
	}
	for _, w := range words {
		found = append(found, suggestion{word: before + w})
	}
	return found, noFiles
}
