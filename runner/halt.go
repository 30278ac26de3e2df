package runner

// haltAfter is how many rows have to be finished before a percentage means anything.
const haltAfter = 20

// HaltRule ends a run after too many failures. The zero value never ends one.
type HaltRule struct {
	Count   int     // failed rows; 0: no such rule
	Percent float64 // of the finished rows; 0: no such rule
}

// Halted reports whether this many failures among the finished rows end the run.
func (h HaltRule) Halted(failed, finished int) bool {
	if h.Count > 0 && failed >= h.Count {
		return true
	}
	return h.Percent > 0 && finished >= haltAfter && float64(failed)*100 >= h.Percent*float64(finished)
}
