package steps

import "strings"

// maxText bounds what is kept of a text that a server chose, in bytes, and maxFactors how many factors are named: a row longer than the reader of
// results takes could never be resumed.
const (
	maxText    = 5000
	maxFactors = 100
)

func clip(s string) string {
	if len(s) <= maxText {
		return s
	}
	return strings.ToValidUTF8(s[:maxText], "") + "…"
}

// clipAll is clip for names of factors: they are short, and few.
func clipAll(names []string) []string {
	if len(names) > maxFactors {
		names = append(names[:maxFactors:maxFactors], "…")
	}
	total := 0
	for i, n := range names {
		if total += len(n); total > maxText {
			return append(names[:i:i], "…")
		}
	}
	return names
}
