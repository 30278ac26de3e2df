package job

import (
	"fmt"
	"strings"
	"time"

	"oktareset/runner"
	"oktareset/runner/evidence"
	"oktareset/runner/fault"
	"oktareset/runner/results"
)

// This file asks the System Log, before a resume changes anybody, whom the runs of these very
// results have reset. The journal knows each of them as taken: it was on the disk before the request
// was sent. If it doesn't, lines are missing that a run relied on, and whoever stood in them would
// be reset a second time.

// rowSet is a set of row numbers, in a bit each.
type rowSet []uint64

func newRowSet(last int) rowSet { return make(rowSet, last/64+1) }

func (s rowSet) add(n int)      { s[n/64] |= 1 << (n % 64) }
func (s rowSet) has(n int) bool { return s[n/64]&(1<<(n%64)) != 0 }

// wasTaken reports whether a line says that the row may have been changed.
func wasTaken(e *results.Entry) bool {
	return e.Status == runner.StatusTaken || e.Status == runner.StatusReset || e.Status.Open()
}

// unknownResets are the users whom earlier runs have reset by the log, and whom no row is known to
// have been taken for.
type unknownResets struct {
	book  *book
	users map[string]evidence.Change // by ID: the first change that was found
}

// maxUnknown bounds how many are kept: they are damage if they are of this input, whoever follows.
const maxUnknown = 10_000

// note takes in what a run did.
func (u *unknownResets) note(c evidence.Change) {
	if n, ok := u.book.seen.Find(runner.Identifier{Kind: runner.KindID, Value: c.UserID}); ok && u.book.touched.has(n) {
		return
	}
	if len(u.users) < maxUnknown {
		u.users[c.UserID] = c
	}
}

// check returns an error that names those who are in the input.
func (u *unknownResets) check() error {
	if len(u.users) == 0 {
		return nil
	}
	byName := make(map[runner.Key]evidence.Change, 2*len(u.users))
	for id, c := range u.users {
		byName[runner.Identifier{Kind: runner.KindID, Value: id}.Key()] = c
		if login, reason := runner.ParseIdentifier(c.Login); reason == "" && login.Kind == runner.KindLogin {
			byName[login.Key()] = c
		}
	}
	const most = 3
	found, named := make(map[string]bool), []string(nil)
	for row, err := range u.book.file.Rows() {
		if err != nil {
			return fault.Refused(err)
		}
		id, reason := row.Identifier()
		c, ok := byName[id.Key()]
		if reason != "" || !ok || u.book.touched.has(row.N) || found[c.UserID] {
			continue
		}
		if found[c.UserID] = true; len(named) < most {
			named = append(named, fmt.Sprintf("%q in line %d (by run %s at %s)", row.Input, row.Line, c.By.RunID, c.At.UTC().Format(time.RFC3339)))
		}
	}
	if len(found) == 0 {
		return nil
	}
	text := strings.Join(named, ", ")
	if more := len(found) - len(named); more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return fault.Refused(&results.DamageError{
		Path: results.JournalPath(u.book.paths.results), Message: "by the System Log its runs have reset users of whom it knows nothing: " + text,
		Hint: results.HintJournal,
	})
}
