package help

import (
	"strings"
	"unicode/utf8"
)

// Wrap lays a text out for a terminal of so many columns. It breaks lines between words, writes
// tables in columns, and leaves code as it is.
func Wrap(text string, columns int) string {
	columns = max(columns, 20)
	var b strings.Builder
	blocks := Parse(text)
	for i, block := range blocks {
		if i > 0 && !(block.Kind == Item && blocks[i-1].Kind == Item) {
			b.WriteByte('\n')
		}
		switch block.Kind {
		case Heading:
			b.WriteString(heading(block) + "\n")
		case Paragraph:
			fold(&b, plain(block.Text), "", "", columns)
		case Item:
			margin := strings.Repeat("  ", block.Level)
			fold(&b, plain(block.Text), margin+block.Mark+" ", margin+strings.Repeat(" ", len(block.Mark)+1), columns)
		case Table:
			table(&b, block.Rows, columns)
		case Code:
			for _, line := range block.Lines {
				b.WriteString(strings.TrimRight("  "+line, " ") + "\n")
			}
		}
	}
	return b.String()
}

// heading returns a title in capitals, or underlined, so that it needs no colour.
func heading(b Block) string {
	text := plain(b.Text)
	if b.Level == 1 {
		return strings.ToUpper(text[:1]) + text[1:] + "\n" + strings.Repeat("=", utf8.RuneCountInString(text))
	}
	return text + "\n" + strings.Repeat("-", utf8.RuneCountInString(text))
}

// short is the length up to which code stays in one line.
const short = 30

// plain returns a line without its marks. Code keeps its backquotes, because me without them reads
// as an ordinary word. The spaces in short code don't end a line.
func plain(text string) string {
	var b strings.Builder
	for _, s := range Spans(text) {
		if s.Code {
			code := s.Text
			if len(code) <= short {
				code = strings.ReplaceAll(code, " ", hard)
			}
			b.WriteString("`" + code + "`")
		} else {
			b.WriteString(s.Text)
		}
		if where := s.Leads(); where != "" {
			b.WriteString(" (" + where + ")")
		}
	}
	return b.String()
}

// hard marks a space at which no line may end.
const hard = "\x00"

// fold writes a text in lines of so many columns, first before the first line and rest before each
// other one.
func fold(b *strings.Builder, text, first, rest string, columns int) {
	for i, line := range foldWords(text, columns-utf8.RuneCountInString(rest)) {
		if i > 0 {
			first = rest
		}
		b.WriteString(first + line + "\n")
	}
}

// foldWords breaks a text between words. A word that is longer than a line has a line of its own.
func foldWords(text string, columns int) []string {
	var lines []string
	line, used := "", 0
	for _, w := range strings.Fields(text) {
		n := utf8.RuneCountInString(w)
		if line != "" && used+1+n > columns {
			lines, line, used = append(lines, line), "", 0
		}
		if line != "" {
			line, used = line+" ", used+1
		}
		line, used = line+w, used+n
	}
	lines = append(lines, line)
	for i, l := range lines {
		lines[i] = strings.ReplaceAll(l, hard, " ")
	}
	return lines
}

// gap is the space between two columns of a table.
const gap = 2

// table writes rows in columns that fit, their cells wrapped.
func table(b *strings.Builder, rows [][]string, columns int) {
	text := make([][]string, len(rows))
	for i, row := range rows {
		text[i] = make([]string, len(row))
		for j, cell := range row {
			text[i][j] = cellText(cell)
		}
	}
	widths := tableWidths(text, columns)
	for i, row := range text {
		tableRow(b, row, widths)
		if i == 0 {
			line := make([]string, len(widths))
			for j, w := range widths {
				line[j] = strings.Repeat("-", w)
			}
			b.WriteString(strings.Join(line, strings.Repeat(" ", gap)) + "\n")
		}
	}
}

// cellText returns a cell without its marks. A cell that is a list of code needs no backquotes.
func cellText(cell string) string {
	var b strings.Builder
	for _, s := range Spans(cell) {
		if !s.Code && strings.Trim(s.Text, ", ") != "" {
			return plain(cell)
		}
		b.WriteString(s.Text)
	}
	return b.String()
}

// tableWidths gives each column the width that its cells need. If that is too much, it narrows the
// widest column, as long as the column's longest word fits.
func tableWidths(rows [][]string, columns int) []int {
	widths := make([]int, len(rows[0]))
	least := make([]int, len(rows[0]))
	total := gap * (len(widths) - 1)
	for _, row := range rows {
		for j := range min(len(row), len(widths)) {
			widths[j] = max(widths[j], utf8.RuneCountInString(row[j]))
			for _, w := range strings.Fields(row[j]) {
				least[j] = max(least[j], utf8.RuneCountInString(w))
			}
		}
	}
	for _, w := range widths {
		total += w
	}
	for ; total > columns; total-- {
		widest := -1
		for j, w := range widths {
			if w > least[j] && (widest < 0 || w >= widths[widest]) {
				widest = j
			}
		}
		if widest < 0 {
			break
		}
		widths[widest]--
	}
	return widths
}

func tableRow(b *strings.Builder, row []string, widths []int) {
	folded := make([][]string, len(widths))
	height := 1
	for j, w := range widths {
		if j < len(row) {
			folded[j] = foldWords(row[j], w)
		}
		height = max(height, len(folded[j]))
	}
	for i := range height {
		var line strings.Builder
		at := 0
		for j, w := range widths {
			if i < len(folded[j]) {
				used := utf8.RuneCountInString(line.String())
				line.WriteString(strings.Repeat(" ", at-used) + folded[j][i])
			}
			at += w + gap
		}
		b.WriteString(strings.TrimRight(line.String(), " ") + "\n")
	}
}
