package command

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"oktareset/runner"
)

// The README's table of statuses has every status of a finished file and, for each, every reason.
func TestReadmeStatuses(t *testing.T) {
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, ok := strings.Cut(string(text), "| status | meaning | reasons |\n")
	if !ok {
		t.Fatal("the README has no table of statuses")
	}
	table, _, _ = strings.Cut(table, "\n\n")
	code := regexp.MustCompile("`([a-z_]+)`")
	documented := make(map[runner.Status][]string)
	for _, line := range strings.Split(table, "\n")[1:] {
		cells := strings.Split(line, "|")
		var reasons []string
		for _, m := range code.FindAllStringSubmatch(cells[3], -1) {
			reasons = append(reasons, m[1])
		}
		documented[runner.Status(code.FindStringSubmatch(cells[1])[1])] = reasons
	}
	for _, s := range runner.Statuses {
		var want []string
		for _, r := range runner.Reasons[s] {
			want = append(want, string(r))
		}
		got, ok := documented[s]
		if slices.Sort(want); !ok || !slices.Equal(slices.Sorted(slices.Values(got)), want) {
			t.Errorf("the README's reasons of %s are %q, want %q", s, got, want)
		}
	}
	if len(documented) != len(runner.Statuses) {
		t.Errorf("the README has %d statuses, there are %d", len(documented), len(runner.Statuses))
	}
}
