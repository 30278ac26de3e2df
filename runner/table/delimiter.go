package table

import (
	"bytes"
	"strings"
	"unicode/utf8"
)

// delimiters are the possible delimiters, the likeliest first.
var delimiters = []byte{',', ';', '\t'}

// headLine describes the header's line before it is read as CSV.
type headLine struct {
	counts [utf8.RuneSelf]int // of each character outside quotes
	binary bool               // there is a NUL
	bareCR bool               // there is a CR outside quotes without an LF after it
}

// delimiter returns the delimiter that is most frequent outside quotes. If there is none, a | in a
// header is the delimiter, because a column's name doesn't contain it.
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

// sepLine recognises the line "sep=;", which is an instruction for Excel. It returns the delimiter
// that the line names, and the line's length in bytes.
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
