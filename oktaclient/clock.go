package oktaclient

import (
	"sync"
	"time"
)

// clock is the server's clock, as far as the replies tell. Between replies this machine's monotonic
// clock counts: whoever sets the wall clock doesn't move it.
type clock struct {
	mu      sync.Mutex
	ahead   reading // of the reply that puts the server's clock furthest ahead
	least   reading // of the one that puts it least ahead
	vouched int     // replies whose Date their own window vouches for
}

// reading says that the server's clock showed a time when this machine's showed another. The zero
// value says nothing.
type reading struct{ shown, at time.Time }

// when is what the server's clock shows at a time of this machine's.
func (r reading) when(now time.Time) time.Time {
	if r.at.IsZero() {
		return now
	}
	return r.shown.Add(now.Sub(r.at))
}

const (
	// clockChange is more than replies of one second differ: the server's clock was set.
	clockChange = 5 * time.Second
	// windowSlack is how far a Date may lie outside of the window that the same reply names:
	// servers of one org differ a little.
	windowSlack = 5 * time.Second
	// maxDisagreement is how far apart Date and window may lie so that either of them may still be
	// a time at all.
	maxDisagreement = 48 * time.Hour
)

// windowStart is when the window that a reply names began. It reports false where the reply names
// none: the reset of a limit of 0 is only a suggestion.
func (r rateLimit) windowStart() (time.Time, bool) {
	if !r.known || r.limit == 0 || r.reset == 0 {
		return time.Time{}, false
	}
	return time.Unix(r.reset, 0).Add(time.Second - Window), true
}

// vouches reports whether the reply's Date lies within the window that the reply names: the end of
// a window is a time that Okta wrote, and that a proxy with a clock of its own leaves alone.
func (r rateLimit) vouches() bool {
	start, ok := r.windowStart()
	if !ok || r.date.IsZero() {
		return false
	}
	into := r.date.Sub(start)
	return into >= -windowSlack && into <= Window-time.Second+windowSlack
}

// earliest is a time that wasn't later than the server's clock when it replied, if either its Date
// or its window is true.
func (r rateLimit) earliest() time.Time {
	start, ok := r.windowStart()
	if !ok || r.vouches() || r.date.Sub(start).Abs() > maxDisagreement || r.date.Before(start) {
		return r.date
	}
	return start
}

// take takes in what a reply of Okta's, which came at a time of this machine's clock, says.
func (c *clock) take(r rateLimit, at time.Time) {
	if r.date.IsZero() {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	vouched := r.vouches()
	now := reading{r.earliest(), at}
	first := c.ahead.at.IsZero() || vouched && c.vouched == 0
	if by := now.shown.Sub(c.ahead.when(at)); first || (vouched || c.vouched == 0) && (by > 0 || by < -clockChange) {
		c.ahead = now
	}
	if vouched {
		c.vouched++
	}
	if c.least.at.IsZero() || now.shown.Before(c.least.when(at)) {
		c.least = now
	}
}

// Now is the server's clock as far as the replies' Dates tell, else this machine's. It isn't ahead
// of the server's: a Date is cut to the second and was older still when it arrived, so the one that
// puts the server furthest ahead is the nearest to the truth.
func (c *Client) Now() time.Time {
	c.clock.mu.Lock()
	defer c.clock.mu.Unlock()
	return c.clock.ahead.when(time.Now()).UTC()
}

// Earliest is a time by the server's clock that is surely not later than now: one reply with a
// wrong Date, or a server whose clock is ahead of the others', doesn't make it so.
func (c *Client) Earliest() time.Time {
	c.clock.mu.Lock()
	defer c.clock.mu.Unlock()
	now := time.Now()
	ahead, least := c.clock.ahead.when(now), c.clock.least.when(now)
	if least.Before(ahead) {
		return least.UTC()
	}
	return ahead.UTC()
}

// Vouched is how many replies so far were vouched for as [Reply.Vouched] says.
func (c *Client) Vouched() int {
	c.clock.mu.Lock()
	defer c.clock.mu.Unlock()
	return c.clock.vouched
}

// lead is how far the server's clock is ahead of this machine's, 0 as long as that isn't known.
func (c *Client) lead() time.Duration {
	c.clock.mu.Lock()
	defer c.clock.mu.Unlock()
	now := time.Now()
	return c.clock.ahead.when(now).Round(0).Sub(now.Round(0))
}

// Vouched reports whether the reply's Date lies within the rate-limit window that the reply names.
// Of what has no such headers, and of a refusal for too many requests at the same time, it is
// false.
func (r Reply) Vouched() bool { return r.RequestID != "" && r.limit.vouches() }
