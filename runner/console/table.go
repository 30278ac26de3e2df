package console

import (
	"strings"
)

// Table is text in columns, for people.
type Table struct {
	Indent string
	rows   [][]string
}

// leastCell is the least width of a column that is still worth showing.
const leastCell = 8

// Row adds a row. An empty cell is shown as a dash.
func (t *Table) Row(cells ...string) {
	row := make([]string, len(cells))
	for i, c := range cells {
		if c == "" {
			c = "-"
		}
		row[i] = Printable(c)
	}
	t.rows = append(t.rows, row)
}

// Text returns the table for a terminal of this many columns; 0: no limit. If there is too little
// room, the last column is cut or left out, then the one before it. The first column stays whole.
func (t *Table) Text(columns int) string {
	return t.Fixed(t.widths(columns)...)
}

// Fixed returns the table with columns of these widths. It cuts wider cells, and leaves out columns
// after the last width.
func (t *Table) Fixed(widths ...int) string {
	var b strings.Builder
	for _, row := range t.rows {
		line := t.Indent
		for i, cell := range row[:min(len(row), len(widths))] {
			cell = cutToColumns(cell, widths[i])
			line += cell + strings.Repeat(" ", max(0, widths[i]-Columns(cell))+len(gap))
		}
		b.WriteString(strings.TrimRight(line, " ") + "\n")
	}
	return b.String()
}

// widths returns the widths of the columns that are shown.
func (t *Table) widths(columns int) []int {
	var widths []int
	for _, row := range t.rows {
		for i, cell := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], Columns(cell))
		}
	}
	for columns > 0 && len(widths) > 1 {
		total := len(t.Indent)
		for _, w := range widths {
			total += w + len(gap)
		}
		last := &widths[len(widths)-1]
		over := total - len(gap) - columns
		if over <= 0 {
			break
		}
		if *last-over >= leastCell {
			*last -= over
			break
		}
		widths = widths[:len(widths)-1]
	}
	return widths
}

// cutToColumns cuts a text to this many columns.
func cutToColumns(s string, columns int) string {
	if Columns(s) <= columns {
		return s
	}
	n := 0
	for i, r := range s {
		if n += Columns(string(r)); n > columns-1 {
			return s[:i] + "…"
		}
	}
	return s
}
