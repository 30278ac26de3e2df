package roster

import (
	"strings"
	"unicode/utf8"

	"oktareset/runner/fault"
)

// ParseDelimiter reads --delimiter: a character, or tab; 0 if there is none.
func ParseDelimiter(s string) (rune, error) {
	switch s {
	case "":
		return 0, nil
	case "tab", `\t`:
		return '\t', nil
	}
	r, size := utf8.DecodeRuneInString(s)
	if size != len(s) || r == utf8.RuneError || strings.ContainsRune("\"\r\n", r) {
		return 0, fault.Usage("as --delimiter ';' or --delimiter tab", "--delimiter %q isn't one character", s)
	}
	return r, nil
}
