package console

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/width"
)

// DefaultColumns is the width of a terminal that doesn't report one.
const DefaultColumns = 80

const (
	leastColumns = 20 // a narrower terminal breaks lines itself
	gap          = "  "
	deeper       = 4 // the indent of a text that is set under its term
)

// Wrap breaks the lines of a text at words, so that none is wider than columns. A line that fits
// stays as it is. A continuation line starts under its text: after the gap of a term, as in
//
//	--rate N/s  at most this many
//	            requests
//
// and otherwise under its own beginning. A word is never broken. Neither is a command, which
// begins with oktareset at the beginning of a text or after a colon: it can be pasted as it is,
// and a part of it might be another valid command.
func Wrap(text string, columns int) string {
	if columns <= 0 {
		columns = DefaultColumns
	}
	if columns < leastColumns {
		return text
	}
	var b strings.Builder
	lines := strings.SplitAfter(text, "\n")
	for i := 0; i < len(lines); {
		n := blockAt(lines[i:])
		wrapBlock(&b, lines[i:i+n], columns)
		i += n
	}
	return b.String()
}

// blockAt returns how many of the first lines have their text in the same column: they are
// wrapped alike.
func blockAt(lines []string) int {
	n := 1
	if column := textColumn(lines[0]); column > 0 {
		for n < len(lines) && textColumn(lines[n]) == column {
			n++
		}
	}
	return n
}

// wrapBlock wraps lines with their texts in one column. If that leaves less than half of the
// terminal, each text goes under its term.
func wrapBlock(b *strings.Builder, lines []string, columns int) {
	column, wide := textColumn(lines[0]), false
	for _, line := range lines {
		text, _ := cutEnd(line)
		wide = wide || Columns(text) > columns
	}
	for _, line := range lines {
		line, end := cutEnd(line)
		switch {
		case !wide:
			b.WriteString(line)
		case column > columns/2:
			indent, term, text := splitTerm(line)
			b.WriteString(indent + term + "\n")
			under := strings.Repeat(" ", len(indent)+deeper)
			b.WriteString(under)
			wrapLine(b, text, len(under), len(under), columns)
		default:
			indent, term, text := splitTerm(line)
			hang := max(column, len(indent))
			head := indent + term
			if term != "" {
				head += strings.Repeat(" ", max(0, hang-Columns(head)))
			}
			b.WriteString(head)
			wrapLine(b, text, hang, hang, columns)
		}
		b.WriteString(end)
	}
}

// cutEnd cuts off the end of a line: its newline, and the spaces before a typed answer.
func cutEnd(line string) (text, end string) {
	text = strings.TrimRight(line, " \n")
	return text, line[len(text):]
}

// splitTerm splits a line into its indent, its term, and the text after the gap. A line without a
// gap is all text. So is a line without an indent: there, two spaces mean nothing.
func splitTerm(line string) (indent, term, text string) {
	rest := strings.TrimLeft(line, " ")
	indent = line[:len(line)-len(rest)]
	term, text, ok := strings.Cut(rest, gap)
	text = strings.TrimLeft(text, " ")
	if !ok || text == "" || indent == "" {
		return indent, "", rest
	}
	return indent, term, text
}

// textColumn returns the column in which the text after a line's term begins, 0 if it has no
// term.
func textColumn(line string) int {
	line, _ = cutEnd(line)
	if _, term, text := splitTerm(line); term != "" {
		return Columns(line[:len(line)-len(text)])
	}
	return 0
}

// wrapLine writes a text whose first line begins in column at, and every other one in column
// hang.
func wrapLine(b *strings.Builder, text string, at, hang, columns int) {
	first := true
	for _, word := range pieces(text) {
		n := Columns(word)
		switch {
		case first:
		case at+1+n <= columns:
			b.WriteByte(' ')
			at++
		default:
			b.WriteString("\n" + strings.Repeat(" ", hang))
			at = hang
		}
		b.WriteString(word)
		at, first = at+n, false
	}
}

// pieces returns the words of a text. A command is one piece.
func pieces(text string) []string {
	var all []string
	for text != "" {
		begin, end := commandIn(text)
		all = append(all, strings.FieldsFunc(text[:begin], func(r rune) bool { return r == ' ' })...)
		if begin < end {
			all = append(all, strings.TrimRight(text[begin:end], " "))
		}
		text = text[end:]
	}
	return all
}

// commandIn returns where the first command of a text begins and ends: at the end of the text, or
// after an unquoted semicolon. Without a command, both are the end of the text.
func commandIn(text string) (begin, end int) {
	const program = "oktareset "
	if !strings.HasPrefix(text, program) {
		begin = strings.Index(text, ": "+program) + len(": ")
		if begin < len(": ") {
			return len(text), len(text)
		}
	}
	quoted := false
	for i := begin; i < len(text); i++ {
		switch {
		case text[i] == '\'':
			quoted = !quoted
		case !quoted && strings.HasPrefix(text[i:], "; "):
			return begin, i + 1
		}
	}
	return begin, len(text)
}

// WrapBehind wraps a one-line text after a prefix. Continuation lines start under the beginning
// of the text.
func WrapBehind(prefix, text string, columns int) string {
	if columns <= 0 {
		columns = DefaultColumns
	}
	at := Columns(prefix)
	if columns < leastColumns || at+Columns(text) <= columns {
		return prefix + text
	}
	rest := strings.TrimLeft(text, " ")
	indent := len(text) - len(rest)
	hang := at
	if hang > columns/2 {
		hang = deeper
	}
	var b strings.Builder
	b.WriteString(prefix + text[:indent])
	wrapLine(&b, rest, at+indent, hang+indent, columns)
	return b.String()
}

// Columns returns how many columns of a terminal a text takes.
func Columns(s string) int {
	n := 0
	for _, r := range s {
		switch {
		case r < utf8.RuneSelf:
			n++
		case unicode.In(r, unicode.Mn, unicode.Me):
		case wide(r):
			n += 2
		default:
			n++
		}
	}
	return n
}

func wide(r rune) bool {
	kind := width.LookupRune(r).Kind()
	return kind == width.EastAsianWide || kind == width.EastAsianFullwidth
}
