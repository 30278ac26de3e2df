package console

import (
	"strings"
)

// Nearest returns the name that was probably meant: the nearest one to what was typed, if it is
// near enough and no other is as near; otherwise "". Case, dashes and underscores don't count.
func Nearest(typed string, names []string) string {
	best, least, tie := "", farthest(typed)+1, false
	for _, name := range names {
		switch d := distance(plainName(typed), plainName(name)); {
		case d < least:
			best, least, tie = name, d, false
		case d == least && best != "":
			tie = true
		}
	}
	if tie {
		return ""
	}
	return best
}

// farthest is how many mistakes a name may have: one in three characters, and at most three.
func farthest(typed string) int { return min(3, max(1, len(plainName(typed))/3)) }

func plainName(s string) string {
	return strings.NewReplacer("-", "", "_", "", " ", "").Replace(strings.ToLower(s))
}

// distance returns how many characters have to be inserted, deleted, replaced or swapped with the
// next one to turn a into b. No character is changed twice.
func distance(a, b string) int {
	from, to := []rune(a), []rune(b)
	before, last, row := make([]int, len(to)+1), make([]int, len(to)+1), make([]int, len(to)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(from); i++ {
		row[0] = i
		for j := 1; j <= len(to); j++ {
			cost := 1
			if from[i-1] == to[j-1] {
				cost = 0
			}
			row[j] = min(row[j-1]+1, last[j]+1, last[j-1]+cost)
			if i > 1 && j > 1 && from[i-1] == to[j-2] && from[i-2] == to[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(to)]
}
