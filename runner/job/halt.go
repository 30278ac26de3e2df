package job

import (
	"errors"

	"oktareset/runner/fault"
)

// errHalt is the cause of a run that its --halt rule has ended.
var errHalt = fault.New(fault.ExitConsent, "", "too many rows failed (--halt)")

// errMaxDuration is the cause of a run that has used up its --max-duration.
var errMaxDuration error = &fault.Error{Err: errors.New("the time for this run is over (--max-duration)"), Code: fault.ExitStopped, Alone: true}
