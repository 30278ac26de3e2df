package command

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"oktareset/runner"
	"oktareset/runner/command/help"
	"oktareset/runner/table"
)

// tableOf returns the rows of a text's table with this header.
func tableOf(t *testing.T, text string, header ...string) [][]string {
	t.Helper()
	for _, b := range help.Parse(text) {
		if b.Kind == help.Table && slices.Equal(b.Rows[0], header) {
			return b.Rows[1:]
		}
	}
	t.Fatalf("there is no table %q", header)
	return nil
}

func topicText(t *testing.T, name string) string {
	t.Helper()
	topic, ok := help.Find(name)
	if !ok {
		t.Fatalf("there is no topic %s", name)
	}
	return topic.Text
}

func readmeText(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

var codeWord = regexp.MustCompile("`([a-z_]+)`")

// The topic's table of statuses has every status of a finished file and, for each, every reason. So
// has the table of what to do, and the README's.
func TestStatusesAreExplained(t *testing.T) {
	text := topicText(t, "statuses")
	documented := make(map[runner.Status][]string)
	for _, row := range tableOf(t, text, "status", "meaning", "reasons") {
		var reasons []string
		for _, m := range codeWord.FindAllStringSubmatch(row[2], -1) {
			reasons = append(reasons, m[1])
		}
		documented[runner.Status(codeWord.FindStringSubmatch(row[0])[1])] = reasons
	}
	for _, s := range runner.Statuses {
		var want []string
		for _, r := range runner.Reasons[s] {
			want = append(want, string(r))
		}
		got, ok := documented[s]
		if slices.Sort(want); !ok || !slices.Equal(slices.Sorted(slices.Values(got)), want) {
			t.Errorf("the topic's reasons of %s are %q, want %q", s, got, want)
		}
	}
	if len(documented) != len(runner.Statuses) {
		t.Errorf("the topic has %d statuses, there are %d", len(documented), len(runner.Statuses))
	}
	for name, rows := range map[string][][]string{
		"the topic":  tableOf(t, text, "status", "what you do"),
		"the README": tableOf(t, readmeText(t), "status", "meaning", "what you do"),
	} {
		var listed []string
		for _, row := range rows {
			for _, m := range codeWord.FindAllStringSubmatch(row[0], -1) {
				listed = append(listed, m[1])
			}
		}
		var want []string
		for _, s := range runner.Statuses {
			want = append(want, string(s))
		}
		slices.Sort(want)
		if slices.Sort(listed); !slices.Equal(listed, want) {
			t.Errorf("%s says what to do about %q, want %q", name, listed, want)
		}
	}
}

// README, topic and --help have the same exit codes, and the topic has the words of --help.
func TestExitCodesAreExplained(t *testing.T) {
	var codes, meanings []string
	for line := range strings.Lines(strings.TrimPrefix(ExitCodes, "EXIT CODES:\n")) {
		if m := helpItem.FindStringSubmatch(strings.TrimRight(line, "\n")); m != nil {
			codes, meanings = append(codes, m[1]), append(meanings, m[2])
		}
	}
	for name, text := range map[string]string{"topic": topicText(t, "exit-codes"), "README": readmeText(t)} {
		header := []string{"code", "meaning", "what you do"}
		if name == "README" {
			header[0] = "exit code"
		}
		var got []string
		for i, row := range tableOf(t, text, header...) {
			got = append(got, row[0])
			if row[2] == "" {
				t.Errorf("the %s doesn't say what to do about %s", name, row[0])
			}
			if plain := strings.ReplaceAll(row[1], "`", ""); name == "topic" && !strings.HasPrefix(plain, meanings[i]) {
				t.Errorf("the topic says of %s %q, --help says %q", row[0], plain, meanings[i])
			}
		}
		if !slices.Equal(got, codes) {
			t.Errorf("the %s has the codes %q, want %q", name, got, codes)
		}
	}
}

// The topic on results has every column, in the file's order.
func TestColumnsAreExplained(t *testing.T) {
	var got []string
	for _, row := range tableOf(t, topicText(t, "results"), "column", "holds") {
		for _, m := range codeWord.FindAllStringSubmatch(row[0], -1) {
			got = append(got, m[1])
		}
	}
	if want := slices.Concat(table.Columns, table.VerifiedColumns); !slices.Equal(got, want) {
		t.Errorf("the topic has the columns %q, want %q", got, want)
	}
}
