package help

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// Each file is a topic, named in its title, and each topic has a file.
func TestTopicsAreFiles(t *testing.T) {
	t.Parallel()
	files, err := texts.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	for _, f := range files {
		want = append(want, strings.TrimSuffix(f.Name(), ".md"))
	}
	if got := slices.Sorted(slices.Values(names)); !slices.Equal(got, want) {
		t.Errorf("topics are %q, files are %q", got, want)
	}
	for _, topic := range Topics() {
		title, _, _ := strings.Cut(topic.Text, "\n")
		if title != "# "+topic.Name+": "+topic.About || topic.About == "" || len(topic.Name+topic.About) > 70 {
			t.Errorf("the title of %s is %q", topic.Name, title)
		}
	}
}

// A topic has only forms that are set, and every link leads to a topic.
func TestTopicsHaveKnownForms(t *testing.T) {
	t.Parallel()
	for _, topic := range Topics() {
		for _, b := range Parse(topic.Text) {
			switch {
			case b.Kind == Heading && b.Level > 2:
				t.Errorf("%s:%d: a heading of level %d", topic.Name, b.Number, b.Level)
			case b.Kind == Heading && (b.Level == 1) != (b.Number == 1):
				t.Errorf("%s:%d: the title is the first line, and only that", topic.Name, b.Number)
			case b.Kind == Code && !slices.Contains([]string{"sh", "console", "text", "ini", "yaml", "powershell"}, b.Info):
				t.Errorf("%s:%d: code is called %q", topic.Name, b.Number, b.Info)
			}
			for _, row := range b.Rows {
				if len(row) != len(b.Rows[0]) {
					t.Errorf("%s:%d: a row has %d cells, the header has %d: %q", topic.Name, b.Number, len(row), len(b.Rows[0]), row)
				}
			}
			cells := append(slices.Concat(b.Rows...), b.Text)
			for _, s := range Spans(strings.Join(cells, " ")) {
				if name, ok := strings.CutSuffix(s.Link, ".md"); ok && !slices.Contains(names, name) {
					t.Errorf("%s:%d: no topic is called %s", topic.Name, b.Number, name)
				}
				if !s.Code && strings.ContainsAny(s.Text, "`<>_") && !strings.Contains(s.Text, "<") {
					t.Errorf("%s:%d: a mark is left in %q", topic.Name, b.Number, s.Text)
				}
			}
		}
	}
}

// On a terminal of 80 columns nothing is wider, tables and code included, and no word is lost.
func TestWrapFits(t *testing.T) {
	t.Parallel()
	for _, topic := range Topics() {
		for _, columns := range []int{80, 100, 132} {
			for i, line := range strings.Split(Wrap(topic.Text, columns), "\n") {
				if n := utf8.RuneCountInString(line); n > columns {
					t.Errorf("%s at %d columns, line %d: %d columns: %s", topic.Name, columns, i+1, n, line)
				}
				if strings.HasSuffix(line, " ") || strings.ContainsRune(line, 0) {
					t.Errorf("%s at %d columns, line %d: %q", topic.Name, columns, i+1, line)
				}
			}
		}
		if wide, narrow := letters(Wrap(topic.Text, 200)), letters(Wrap(topic.Text, 40)); wide != narrow {
			t.Errorf("%s at 40 columns has other letters than at 200", topic.Name)
		}
	}
}

// letters counts each, as tables have their words in another order.
func letters(text string) (n [26]int) {
	for _, r := range strings.ToLower(text) {
		if r >= 'a' && r <= 'z' {
			n[r-'a']++
		}
	}
	return n
}

func TestWrap(t *testing.T) {
	t.Parallel()
	const text = "# topic: a title\n" +
		"\n" +
		"A paragraph of **several** words with `code in it` and a [link](pace.md).\n" +
		"It goes on.\n" +
		"\n" +
		"- an item that is longer than the line is\n" +
		"  wide\n" +
		"- another one\n" +
		"\n" +
		"## Part\n" +
		"\n" +
		"| flag | effect |\n" +
		"|---|---|\n" +
		"| `-o FILE` | writes to `FILE`, or to a\\|b |\n" +
		"| `-q`, `-v` | less, more |\n" +
		"\n" +
		"```sh\n" +
		"oktareset  reset\n" +
		"```\n"
	const want = `Topic: a title
==============

A paragraph of several words with
` + "`code in it`" + ` and a link (oktareset
help pace). It goes on.

- an item that is longer than the line
  is wide
- another one

Part
----

flag     effect
-------  ---------------------------
-o FILE  writes to ` + "`FILE`" + `, or to a|b
-q, -v   less, more

  oktareset  reset
`
	if got := Wrap(text, 38); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// The README is as short as somebody reads, and fits into a window.
func TestReadmeIsShort(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimRight(string(text), "\n"), "\n")
	if len(lines) > 400 {
		t.Errorf("it has %d lines, more than 400", len(lines))
	}
	if n := len(strings.Fields(string(text))); n > 3500 {
		t.Errorf("it has %d words, more than 3,500", n)
	}
	for i, line := range lines {
		if n := utf8.RuneCountInString(line); n > 100 {
			t.Errorf("line %d has %d columns, more than 100", i+1, n)
		}
	}
	headings := make(map[string]bool)
	for _, b := range Parse(string(text)) {
		if b.Kind == Heading {
			headings["#"+strings.ReplaceAll(strings.ToLower(b.Text), " ", "-")] = true
		}
	}
	linked := make(map[string]bool)
	for _, b := range Parse(string(text)) {
		for _, s := range Spans(strings.Join(append(slices.Concat(b.Rows...), b.Text), " ")) {
			name, isTopic := strings.CutPrefix(strings.TrimSuffix(s.Link, ".md"), "runner/command/help/")
			switch {
			case s.Link == "" || headings[s.Link]:
			case isTopic && slices.Contains(names, name):
				linked[name] = true
			default:
				t.Errorf("line %d: nothing is at %s", b.Number, s.Link)
			}
		}
	}
	for _, name := range names {
		if !linked[name] {
			t.Errorf("the topic %s isn't linked", name)
		}
	}
}

// The lines of a topic's text fit into a window; a row of a table may be longer, and so may an item
// that is tested word for word.
func TestTopicsAreNarrow(t *testing.T) {
	t.Parallel()
	for _, topic := range Topics() {
		for i, line := range strings.Split(topic.Text, "\n") {
			if n := utf8.RuneCountInString(line); n > 100 && !strings.HasPrefix(line, "|") {
				t.Errorf("%s:%d: %d columns", topic.Name, i+1, n)
			}
		}
	}
}

// A number with a period that happens to begin a line would end its paragraph and begin a list.
func TestNoListByAccident(t *testing.T) {
	t.Parallel()
	item := regexp.MustCompile(`^1\. `)
	for _, topic := range Topics() {
		above := ""
		for i, line := range strings.Split(topic.Text, "\n") {
			if item.MatchString(line) && above != "" {
				t.Errorf("%s, line %d: %s", topic.Name, i+1, line)
			}
			above = line
		}
	}
}
