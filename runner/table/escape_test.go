package table

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestEscape(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ raw, want string }{
		{"", ""},
		{"isaac.brock@example.com", "isaac.brock@example.com"},
		{"Zoë Müller", "Zoë Müller"},
		{"a|b\\n", "a|b\\n"},
		{"=1+1", "'=1+1"},
		{"+1 415", "'+1 415"},
		{"-5", "'-5"},
		{"@here", "'@here"},
		{"＝1", "'＝1"},
		{"＠x", "'＠x"},
		{"  =1", "'  =1"},
		{"'", "''"},
		{"'=1", "''=1"},
		{"'|x", "''|x"},
		{"|x", "|x"},
		{"a\nb\r\tc", `'|a\nb\r\tc`},
		{"\t=1\\", `'|\t=1\\`},
		{"=\x00\x7f", `'|=\u{0}\u{7f}`},
		{"\u0085\u2028\u2029", `'|\u{85}\u{2028}\u{2029}`},
		{"a\u202eb\ufeff", `'|a\u{202e}b\u{feff}`},
		{"a\u3164b\u2800c\ufe0f\u034f", `'|a\u{3164}b\u{2800}c\u{fe0f}\u{34f}`},
		{"caf\xe9", `'|caf\xe9`},
		{"\ufffd", "\ufffd"},
		{"a;b;c", "a;b;c"},
		{"x;=1+1", `'|x\u{3b}=1+1`},
		{`a;"=1";b`, `'|a\u{3b}"=1"\u{3b}b`},
		{"+1;+2", `'|+1\u{3b}+2`},
		{"a; '@b", "a; '@b"},
		{`a; " @b`, `'|a\u{3b} " @b`},
		{"a;b-c", "a;b-c"},
	} {
		if got := Escape(tt.raw); got != tt.want {
			t.Errorf("Escape(%q) = %q, want %q", tt.raw, got, tt.want)
		}
		if got := Unescape(tt.want); got != tt.raw {
			t.Errorf("Unescape(%q) = %q, want %q", tt.want, got, tt.raw)
		}
	}
}

// Unescape doesn't change a text that Escape never writes, because it is somebody else's.
func TestUnescapeLeavesForeignTextAlone(t *testing.T) {
	t.Parallel()
	for _, s := range []string{
		"'tis", "'|plain", `'|\q\n`, `'|\u{41}`, `'|\u{d800}`, `'|\u{}`, `'|\u{1`, `'|\xZZ`, `'|\x4`, `'|\`, `'|\u{+a}`, `a\n`,
		`'|` + "\x00" + `\n`,
	} {
		if got := Unescape(s); got != s {
			t.Errorf("Unescape(%q) = %q, want it unchanged", s, got)
		}
	}
}

func FuzzEscape(f *testing.F) {
	for _, s := range []string{"", "=1", "'", "'|", `'|\n`, "a\nb", "\xff\x00", "\u202e", `\u{41}`, " ＝", "a;=1", ";;\";+"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := Escape(s)
		if back := Unescape(got); back != s {
			t.Errorf("Unescape(Escape(%q)) = %q by way of %q", s, back, got)
		}
		if !utf8.ValidString(got) || !isPrintable(got) {
			t.Errorf("Escape(%q) = %q, want printable UTF-8", s, got)
		}
		if strings.ContainsAny(got[:min(len(got), 1)], "=+-@") {
			t.Errorf("Escape(%q) = %q, which a spreadsheet runs", s, got)
		}
		for _, cell := range strings.Split(got, ";")[1:] {
			if strings.IndexAny(strings.TrimLeft(cell, " \""), "=+-@") == 0 {
				t.Errorf("Escape(%q) = %q, which a spreadsheet that splits at semicolons runs", s, got)
			}
		}
		if foreign := Unescape(s); foreign != s && Escape(foreign) != s {
			t.Errorf("Unescape(%q) = %q, which Escape doesn't write so", s, foreign)
		}
	})
}
