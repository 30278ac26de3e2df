package command

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"oktareset/runner/access"
)

// unplain are words that read as if translated, or hide who does what. Beside each stands what to
// write. A text that a person reads has none of them: README, topics, help, messages, page.
var unplain = []struct{ pattern, instead string }{
	{`\b(is|are|was|were) told\b`, "say, report"},
	{`\btak(e|es|en) in\b`, "include, read"},
	{`\b(hold|holds|held) (\w+ ){0,3}against\b`, "compare with"},
	{`\bstands? against\b`, "prevents"},
	{`\bneeds? a person\b`, "needs attention"},
	{`\ba call a (user|row)\b|\bcalls? more a user\b`, "one call for each user"},
	{`\bby whose leave\b`, "with whose consent"},
	{`\btakes? (\w+ ){0,4}along\b`, "also removes"},
	{`\b(is|are|was|were) begun\b`, "started"},
	{`\bwhat comes (of|after)\b`, "the result, the next steps"},
	{`\ba draw\b`, "if both are set"},
	{`\brightly\b`, "on purpose"},
	{`\bwhomever\b`, "whoever"},
	{`\bby and by\b|\bthereof\b|\bwhereof\b|\btherewith\b`, "say it plainly"},
	{`\bis no input of its own\b`, "isn't a"},
	{`\bto the letter\b`, "unchanged"},
	{`\b(easily|obviously|basically)\b`, "leave it out"},
}

func checkWords(t *testing.T, where, text string) {
	t.Helper()
	text = strings.Join(strings.Fields(text), " ")
	for _, w := range unplain {
		if m := regexp.MustCompile(`(?i)` + w.pattern).FindStringIndex(text); m != nil {
			t.Errorf("%s: %q: write: %s", where, text[max(0, m[0]-40):min(len(text), m[1]+30)], w.instead)
		}
	}
}

func TestTextsArePlainEnglish(t *testing.T) {
	for name, text := range texts(t) {
		checkWords(t, name, text)
	}
	for _, c := range appOf(access.Process{}).cli().Commands {
		checkWords(t, c.Name+" --help", c.CustomHelpTemplate+c.Description+c.Usage)
	}
}

// Messages are the strings of the program that have more than one word.
func TestMessagesArePlainEnglish(t *testing.T) {
	err := filepath.WalkDir("../..", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == "testdata" || len(d.Name()) > 2 && d.Name()[0] == '.'):
			return filepath.SkipDir
		case !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go"):
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
				if text, err := strconv.Unquote(lit.Value); err == nil && strings.Contains(text, " ") {
					checkWords(t, path, text)
				}
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
