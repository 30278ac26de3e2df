package runner

import (
	"encoding/json"
	"fmt"
	"strings"
	"unicode"
)

// JSONText is v as JSON for people and files: on one line, or with each level moved in by indent,
// and with what isn't [Printable] escaped. It ends in a newline.
func JSONText(v any, indent string) (string, error) {
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", indent)
	if err := enc.Encode(v); err != nil {
		return "", err
	}
	return PrintableJSON(b.String()), nil
}

// PrintableJSON escapes the characters in JSON that aren't [Printable]: encoding/json leaves some
// of them. Newlines and spaces between the values stay.
func PrintableJSON(s string) string {
	if !strings.ContainsFunc(s, notPrintable) {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		switch {
		case !notPrintable(r):
			b.WriteRune(r)
		case r > 0xffff:
			r -= 0x10000
			fmt.Fprintf(&b, `\u%04x\u%04x`, 0xd800+r>>10, 0xdc00+r&0x3ff)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return b.String()
}

func notPrintable(r rune) bool { return !Printable(r) && r != '\n' }

// Printable reports whether a terminal and a page may show a character as it is: a visible one,
// or a plain space.
func Printable(r rune) bool { return unicode.IsPrint(r) && !Invisible(r) }

// Invisible reports whether a character shows nothing, whatever its category, or can act on a
// terminal or on the order of what is read. Such a character makes two different logins look
// alike. Spaces don't count: their gap is visible.
func Invisible(r rune) bool {
	const brailleBlank = '\u2800' // a symbol, by its category
	return unicode.IsControl(r) || r == brailleBlank ||
		unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}
