package repository

import (
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"oktareset/oktaclient/standin"
)

// Each setting of the stand-in for what isn't known of Okta is a row of the topic sandbox, and each
// row a setting; a test tries each in another way than the usual one.
func TestUnknownOfOkta(t *testing.T) {
	t.Parallel()
	topic, err := os.ReadFile("runner/command/help/sandbox.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(topic), "| not known of Okta | here |\n|---|---|\n")
	table, _, _ = strings.Cut(table, "\n\n")
	rows, tests := strings.Split(table, "\n"), sourceOfTests(t)
	at := 0
	config := reflect.TypeFor[standin.Config]()
	for i := range config.NumField() {
		f := config.Field(i)
		unknown, ok := f.Tag.Lookup("unknown")
		if !ok {
			continue
		}
		row := "| " + unknown + " | " + f.Tag.Get("here") + " |"
		if at >= len(rows) || rows[at] != row {
			t.Errorf("the topic sandbox lacks, in its place, the row of %s:\n%s", f.Name, row)
		}
		at++
		if !regexp.MustCompile(`\b` + f.Name + `: `).MatchString(tests) {
			t.Errorf("no test sets %s", f.Name)
		}
	}
	if at != len(rows) {
		t.Errorf("the topic sandbox has %d rows, and there are %d settings", len(rows), at)
	}
}

// sourceOfTests is the text of all tests.
func sourceOfTests(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	err := filepath.WalkDir(".", func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := os.ReadFile(path)
		b.Write(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}
