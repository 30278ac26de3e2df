package roster

import (
	"fmt"
	"slices"
	"strings"

	"oktareset/runner/table"
)

// otherColumns returns the indexes of all columns except one, and their names in a result.
func otherColumns(header []string, column int) (others []int, names []string) {
	for i, name := range header {
		if i != column {
			others = append(others, i)
			names = append(names, name)
		}
	}
	return others, distinctNames(names, others)
}

// distinctNames returns names for columns beside ours: none is empty, none is ours, and no two are
// the same, not even for a program that ignores case (PowerShell's Import-Csv). indexes are those
// of the columns in the file.
func distinctNames(names []string, indexes []int) []string {
	taken := make(map[string]int, len(names)) // a name, and the number that its next double tries first
	distinct := make([]string, len(names))
	for i, name := range names {
		name = strings.TrimSpace(name)
		switch {
		case name == "":
			name = columnName(indexes[i])
		case slices.Contains(table.Columns, strings.ToLower(name)), slices.Contains(table.VerifiedColumns, strings.ToLower(name)):
			name = "input." + name
		}
		distinct[i] = name
		for n := taken[strings.ToLower(name)]; taken[strings.ToLower(distinct[i])] > 0; n++ {
			distinct[i] = fmt.Sprintf("%s.%d", name, n)
			taken[strings.ToLower(name)] = n + 1
		}
		taken[strings.ToLower(distinct[i])] = 2
	}
	return distinct
}

// columnName returns a name for a column that has none.
func columnName(index int) string { return fmt.Sprintf("column%d", index+1) }

const (
	quoteRunes = 60 // of a foreign text in a message
	quoteCells = 20 // of a header in a message
)

// quote returns a foreign text in a form that is safe in a message.
func quote(s string) string {
	if runes := []rune(s); len(runes) > quoteRunes {
		s = string(runes[:quoteRunes]) + "…"
	}
	return fmt.Sprintf("%q", s)
}

func quoteAll(cells []string) string {
	quoted := make([]string, 0, quoteCells)
	for _, c := range cells[:min(len(cells), quoteCells)] {
		quoted = append(quoted, quote(c))
	}
	text := strings.Join(quoted, ", ")
	if more := len(cells) - len(quoted); more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}
