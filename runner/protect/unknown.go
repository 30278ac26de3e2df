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

// This file reads in the System Log, before a resume changes anybody, whom the earlier runs of
// these results have reset. The journal has each of these users as taken: that was on the disk
// before the request was sent. If a user is missing, either lines are missing that a run relied
// on, or these results are a copy, and a run has resumed another one. The users would be reset
// a second time.

// Unknown collects the users that earlier runs have reset, according to the log, and that no row
// was taken for.
type Unknown struct {
	Path     string            // of the results
	Manifest *results.Manifest // theirs
	Seen     *runner.Seen      // the users that the rows name
	Touched  runner.RowSet     // rows that were taken, whatever their outcome

	users map[string]evidence.Change // by ID: the first change found
}

// maxUnknown limits how many are kept: if they are of this input, a few are enough to show the
// damage.
const maxUnknown = 10_000

// Note records what a run did.
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

// Check returns an error with those that rows of the input name.
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
	found, named, elsewhere := make(map[string]bool), []string(nil), ""
	for row, err := range rows {
		if err != nil {
			return fault.Refused(err)
		}
		id, reason := row.Identifier()
		c, ok := byName[id.Key()]
		if reason != "" || !ok || u.Touched.Has(row.N) || found[c.UserID] {
			continue
		}
		if !u.Manifest.Has(c.By.RunID) {
			elsewhere = c.By.RunID
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
	damage := &results.DamageError{
		Path: results.JournalPath(u.Path), Message: "the System Log shows that its runs have reset users that it doesn't have: " + text, Hint: results.HintJournal,
	}
	if elsewhere != "" {
		damage.Message = "the System Log shows that another copy of these results was resumed, and has reset users that this one doesn't have: " + text
		damage.Hint = "resume the copy that has the run " + elsewhere + "; if it is lost, begin a new run with -o for the users without a reset in the org's System Log"
	}
	return fault.Refused(damage)
}
