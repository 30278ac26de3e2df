package job

import (
	"errors"

	"oktareset/runner/fault"
)

// haltAfter is how many rows have to be finished before a percentage says anything.
const haltAfter = 20

// errHalt is the cause of a run that its --halt rule has ended.
var errHalt = fault.New(fault.ExitConsent, "", "too many rows failed (--halt)")

// errMaxDuration is the cause of a run that has used up its --max-duration.
var errMaxDuration error = &fault.Error{Err: errors.New("the time for this run is over (--max-duration)"), Code: fault.ExitStopped, Alone: true}

// HaltRule ends a run after too many failures. The zero value never does.
type HaltRule struct {
	Count   int     // failed rows; 0: no such rule
	Percent float64 // of the finished rows; 0: no such rule
}

// halted reports whether so many failures among the finished rows end the run.
func (h HaltRule) halted(failed, finished int) bool {
	if h.Count > 0 && failed >= h.Count {
		return true
	}
	return h.Percent > 0 && finished >= haltAfter && float64(failed)*100 >= h.Percent*float64(finished)
}
