package results

import (
	"fmt"
	"strings"
)

// CopyPath returns where the copy of the input lies: users.results.input.csv beside
// users.results.csv.
func CopyPath(path string) string {
	return strings.TrimSuffix(ManifestPath(path), ".json") + ".input.csv"
}

// JournalPath returns where the journal of results lies, of a run that isn't done with them:
// users.results.journal beside users.results.csv.
func JournalPath(path string) string {
	return strings.TrimSuffix(ManifestPath(path), ".json") + ".journal"
}

// Beside is where the results of an input are written unless --output says otherwise:
// users.csv gives users.results.csv, or users.plan.csv for a dry run. A rehearsal has names of its
// own, so that it never stands in the way of a real run.
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

// rehearsal stands in the names of files that a rehearsal writes.
const rehearsal = ".sandbox"

// ShownStdin is what messages and the manifest call an input that comes from stdin.
const ShownStdin = "stdin"

// Stem is a path without the endings that this program and its users put on it.
func Stem(path string) string {
	for _, ending := range []string{".csv", ".txt", ".tsv"} {
		if s := strings.TrimSuffix(path, ending); len(s) < len(path) {
			path = s
			break
		}
	}
	return strings.TrimSuffix(path, ".plan")
}

// FileName makes a name for the files of a run over --user values: the first of them, made
// safe, and how many more.
func FileName(users []string) string {
	safe := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("@._+-", r) {
			return r
		}
		return '_'
	}, users[0])
	safe = "user-" + safe[:min(len(safe), 60)]
	if len(users) > 1 {
		safe += fmt.Sprintf("-and-%d-more", len(users)-1)
	}
	return safe
}

// OwnEndings are those of the files that this program writes and doesn't take as a list of users. A
// plan is one, and so is an export.
var OwnEndings = []string{".results.csv", ".results.json", ".results.html", ".results.input.csv", ".results.journal", ".audit.csv", ".plan.json", ".plan.html", ".plan.journal"}
