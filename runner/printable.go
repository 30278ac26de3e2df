package runner

import (
	"fmt"
	"strings"
	"unicode"
)

// PrintableJSON escapes in JSON what a terminal would take for a command, or shows in another order than it is: encoding/json leaves some of it as it
// is. New lines and spaces between the values stay.
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

func notPrintable(r rune) bool { return !unicode.IsPrint(r) && r != '\n' }
