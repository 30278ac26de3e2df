package evidence

import (
	"errors"
	"fmt"
	"time"

	"oktareset/oktaclient"
	"oktareset/runner/fault"
)

const (
	// LogRetention is how long Okta keeps events.
	LogRetention = 90 * 24 * time.Hour
	// LogCalls is how many requests a minute a default token may send to the log of a workforce
	// org.
	LogCalls = 60
	// LongReading is how long a reading of the log has to be for the program to announce it.
	LongReading = time.Minute
	// TellEvery is the time between two messages on how far a reading is.
	TellEvery = 10 * time.Second
	// FewUsers are asked for by name, in several queries. For more of them, a reading of the whole
	// org's events takes fewer calls.
	FewUsers = 10 * oktaclient.LogTargets
	// ClockSlack allows for server clocks that differ, and for the milliseconds that a file cuts off.
	ClockSlack = 5 * time.Second
	// WarnForgotten is the warning about a run whose time the log has only in part. It takes the
	// day on which the run began.
	WarnForgotten = "Okta keeps its log for 90 days; this run began on %s: its first events may be gone"
	// ShortFor is the format of times in messages.
	ShortFor = "2006-01-02T15:04:05Z"
)

// ExplainLog says why the System Log couldn't be read, with the exit code for that.
func ExplainLog(c *oktaclient.Client, err error) error {
	p := fault.Before
	if c.MetOkta() {
		p = fault.During
	}
	known := fault.Of(c, err, p, "read its System Log")
	switch {
	case known == nil:
		return fault.WithCode(p.Code(), fmt.Errorf("read the System Log of %s: %w", c.Org().Host(), err))
	case fault.Code(known) == fault.ExitNoAccess && !errors.Is(err, oktaclient.ErrUnusableToken):
		return fault.New(fault.ExitNoAccess, HintLog, "%w", known)
	}
	return known
}

// MayPass reports whether an error of a reading may pass if the command waits.
func MayPass(err error) bool {
	var (
		api       *oktaclient.APIError
		transport *oktaclient.TransportError
	)
	switch oktaclient.FateOf(err) {
	case oktaclient.NotSent, oktaclient.Limited, oktaclient.Busy, oktaclient.Unreachable:
		return true
	case oktaclient.InDoubt:
		if errors.As(err, &api) || errors.As(err, &transport) || errors.Is(err, oktaclient.ErrNotOkta) {
			return true
		}
	}
	return errors.Is(err, oktaclient.ErrOutage) || errors.Is(err, oktaclient.ErrLimited)
}

// HintLog says what is needed to read the System Log.
const HintLog = "the System Log needs the token of an admin who may read it, or the scope okta.logs.read"
