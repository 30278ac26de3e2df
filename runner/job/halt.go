package job

import (
	"errors"

	"oktareset/runner/fault"
)

var errHalt = fault.New(fault.ExitConsent, "", "too many rows failed (--halt)")

// errMaxDuration is the cause of a run's end by --max-duration.
var errMaxDuration error = &fault.Error{Err: errors.New("the time for this run is over (--max-duration)"), Code: fault.ExitStopped, Alone: true}
