package repository

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// badWords are phrases that read as if they were translated, each with what to write instead.
// They match in any case, across line breaks.
var badWords = []struct{ phrase, remedy string }{
	{`\w+ is that (no|an?|the|some\w*|there|nobody|nothing|other|another|several)\b[^?]*`, "^say what it reports, marks or means"},
	{`(?-i:What|Of what|Whom|Of whom|To whom|Who|That (an?|there|nobody|nothing)) [a-z'-]+\b[^?]*`, "^begin with the subject, not with a relative clause"},
	{`\b(take|takes|taking|took) in\b`, "learn, record or count"},
	{`\b(is|are|was|were|isn't|aren't) told\b`, "get, see or hear"},
	{`\b(hold|holds|held) (\S+ ){0,4}against\b`, "compare with"},
	{`\bhold(s|ing)? (no|an?|what|more|nothing|neither|any|its|secrets?|neither|either|NAME)\b`, "contain or have; to hold is to delay requests"},
	{`\b(go|goes|going|gone|went) on with\b`, "continue or resume"},
	{`\bwhat (comes|came) of\b`, "the outcome, what became of"},
	{`\bstands? for\b`, "mean"},
	{`\bstands? (behind|before|in front|beside|alone|nowhere|there|against)\b`, "be, follow, come before"},
	{`\b(go|goes|take|takes) (\S+ )?along\b`, "remove with it"},
	{`\b(is|are|was|were) begun\b`, "begin, start"},
	{`\bbut for\b`, "except"},
	{`\bby whose leave\b`, "who allowed it"},
	{`\bat the hands of\b`, "by"},
	{`\bplease it\b`, "satisfy"},
	{`\bneeds? a person\b`, "needs attention"},
	{`\bnot ok\b`, "needs attention"},
	{`\bcalls? a (user|row)\b`, "for each"},
	{`\b(isn't|not) said\b`, "unknown"},
	{`\bin the midst\b`, "in the middle"},
	{`\bhard by\b|\bthereof\b|\bwhereof\b|\bwherein\b`, "plain words"},
}

// compile returns the phrase as an expression. A remedy that begins with ^ is for the beginning of
// a sentence.
func compile(phrase, remedy string) *regexp.Regexp {
	if strings.HasPrefix(remedy, "^") {
		phrase = `(^|[.!:] )` + `(` + phrase + `)([.;!]|$)`
	}
	return regexp.MustCompile(`(?i)` + strings.ReplaceAll(phrase, " ", `\s+`))
}

// Comments, messages and documents are in plain English.
func TestWords(t *testing.T) {
	t.Parallel()
	expressions := make([]*regexp.Regexp, len(badWords))
	for i, w := range badWords {
		expressions[i] = compile(w.phrase, w.remedy)
	}
	var found []string
	check := func(place func(offset int) string, text string) {
		for i, x := range expressions {
			for _, at := range x.FindAllStringIndex(text, -1) {
				phrase := strings.Join(strings.Fields(strings.Trim(text[at[0]:at[1]], ".: ")), " ")
				found = append(found, fmt.Sprintf("%s: %.60q: %s", place(at[0]), phrase, strings.TrimPrefix(badWords[i].remedy, "^")))
			}
		}
	}
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && path != "." && strings.HasPrefix(d.Name(), ".") && d.Name() != ".ci":
			return filepath.SkipDir
		case filepath.Ext(path) == ".go":
			return checkGo(path, check)
		case slices.Contains([]string{".md", ".html", ".yml"}, filepath.Ext(path)), d.Name() == "Makefile", path == ".ci/run":
			return checkText(path, check)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range found {
		t.Error(f)
	}
}

// checkGo checks the comments of a Go file and, unless it is a test, its string literals.
func checkGo(path string, check func(func(int) string, string)) error {
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, path, nil, parser.ParseComments)
	if err != nil {
		return err
	}
	at := func(pos token.Pos, text string) func(int) string {
		return func(offset int) string {
			return fmt.Sprintf("%s:%d", path, set.Position(pos).Line+strings.Count(text[:offset], "\n"))
		}
	}
	for _, group := range file.Comments {
		check(at(group.Pos(), group.Text()), group.Text())
	}
	if strings.HasSuffix(path, "_test.go") {
		return nil
	}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.ImportSpec:
			return false
		case *ast.BasicLit:
			if text, err := strconv.Unquote(n.Value); n.Kind == token.STRING && err == nil {
				check(at(n.Pos(), text), text)
			}
		}
		return true
	})
	return nil
}

func checkText(path string, check func(func(int) string, string)) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	check(func(offset int) string {
		return fmt.Sprintf("%s:%d", path, 1+strings.Count(string(text[:offset]), "\n"))
	}, string(text))
	return nil
}

// Each phrase is found where it is, and the examples of plain English have none.
func TestWordsAreFound(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"TokenError is that no access token could be got.":                true,
		"TokenError reports that no access token could be obtained.":      false,
		"levelAlert is that of warnings.":                                 false,
		"lose takes in that an answer was lost.":                          true,
		"The log is held against the results.":                            true,
		"It holds no secret.":                                             true,
		"It holds the bucket until the window has ended.":                 false,
		"A run goes on\nwith the rows that are left.":                     true,
		"One row for each. What isn't a file is refused.":                 true,
		"Look at the table. What is it? It is a list.":                    false,
		"The date stands for a day.":                                      true,
		"It waits, but for a moment only.":                                true,
		"Nobody is reset twice, whatever fails: it is written down once.": false,
	} {
		got := slices.ContainsFunc(badWords, func(w struct{ phrase, remedy string }) bool {
			return compile(w.phrase, w.remedy).MatchString(text)
		})
		if got != want {
			t.Errorf("%q: found %v, want %v", text, got, want)
		}
	}
}
