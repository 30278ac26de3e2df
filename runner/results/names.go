package results

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
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

// Free returns the path of results, or one like it with a number, where no results are.
func Free(path string) string {
	ending := ".csv"
	if strings.HasSuffix(path, ".results.csv") {
		ending = ".results.csv"
	}
	stem, free := strings.TrimSuffix(path, ending), path
	for n := 2; taken(free) || taken(ManifestPath(free)) || taken(JournalPath(free)); n++ {
		free = fmt.Sprintf("%s-%d%s", stem, n, ending)
	}
	return free
}

// taken reports whether anything may be at the path.
func taken(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// The occasions of mails about a reset, as the names of their files have them.
const (
	Notice   = "notify"
	Reminder = "reminder"
)

// MailRecordPath returns the path of the record of the mails of an occasion: users.notify.journal
// beside users.results.csv.
func MailRecordPath(results, occasion string) string {
	return strings.TrimSuffix(ListPath(results, occasion), ".csv") + ".journal"
}

// Unlinked returns the path of the file that a link leads to. The record of mails is beside the
// results themselves: beside a link, there would be a second one.
func Unlinked(path string) string {
	if info, err := os.Lstat(path); err != nil || info.Mode()&fs.ModeSymlink == 0 {
		return path
	}
	if to, err := filepath.EvalSymlinks(path); err == nil {
		return to
	}
	return path // whoever opens it says what is wrong
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
