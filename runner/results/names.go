package results

import (
	"fmt"
	"os"
	"slices"
	"strings"
)

// CopyPath returns the path of the input's copy: users.results.input.csv beside
// users.results.csv.
func CopyPath(path string) string {
	return strings.TrimSuffix(ManifestPath(path), ".json") + ".input.csv"
}

// JournalPath returns the path of the journal for unfinished results: users.results.journal
// beside users.results.csv.
func JournalPath(path string) string {
	return strings.TrimSuffix(ManifestPath(path), ".json") + ".journal"
}

// Beside returns the path of the results for an input unless --output names another: users.csv
// gives users.results.csv, or users.plan.csv for a dry run. A rehearsal has names of its own, so
// that it is never in the way of a real run.
func Beside(input string, dryRun, sandbox bool) string {
	name := Stem(input)
	if sandbox {
		name = strings.TrimSuffix(name, rehearsal) + rehearsal
	}
	if dryRun {
		return name + ".plan.csv"
	}
	return name + ".results.csv"
}

// FreeBeside is [Beside] for the run of a new plan: if other results have that name, it returns one
// that is free.
func FreeBeside(plan string) string {
	path := Beside(plan, false, false)
	stem := strings.TrimSuffix(path, ".csv")
	for n := 2; inUse(path); n++ {
		path = fmt.Sprintf("%s-%d.csv", stem, n)
	}
	return path
}

// inUse reports whether results, or what a run keeps beside them, have this path.
func inUse(path string) bool {
	return slices.ContainsFunc([]string{path, ManifestPath(path), JournalPath(path)}, func(name string) bool {
		_, err := os.Lstat(name)
		return err == nil
	})
}

// rehearsal is part of the names of files that a rehearsal writes.
const rehearsal = ".sandbox"

// ShownStdin is the name of stdin as an input, in messages and in the manifest.
const ShownStdin = "stdin"

// Stem returns a path without the endings that this program and its users add.
func Stem(path string) string {
	for _, ending := range []string{".csv", ".txt", ".tsv"} {
		if s := strings.TrimSuffix(path, ending); len(s) < len(path) {
			path = s
			break
		}
	}
	return strings.TrimSuffix(path, ".plan")
}

// FileName makes a name for the files of a run over --user values: the first value, made safe,
// and the number of others.
func FileName(users []string) string {
	safe := "user-" + SafeName(users[0])
	if len(users) > 1 {
		safe += fmt.Sprintf("-and-%d-more", len(users)-1)
	}
	return safe
}

// SafeName returns a text as a part of the name of a file: any other character than a letter of
// ASCII, a digit, and @._+- becomes an underscore, and the text is cut.
func SafeName(text string) string {
	safe := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("@._+-", r) {
			return r
		}
		return '_'
	}, text)
	return safe[:min(len(safe), 60)]
}

// OwnEndings are the endings of files that this program writes and refuses as a list of users. A
// plan isn't one of them, and an export isn't either.
var OwnEndings = []string{".results.csv", ".results.json", ".results.html", ".results.input.csv", ".results.journal", ".audit.csv", ".after.csv", ".notify.csv", ".notify.journal", ".reminder.csv", ".reminder.journal", ".plan.json", ".plan.html", ".plan.journal"}
