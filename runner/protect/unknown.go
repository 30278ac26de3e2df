package protect

import (
	"fmt"
	"iter"
	"strings"
	"time"

	"oktareset/runner"
	"oktareset/runner/evidence"
	"oktareset/runner/fault"
	"oktareset/runner/results"
)

// This file asks the System Log, before a resume changes anybody, whom the runs of these very
// results have reset. The journal knows each of them as taken: it was on the disk before the
// request was sent. If it doesn't, lines are missing that a run relied on, and whoever stood in
// them would be reset a second time.

// Unknown are the users whom earlier runs have reset by the log, and whom no row is known to have
// been taken for.
type Unknown struct {
	Path    string        // of the results
	Seen    *runner.Seen  // whom the rows name
	Touched runner.RowSet // rows that were taken, whatever became of them

	users map[string]evidence.Change // by ID: the first change that was found
}

// maxUnknown bounds how many are kept: they are damage if they are of this input, whoever follows.
const maxUnknown = 10_000

// Note counts what a run did.
func (u *Unknown) Note(c evidence.Change) {
	if n, ok := u.Seen.Find(runner.Identifier{Kind: runner.KindID, Value: c.UserID}); ok && u.Touched.Has(n) {
		return
	}
	if u.users == nil {
		u.users = make(map[string]evidence.Change)
	}
	if len(u.users) < maxUnknown {
		u.users[c.UserID] = c
	}
}

// Check returns an error that names those whom the rows of the input name.
func (u *Unknown) Check(rows iter.Seq2[runner.Row, error]) error {
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
	for row, err := range rows {
		if err != nil {
			return fault.Refused(err)
		}
		id, reason := row.Identifier()
		c, ok := byName[id.Key()]
		if reason != "" || !ok || u.Touched.Has(row.N) || found[c.UserID] {
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
		Path: results.JournalPath(u.Path), Message: "by the System Log its runs have reset users of whom it knows nothing: " + text,
		Hint: results.HintJournal,
	})
}
