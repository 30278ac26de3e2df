package table

import (
	"bytes"
	"strings"
	"unicode/utf8"
)

// delimiters that are looked for, the likeliest first.
var delimiters = []byte{',', ';', '\t'}

// headLine is what the header's line tells before it is read as CSV.
type headLine struct {
	counts [utf8.RuneSelf]int // of each character outside quotes
	binary bool               // it holds NUL
	bareCR bool               // it holds a CR outside quotes that ends no CRLF
}

// delimiter returns the one of delimiters that stands most often outside quotes. Without any, it
// is | in a header, where it belongs to no name.
func (l *headLine) delimiter(noHeader bool) rune {
	best := delimiters[0]
	for _, d := range delimiters {
		if l.counts[d] > l.counts[best] {
			best = d
		}
	}
	if l.counts[best] == 0 && l.counts['|'] > 0 && !noHeader {
		best = '|'
	}
	return rune(best)
}

// scanHeadLine looks at the first line of head that isn't blank.
func scanHeadLine(head []byte) headLine {
	head = bytes.TrimLeft(head, "\r\n")
	var line headLine
	quoted := false
	for i, c := range head {
		switch {
		case c == 0:
			line.binary = true
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '\r':
			line.bareCR = line.bareCR || i+1 < len(head) && head[i+1] != '\n'
		case c < utf8.RuneSelf:
			line.counts[c]++
		}
		if c == '\n' && !quoted {
			break
		}
	}
	return line
}

// typeLine recognises the line "#TYPE …" that PowerShell 5 puts above a header (Export-Csv
// without -NoTypeInformation), and returns its length in bytes, 0 if there is none.
func typeLine(head []byte) int {
	end := bytes.IndexByte(head, '\n')
	if end < 0 || !bytes.HasPrefix(head, []byte("#TYPE ")) {
		return 0
	}
	return end + 1
}

// sepLine recognises the line "sep=;" that Excel takes for an instruction: the delimiter it
// names and its length in bytes.
func sepLine(head []byte) (delimiter rune, length int, ok bool) {
	end := bytes.IndexByte(head, '\n')
	if end < 0 {
		return 0, 0, false
	}
	text := strings.Trim(strings.TrimSuffix(string(head[:end]), "\r"), `"`)
	const name = "sep="
	if len(text) <= len(name) || !strings.EqualFold(text[:len(name)], name) {
		return 0, 0, false
	}
	delimiter, size := utf8.DecodeRuneInString(text[len(name):])
	return delimiter, end + 1, len(name)+size == len(text)
}
