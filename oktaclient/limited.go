package oktaclient

import (
	"context"
	"errors"
	"net/url"
	"time"
)

// ErrOwnLimit marks a 429 that concerns one row only: other rows got through in the meantime.
// Nothing was done.
var ErrOwnLimit = errors.New("this user has a limit of its own: Okta kept answering 429 while others got through")

const (
	// othersThrough is how many others have to get through in a window before a row that was
	// refused in it is tried again.
	othersThrough = 10
	// ownTries is after how many refusals the limit counts as the row's own.
	ownTries = 3
)

// refusal is a 429 that its bucket's own numbers don't explain: they name calls left. Either the
// org's limit is spent, which a token's numbers don't show, or the row has a limit of its own.
// After the first such 429 of a window, one other request finds out. If that is refused too, the
// bucket is spent and holds. Otherwise the limit is the row's, and the row waits behind the
// others.
type refusal struct {
	through, spends int // the gate's counts when it came
	times           int // refusals that only the row's own limit explains
}

// refuse records that r was refused, and reports whether that is now the row's own limit. now is
// nil if the bucket's numbers explain the refusal.
func (r *request) refuse(now *refusal) bool {
	if now != nil {
		now.times = 1
		if before := r.refused; before != nil && before.spends == now.spends {
			now.times = before.times + 1
		}
	}
	r.refused = now
	return now != nil && now.times >= ownTries
}

// explain records that a row's refusals were its own: they say nothing about its bucket.
func (p *pacer) explain(s slot) {
	p.mu.Lock()
	defer p.mu.Unlock()
	s.gate.suspected = time.Time{}
}

// stayBack keeps a refused request behind requests that weren't refused. lone means that there
// are no others to show whether the bucket is spent.
func (p *pacer) stayBack(ctx context.Context, r *request) (lone bool, err error) {
	if r.refused == nil {
		return false, nil
	}
	g := p.gate(r.bucket)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.release(r.series) // others may have to come first
	for {
		if ctx.Err() != nil {
			return false, unsentBy(ctx)
		}
		if err := p.over(g, r); err != nil {
			return false, err
		}
		alone := g.inFlight == 0 && g.heads == [rankCount]int{}
		if alone || g.through-r.refused.through >= othersThrough {
			return alone && g.spends == r.refused.spends, nil
		}
		changed := p.changed
		p.mu.Unlock()
		wait(ctx, time.Time{}, changed)
		p.mu.Lock()
	}
}

// askOthers replaces the other requests if r has none that would show whether its bucket is
// spent: it sends a read that counts in the same bucket. If the read isn't answered, the refusal
// of r says nothing.
func (c *Client) askOthers(ctx context.Context, r *request) {
	if r.bucket == BucketUsers {
		var users []User
		one := url.Values{"limit": {"1"}}
		rep, err := c.get(ctx, request{bucket: BucketUsers, path: apiPath("users"), query: one, most: maxPage, asks: true}, &users)
		if outcomeOf(rep, FateOf(err)).certain {
			return
		}
	}
	r.refused = nil
}
