package command

import (
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"

	"oktareset/runner/access"
	"oktareset/runner/command/help"
	"oktareset/runner/console"
	"oktareset/runner/fault"
)

const helpExamples = `   oktareset help                                                         list the topics
   oktareset help exit-codes                                              what each exit code means, and what to do
   oktareset help reset                                                   the same as oktareset reset --help
`

func (a *app) helpCommand() *cli.Command {
	return &cli.Command{
		Name: "help", Usage: "explain a topic or a command", ArgsUsage: "[TOPIC]", Description: helpExamples, UsageText: printExitCodes,
		Action: func(c *cli.Context) error {
			text, err := a.helpOn(c)
			if err != nil {
				return err
			}
			return access.Page(c.Context, a.Env, text)
		},
	}
}

// helpOn is what help shows of its arguments. A name that a topic and a command share shows both.
func (a *app) helpOn(c *cli.Context) (string, error) {
	if c.NArg() == 0 {
		return a.set(topicList()), nil
	}
	name := c.Args().First()
	topic, found := help.Find(name)
	text := ""
	if found && c.NArg() == 1 {
		text = a.setTopic(topic.Text)
	}
	if cmd := findCommand(name); cmd != nil && !cmd.Hidden {
		if text != "" {
			text += "\n"
		}
		return text + a.set(helpOf(cmd, c.Args().Tail())), nil
	}
	switch {
	case !found:
		hint := "see oktareset help for all topics"
		if near := nearestTopic(name); near != "" {
			hint = "did you mean oktareset help " + near + "? See oktareset help for all topics"
		}
		return "", fault.Usage(hint, "no topic is called %q", name)
	case c.NArg() > 1:
		return "", fault.Usage("see oktareset help", "help explains one topic at a time, not %q", c.Args().Slice())
	}
	return text, nil
}

// setTopic sets a text for the terminal. Elsewhere it stays as it was written.
func (a *app) setTopic(text string) string {
	if !a.TerminalOut {
		return text
	}
	return help.Wrap(text, min(a.Columns(), 100))
}

// topicList has a line for each topic.
func topicList() string {
	var b strings.Builder
	b.WriteString("TOPICS:\n")
	for _, t := range help.Topics() {
		fmt.Fprintf(&b, "   %-12s %s\n", t.Name, t.About)
	}
	b.WriteString("\n   oktareset help TOPIC explains one. oktareset COMMAND --help lists the flags of a command.\n")
	return b.String()
}

// nearestTopic is the topic or command that was meant: the only one that begins so, or the nearest;
// "" if that can't be told.
func nearestTopic(typed string) string {
	var all, begin []string
	for _, s := range commandNames(true) {
		all = append(all, s.word)
		if len(typed) > 2 && strings.HasPrefix(s.word, strings.ToLower(typed)) {
			begin = append(begin, s.word)
		}
	}
	if len(begin) == 1 {
		return begin[0]
	}
	return console.Nearest(typed, all)
}
