package evidence

import (
	"context"
	"errors"
	"time"

	"oktareset/oktaclient"
)

// Bounds are how much of the log is read at most. The zero value is all of it.
type Bounds struct {
	Pages int
	For   time.Duration // no request begins after so long
}

// errBound ends a reading by its time.
var errBound = errors.New("the System Log was read for as long as is allowed")

// Read hands on the events that a query asks for, in its order, and reports whether these were all.
// An end by a bound is no error. An error is the client's, or the cause of ctx's end, and comes
// after what was read until then.
func Read(ctx context.Context, log *oktaclient.Client, q oktaclient.LogQuery, b Bounds, take func(*oktaclient.LogEvent)) (whole bool, err error) {
	bounded := ctx
	if b.For > 0 {
		var cancel context.CancelFunc
		bounded, cancel = context.WithTimeoutCause(ctx, b.For, errBound)
		defer cancel()
	}
	for events, err := range log.ListEvents(bounded, q, b.Pages) {
		for i := range events {
			take(&events[i])
		}
		switch {
		case ctx.Err() != nil:
			return false, context.Cause(ctx)
		case bounded.Err() != nil, errors.Is(err, oktaclient.ErrMorePages):
			return false, nil
		case err != nil:
			return false, err
		}
	}
	return true, nil
}
