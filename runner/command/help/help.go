// Package help is the reference of the program: a topic is a Markdown file of this folder. The same
// text is shown by oktareset help, printed on the manual page, linked from the README and shipped
// beside the binaries. So a topic uses few forms: headings, paragraphs, lists, tables and code.
//
// [Parse] reads those forms. [Wrap] sets them for a terminal. The manual page sets them in roff.
package help

import (
	"embed"
	"strings"
)

//go:embed *.md
var texts embed.FS

// names are the topics, in the order of the manual page: from the first run to the reference.
var names = []string{
	"install", "credentials", "input", "users", "plans", "consent", "protect", "steps",
	"results", "statuses", "exit-codes", "resume", "doubt", "pace",
	"report", "audit", "after", "notify", "watch", "factors",
	"jobs", "kubernetes", "actions", "windows", "sandbox", "security", "limits",
}

// Topic is one text of the reference.
type Topic struct {
	Name  string
	About string // in a line
	Text  string // Markdown
}

// Topics returns all of them.
func Topics() []Topic {
	list := make([]Topic, 0, len(names))
	for _, name := range names {
		text, err := texts.ReadFile(name + ".md")
		if err != nil {
			panic(err) // it is embedded
		}
		title, _, _ := strings.Cut(string(text), "\n")
		_, about, _ := strings.Cut(title, ": ")
		list = append(list, Topic{Name: name, About: about, Text: string(text)})
	}
	return list
}

// Find returns the topic of a name, in any case.
func Find(name string) (Topic, bool) {
	for _, t := range Topics() {
		if strings.EqualFold(t.Name, name) {
			return t, true
		}
	}
	return Topic{}, false
}
