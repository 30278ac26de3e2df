package table

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"oktareset/runner"
)

// The marks of the two forms of an escaped cell. They can't be confused: the text after quoteMark
// never begins with '|'.
const (
	quoteMark = "'"  // before a cell that a spreadsheet would run, or that begins with quoteMark itself
	spellMark = "'|" // before a cell whose control characters and invalid bytes are spelled out
)

// Escape returns s in the form that our files use: valid UTF-8 without control or invisible
// characters, which no spreadsheet runs as a formula. A harmless cell stays as it is. [Unescape]
// reverses it for every string.
func Escape(s string) string {
	switch {
	case !isPrintable(s), splits(s):
		return spell(s)
	case needsQuoteMark(s):
		return quoteMark + s
	}
	return s
}

// Unescape returns the string whose [Escape] is s, or s itself if there is none.
func Unescape(s string) string {
	if !strings.HasPrefix(s, quoteMark) {
		return s
	}
	raw := s[len(quoteMark):]
	if strings.HasPrefix(s, spellMark) {
		raw = unspell(s[len(spellMark):])
	}
	if Escape(raw) != s { // somebody else's apostrophe
		return s
	}
	return raw
}

// splits reports whether a formula begins after a semicolon. Spreadsheets that are set to
// semicolons, as Excel in half of Europe, and LibreOffice by default, begin a cell there, whatever
// the file's delimiter is.
func splits(s string) bool {
	for found := true; found; {
		if _, s, found = strings.Cut(s, ";"); found && startsFormula(strings.TrimLeftFunc(s, isPadding)) {
			return true
		}
	}
	return false
}

func isPadding(r rune) bool { return r == '"' || unicode.IsSpace(r) }

// needsQuoteMark reports whether a spreadsheet would run s: OWASP's list of first characters,
// with their full-width forms, also behind spaces, which some programs strip.
func needsQuoteMark(s string) bool {
	return strings.HasPrefix(s, quoteMark) || startsFormula(s)
}

func startsFormula(s string) bool {
	r, _ := utf8.DecodeRuneInString(strings.TrimLeftFunc(s, unicode.IsSpace))
	switch r {
	case '=', '+', '-', '@', '＝', '＋', '－', '＠':
		return true
	}
	return false
}

func isPrintable(s string) bool {
	for i := 0; i < len(s); {
		if c := s[i]; c < utf8.RuneSelf {
			if c < ' ' || c == 0x7f {
				return false
			}
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && size == 1 || runner.Invisible(r) {
			return false
		}
		i += size
	}
	return true
}

// spell writes unprintable characters as \n \r \t \u{HEX}, bytes that aren't UTF-8 as \xHH, and
// a backslash as \\.
func spell(s string) string {
	var b strings.Builder
	b.WriteString(spellMark)
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case r == '\\':
			b.WriteString(`\\`)
		case r == ';':
			b.WriteString(`\u{3b}`)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == '\t':
			b.WriteString(`\t`)
		case runner.Invisible(r):
			fmt.Fprintf(&b, `\u{%x}`, r)
		default:
			b.WriteString(s[i : i+size])
		}
		i += size
	}
	return b.String()
}

// unspell is the inverse of [spell] without its mark. Text that isn't an escape stays as it is.
func unspell(s string) string {
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(s, `\`)
		b.WriteString(before)
		if !found {
			return b.String()
		}
		text, n := escapeSequence(rest)
		b.WriteString(text)
		s = rest[n:]
	}
}

// escapeSequence returns the text that the escape at the beginning of s means, and the escape's
// length. s begins after the backslash.
func escapeSequence(s string) (text string, n int) {
	if s == "" {
		return `\`, 0
	}
	switch s[0] {
	case '\\':
		return `\`, 1
	case 'n':
		return "\n", 1
	case 'r':
		return "\r", 1
	case 't':
		return "\t", 1
	case 'x':
		if len(s) >= 3 {
			if c, err := strconv.ParseUint(s[1:3], 16, 8); err == nil {
				return string([]byte{byte(c)}), 3
			}
		}
	case 'u':
		end := strings.IndexByte(s, '}')
		if end > 2 && s[1] == '{' {
			if r, err := strconv.ParseInt(s[2:end], 16, 32); err == nil {
				return string(rune(r)), end + 1
			}
		}
	}
	return `\`, 0
}
