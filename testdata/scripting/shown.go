// Package scripting has the commands for scripts that need more than a few lines: it is a part of
// the tests of main, which have only one file.
package scripting

import (
	"cmp"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"oktareset/runner/command/help"
)

// These functions run the examples in the README and the help topics, and compare the text with
// the terminal. Scripts called shown_… prepare an org and files for them.

// Documents returns the texts, by their names in scripts.
func Documents(t testing.TB) map[string]string {
	t.Helper()
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{"README": string(readme)}
	for _, topic := range help.Topics() {
		all[topic.Name] = topic.Text
	}
	return all
}

// Block is an example: commands, and in a console their output.
type Block struct {
	Commands []string
	output   []string // of each command; nil: not shown
}

// Is reports whether the example begins so; with a $ at the end, whether its first command is
// this one.
func (b Block) Is(command string) bool {
	if whole, ok := strings.CutSuffix(command, "$"); ok {
		return b.Commands[0] == whole
	}
	return strings.HasPrefix(b.Commands[0], command)
}

// ShownIn returns the examples of a text that a shell runs.
func ShownIn(text string) []Block {
	var list []Block
	for _, b := range help.Parse(text) {
		switch {
		case b.Kind != help.Code:
		case b.Info == "sh":
			list = append(list, Block{Commands: []string{strings.Join(b.Lines, "\n")}})
		case b.Info == "console":
			var shown Block
			for _, l := range b.Lines {
				last := len(shown.Commands) - 1
				switch command, ok := strings.CutPrefix(l, "$ "); {
				case ok:
					shown.Commands, shown.output = append(shown.Commands, command), append(shown.output, "")
				case shown.output[last] == "" && strings.HasPrefix(l, "      "):
					shown.Commands[last] += "\n" + l // the command continues
				default:
					shown.output[last] += l + "\n"
				}
			}
			list = append(list, shown)
		}
	}
	return list
}

// RunShown runs an example and compares what it prints: [!] shown DOCUMENT COMMAND [ANSWERS].
// COMMAND is how the example begins. The lines of the file ANSWERS are typed at its questions. The
// terminal has 100 columns, or as many as SHOWN_COLUMNS says: a table is as wide as it.
func RunShown(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) < 2 || len(args) > 3 {
		ts.Fatalf("usage: shown DOCUMENT COMMAND [ANSWERS]")
	}
	answers := os.DevNull
	if len(args) == 3 {
		answers = ts.MkAbs(args[2])
	}
	text, err := os.ReadFile(documentFile(ts.Getenv("REPO"), args[0]))
	ts.Check(err)
	for _, b := range ShownIn(string(text)) {
		if !b.Is(args[1]) {
			continue
		}
		script := ts.MkAbs(".shown.sh")
		ts.Check(os.WriteFile(script, []byte(shownScript(ts, b)), 0o600))
		err := ts.Exec("ontty", "-stdin", "-output", "-columns", cmp.Or(ts.Getenv("SHOWN_COLUMNS"), "100"), answers, "bash", script)
		if (err != nil) != neg && b.output == nil {
			ts.Fatalf("%v\n%s", err, ts.ReadFile("tty"))
		}
		if b.output != nil {
			compareShown(ts, b, ts.ReadFile("tty"))
		}
		return
	}
	ts.Fatalf("%s shows no %q", args[0], args[1])
}

func documentFile(repo, document string) string {
	if document == "README" {
		return filepath.Join(repo, "README.md")
	}
	return filepath.Join(repo, "runner/command/help", document+".md")
}

// mark is printed before a command's output.
func mark(i int) string { return "\x1e" + strconv.Itoa(i) + "\x1e" }

// shownScript returns the script for bash. The org in the text becomes the script's own.
func shownScript(ts *testscript.TestScript, b Block) string {
	org := strings.NewReplacer("https://acme.okta.com", ts.Getenv("OKTA_CLIENT_ORGURL"), "acme.okta.com", ts.Getenv("HOST"),
		"https://$host", "http://$host", "go run .", "oktareset", "/var/lib/oktareset", ".")
	if b.output == nil {
		return "set -eu\n" + org.Replace(b.Commands[0]) + "\n"
	}
	var s strings.Builder
	s.WriteString("code=0\n")
	for i, command := range b.Commands {
		switch {
		case command == "make test": // this is it
			command = ":"
		case strings.HasPrefix(command, "oktareset sandbox "):
			command = ": >.served\n" + command + served
		}
		s.WriteString("printf '%s\\n' '" + mark(i) + "'\n(exit $code)\n" + org.Replace(command) + "\ncode=$?\n")
	}
	return s.String()
}

// served starts a stand-in org and waits until it has printed its two lines.
const served = ` --listen 127.0.0.1:0 >.served &
for i in {1..300}; do [ "$(wc -l <.served)" = 2 ] || sleep 0.1; done
cat .served; kill $!; wait $!`

func compareShown(ts *testscript.TestScript, b Block, shown string) {
	host := ts.Getenv("HOST")
	for i, want := range b.output {
		_, got, _ := strings.Cut(shown, mark(i))
		got, _, _ = strings.Cut(got, "\x1e")
		pattern := regexp.QuoteMeta(sameWords(want, host))
		pattern = strings.ReplaceAll(pattern, `\.\.\.`, `.*`)
		if !regexp.MustCompile(`^` + pattern + `$`).MatchString(sameWords(lastFrames(got), host)) {
			ts.Fatalf("of %s, the text has\n%s\nthe terminal has\n%s\nthat is\n%s\nand\n%s", b.Commands[i], want, got,
				sameWords(want, host), sameWords(lastFrames(got), host))
		}
	}
}

// lastFrames returns, for a line that was drawn over and over, like a progress bar, its final
// text.
func lastFrames(tty string) string {
	var b strings.Builder
	for line := range strings.Lines(strings.ReplaceAll(tty, "\r\n", "\n")) {
		line = ansi.ReplaceAllString(line, "")
		b.WriteString(line[strings.LastIndexByte(line, '\r')+1:])
	}
	return b.String()
}

var ansi = regexp.MustCompile(`\x1b\[[0-9;?]*[A-Za-z]`)

// different are the parts that change with each run, and their replacements.
var different = []struct{ pattern, with string }{
	{`\d{8}T\d{6}Z-[0-9a-f]{6}`, "RUN"},
	{`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z`, "TIME"},
	{`\d{4}-\d\d-\d\d`, "DATE"},
	{`[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d`, "MOMENT"},
	{`\b(00u|0oa|opf|pfd|ost|uft|mbl|ufs|emf|fwf|clf)[A-Za-z0-9]{17,18}\b`, "ID"},
	{`127\.0\.0\.1:\d+|acme\.okta\.com|mail\.example\.com:587`, "ORG"},
	{`https?://ORG`, "URL"},
	{`\+1555\d{7}`, "PHONE"},
	{`\d+/min, `, ""},
	{`\d+ s left, `, ""},
	{`(in|rows in) (\d+m)?[\d.]+ ?m?s\b`, "in SECONDS"},
}

// sameWords returns a text without the parts that change. Line breaks and gaps between columns
// depend on the terminal.
func sameWords(text, host string) string {
	if host != "" {
		text = strings.ReplaceAll(text, host, "ORG")
	}
	for _, d := range different {
		text = regexp.MustCompile(d.pattern).ReplaceAllString(text, d.with)
	}
	return strings.Join(strings.Fields(text), " ")
}

// NotRun says why an example isn't run: notrun DOCUMENT COMMAND WHY.
func NotRun(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: notrun DOCUMENT COMMAND WHY")
	}
}
