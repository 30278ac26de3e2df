package evidence

import (
	"slices"

	"oktareset/runner/results"
)

// Runs are runs whose manifests are known: by run ID, the IDs of the accounts that they used.
type Runs map[string][]string

// RunsOf are the runs of results.
func RunsOf(m *results.Manifest) Runs {
	runs := make(Runs)
	runs.Add(m)
	return runs
}

// Add adds the runs of results.
func (r Runs) Add(m *results.Manifest) {
	for _, run := range m.Runs {
		if run.Actor.ID != "" { // else it has sent nothing
			r[run.RunID] = append(r[run.RunID], run.Actor.ID)
		}
	}
}

// Made reports whether one of the runs did something. Anybody can call himself one: the account has
// to be the run's, too.
func (r Runs) Made(s Source) bool { return slices.Contains(r[s.RunID], s.ActorID) }

// Kin returns a function that recognises the runs of results and of every copy of them, as a
// restored folder: those name the same first run. A copy may be resumed with any account.
func Kin(m *results.Manifest) func(Source) bool {
	runs, first := RunsOf(m), m.Runs[0].RunID
	return func(s Source) bool { return runs.Made(s) || s.First != "" && s.First == first }
}

// Used reports whether one of the runs used an account.
func (r Runs) Used(actorID string) bool {
	for _, accounts := range r {
		if slices.Contains(accounts, actorID) {
			return true
		}
	}
	return false
}
