package repository

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"oktareset/testdata/scripting"
)

var shownLine = regexp.MustCompile(`(?m)^(?:\[[^]]*\] )*(?:! )?(?:shown|notrun) (\S+) (?:'((?:[^']|'')*)'|(\S+))`)

// Every example is run by one script, or a script says why not. Recipes have tests of their own.
func TestEveryExampleIsRun(t *testing.T) {
	t.Parallel()
	scripts, err := filepath.Glob("testdata/script/shown_*.txtar")
	if err != nil || len(scripts) == 0 {
		t.Fatalf("no scripts (%v)", err)
	}
	run := make(map[string][]string)
	for _, path := range scripts {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range shownLine.FindAllStringSubmatch(string(text), -1) {
			run[m[1]] = append(run[m[1]], strings.ReplaceAll(m[2], "''", "'")+m[3])
		}
	}
	elsewhere := make(map[string]bool)
	for _, r := range recipes {
		elsewhere[strings.TrimSpace(r.read(t))] = true
	}
	for name, text := range scripting.Documents(t) {
		for _, b := range scripting.ShownIn(text) {
			if elsewhere[b.Commands[0]] {
				continue
			}
			n := 0
			for _, command := range run[name] {
				if b.Is(command) {
					n++
				}
			}
			if n != 1 {
				t.Errorf("%s: %d scripts run, or excuse, the example %q", name, n, b.Commands[0])
			}
		}
	}
}
