package runner

import (
	"context"
	"time"
)

// Pause waits for d, and returns the cause early when ctx ends. It doesn't wait at all if ctx is over
// or d isn't positive.
func Pause(ctx context.Context, d time.Duration) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if d <= 0 {
		return nil
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
