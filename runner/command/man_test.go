package command

import (
	"strings"
	"testing"

	"oktareset/runner/access"
	"oktareset/runner/command/help"
)

// Whatever a command's help says stands on the page, too.
func TestManual(t *testing.T) {
	a := appOf(access.Process{Version: "v1-test"})
	page := a.manual()
	has := func(what, text string) {
		if !strings.Contains(page, roffText(text)) {
			t.Errorf("%s isn't on the page: %q", what, text)
		}
	}
	has("the version", "v1-test")
	for _, c := range a.cli().Commands {
		if c.Hidden {
			continue
		}
		has("a command", c.Name)
		for l := range strings.Lines(c.Description) {
			for part := range strings.SplitSeq(strings.TrimSpace(l), "   ") {
				has("a line of "+c.Name, strings.TrimRight(strings.TrimSpace(part), ":"))
			}
		}
		for _, e := range flagEntries(c.Flags) {
			has("a flag of "+c.Name, e.forms())
			has("a flag of "+c.Name, e.usage)
		}
	}
	for _, topic := range help.Topics() {
		has("a topic", strings.ToUpper(topic.Name))
		for _, b := range help.Parse(topic.Text)[1:] {
			cells := append([]string{b.Text}, b.Lines...)
			for _, row := range b.Rows {
				cells = append(cells, row...)
			}
			for _, cell := range cells {
				if b.Kind == help.Code {
					has("code of "+topic.Name, cell)
					continue
				}
				for _, span := range help.Spans(cell) {
					has("a part of "+topic.Name, strings.TrimPrefix(span.Text, "."))
				}
			}
		}
	}
	for l := range strings.Lines(page) {
		if strings.HasPrefix(l, " ") || strings.HasPrefix(l, "'") {
			t.Errorf("roff would take this line for something else: %q", l)
		}
	}
}

func TestRoffText(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"-n, --dry-run": `\-n, \-\-dry\-run`,
		`.okta.yaml`:    `\&.okta.yaml`,
		`a\b 'c' "d"`:   `a\eb \[u0027]c\[u0027] \[u0022]d\[u0022]`,
		"`~^…":          `\[u0060]\[u007E]\[u005E]\[u2026]`,
	} {
		if got := roffText(in); got != want {
			t.Errorf("roffText(%q) = %s, want %s", in, got, want)
		}
	}
}
