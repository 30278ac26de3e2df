package oktaclient

import (
	"context"
	"time"
)

// firstAsk is how long the first read after a lost answer may take. Each further read may take
// twice as long, up to the client's timeout.
const firstAsk = 5 * time.Second

// askOkta reads users at growing pauses until Okta answers; then changes may be sent again. It
// alternates between the user whose change was lost and the one whose change waits, because a
// single user may be the trouble. When ctx ends, the read that is under way ends too: its answer
// is needed for nothing else.
func (c *Client) askOkta(ctx context.Context, user string) {
	ctx = Brief(ctx)
	defer c.pacer.endAsking()
	begun := time.Now()
	for n := 0; ; n++ {
		whom, ended := c.pacer.toAsk(begun)
		if ended || ctx.Err() != nil {
			return
		}
		if n%2 == 1 && user != "" || whom == "" {
			whom = user
		}
		if n > 0 {
			pause(ctx, n)
		}
		var u User
		_, _ = c.get(ctx, request{
			bucket: BucketUser, path: apiPath("users", whom), asks: true, once: true, timeout: min(firstAsk<<min(n, 4), c.timeout),
		}, &u)
	}
}

// toAsk returns the user whose change was lost. ended is true if no change waits for Okta's
// answer any more. If nothing was answered for outagePatience after begun, toAsk ends the changes
// with [ErrOutage].
func (p *pacer) toAsk(begun time.Time) (user string, ended bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.changes.paused() && p.changes.err == nil && time.Since(begun) >= outagePatience {
		p.changes.err = ErrOutage
	}
	return p.changes.doubt, !p.changes.paused() || p.err != nil || p.changes.err != nil
}

func (p *pacer) endAsking() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.changes.asking = false
	p.wake()
}
