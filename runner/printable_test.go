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
