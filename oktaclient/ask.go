package oktaclient

import (
	"context"
	"time"
)

// firstAsk is how long the first read after a loss may take; each further one twice as long, up to
// the client's own limit.
const firstAsk = 5 * time.Second

// askOkta reads users until Okta answers, at growing pauses, so that changes may be sent again: in
// turn the one whose change was lost and the one whose change waits, as a single user may be the
// trouble. The end of ctx ends such a read: nobody needs its answer but for going on.
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

// toAsk is the user whose change was lost. ended is true if nothing waits for Okta's answer any
// more: the changes end if there is none to what has been asked since begun.
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
