package console

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestWrap(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, text string
		columns    int
		want       string
	}{
		{"what fits stays", "a  b\n\n   c d\n", 20, "a  b\n\n   c d\n"},
		{"as wide as the terminal", "12345678901234567890\n", 20, "12345678901234567890\n"},
		{"room for an answer", "type the number of users (3): ", 20, "type the number of\nusers (3): "},
		{"at words", "one two three four five six\n", 20, "one two three four\nfive six\n"},
		{"no end of line", "one two three four five six", 20, "one two three four\nfive six"},
		{"under its beginning", "   one two three four five six\n", 20, "   one two three\n   four five six\n"},
		{"under its text", "  org   one two three four five\n", 24, "  org   one two three\n        four five\n"},
		{
			"a term without room beside it has a line of its own",
			"   --exclude-column NAME  the column that names the users\n", 30,
			"   --exclude-column NAME\n       the column that names\n       the users\n",
		},
		{
			"one that doesn't fit moves its neighbours",
			"   oktareset reset a.csv     short\n   oktareset users -o a.csv  long enough to be too wide\n\n   other  x\n", 40,
			"   oktareset reset a.csv\n       short\n   oktareset users -o a.csv\n       long enough to be too wide\n\n   other  x\n",
		},
		{"a word is never broken", "see https://example.com/a/very/long/path for more", 20, "see\nhttps://example.com/a/very/long/path\nfor more"},
		{
			"nor is a command, of which a part could do something else",
			"to continue: oktareset reset users.csv --exclude vips.csv", 30,
			"to continue:\noktareset reset users.csv --exclude vips.csv",
		},
		{
			"nor one with more behind it",
			"to finish: oktareset reset --resume -o 'a; b.csv'; put others into a file", 30,
			"to finish:\noktareset reset --resume -o 'a; b.csv';\nput others into a file",
		},
		{"nor one in a help text", "   oktareset reset users.csv --exclude vips.csv\n", 30, "   oktareset reset users.csv --exclude vips.csv\n"},
		{"the program's name in a sentence", "serve it by oktareset sandbox and go on", 20, "serve it by\noktareset sandbox\nand go on"},
		{"width unknown", strings.Repeat("word ", 20), 0, strings.TrimSpace(strings.Repeat("word ", 16)) + "\nword word word word "},
		{"too narrow for that", "one two three four five", 10, "one two three four five"},
		{"wide characters", "日本語日本 日本語日本 a", 20, "日本語日本\n日本語日本 a"},
		{"marks take no room", "a\u0301a\u0301a\u0301a\u0301a\u0301a\u0301a\u0301a\u0301 a\u0301a\u0301a\u0301a\u0301a\u0301a\u0301a\u0301a\u0301", 20, "a\u0301a\u0301a\u0301a\u0301a\u0301a\u0301a\u0301a\u0301 a\u0301a\u0301a\u0301a\u0301a\u0301a\u0301a\u0301a\u0301"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tt.want, Wrap(tt.text, tt.columns)); diff != "" {
				t.Errorf("Wrap (-want +got):\n%s", diff)
			}
		})
	}
}

func TestWrapBehind(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, prefix, text string
		columns            int
		want               string
	}{
		{"fits", "oktareset: ", "done", 80, "oktareset: done"},
		{"hangs under its text", "oktareset: hint: ", "look at the file first", 34, "oktareset: hint: look at the file\n                 first"},
		{"no room under it", "oktareset: warning: ", "look at the file", 32, "oktareset: warning: look at the\n    file"},
		{"moved in", "oktareset: ", "  line 3 alice@example.com: no such user", 40, "oktareset:   line 3 alice@example.com:\n             no such user"},
		{"a command has a line of its own", "oktareset: ", "to continue: oktareset reset --resume -o users.results.csv", 50, "oktareset: to continue:\n           oktareset reset --resume -o users.results.csv"},
		{"a command behind a prefix", "oktareset: hint: ", "oktareset factors list alice@example.com", 40, "oktareset: hint: oktareset factors list alice@example.com"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tt.want, WrapBehind(tt.prefix, tt.text, tt.columns)); diff != "" {
				t.Errorf("WrapBehind (-want +got):\n%s", diff)
			}
		})
	}
}

// For any text, nothing is lost, and a line is too wide only if it is one word or a command.
func FuzzWrap(f *testing.F) {
	for _, text := range []string{"", "a b", "   a  b c", "to continue: oktareset reset a b c d e f", "  \n\n a", "日本 語"} {
		f.Add(text, 20)
	}
	f.Fuzz(func(t *testing.T, text string, columns int) {
		got := Wrap(text, columns)
		if a, b := strings.Fields(text), strings.Fields(got); !cmp.Equal(a, b) {
			t.Fatalf("Wrap(%q, %d) = %q: other words", text, columns, got)
		}
		if columns < leastColumns || columns > 1000 || strings.Contains(text, gap) { // a term isn't broken
			return
		}
		for line := range strings.SplitSeq(got, "\n") {
			line = strings.Trim(line, " ")
			if Columns(line) > columns && strings.Contains(line, " ") && !strings.Contains(line, "oktareset ") {
				t.Fatalf("Wrap(%q, %d) has the line %q", text, columns, line)
			}
		}
	})
}
