package runner_test

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode"

	"oktareset/runner"
)

func TestPrintableJSON(t *testing.T) {
	t.Parallel()
	const text = "a\x1b[31m\u009b\u202e\u2066\x7f\U000e0041é漢 \n<&>"
	b, err := json.MarshalIndent(map[string]string{"k": text}, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	got := runner.PrintableJSON(string(b))
	if strings.ContainsFunc(got, func(r rune) bool { return r != '\n' && !unicode.IsPrint(r) }) || !strings.Contains(got, "é漢") {
		t.Errorf("%q", got)
	}
	var back map[string]string
	if err := json.Unmarshal([]byte(got), &back); err != nil || back["k"] != text {
		t.Errorf("%q, %v; want the same text", back, err)
	}
	if plain := "{\n  \"k\": 1\n}\n"; runner.PrintableJSON(plain) != plain {
		t.Errorf("%q was changed", plain)
	}
}

func TestInvisible(t *testing.T) {
	t.Parallel()
	for _, r := range "\x00\t\x7f\u0085\u00ad\u034f\u061c\u115f\u1160\u17b4\u180e\u200b\u2028\u202e\u2066\u2800\u3164\ufe0f\ufeff\uffa0\U000e0041\U000e0100" {
		if !runner.Invisible(r) || runner.Printable(r) {
			t.Errorf("%U passes for visible", r)
		}
	}
	for _, r := range " aé\u0301漢한\U0001f600|" {
		if runner.Invisible(r) || !runner.Printable(r) {
			t.Errorf("%U passes for invisible", r)
		}
	}
	if _, reason := runner.ParseIdentifier("alice\u3164@example.com"); reason != runner.ReasonMalformed {
		t.Errorf("a login with an invisible letter is %q", reason)
	}
}
