package oktaclient

import (
	"sync"
	"time"
)

// clock is the server's clock, as far as the replies show it. Between replies it follows the
// local monotonic clock, so setting the wall clock doesn't move it.
type clock struct {
	mu      sync.Mutex
	ahead   reading // the reply that puts the server's clock furthest ahead
	least   reading // the reply that puts it least ahead
	vouched int     // replies whose own window confirms their Date
}

// reading is what the server's clock showed at a local time. The zero value says nothing.
type reading struct{ shown, at time.Time }

// when returns what the server's clock shows at the local time now.
func (r reading) when(now time.Time) time.Time {
	if r.at.IsZero() {
		return now
	}
	return r.shown.Add(now.Sub(r.at))
}

const (
	// clockChange is more than two replies of one second differ: a larger step means that the
	// server's clock was set.
	clockChange = 5 * time.Second
	// windowSlack is how far a Date may lie outside the window that the same reply names: the
	// servers of one org differ a little.
	windowSlack = 5 * time.Second
	// maxDisagreement is how far apart Date and window may lie for either of them to be
	// plausible.
	maxDisagreement = 48 * time.Hour
)

// windowStart returns when the window that a reply names began, and false if the reply names
// none: the reset of a limit of 0 is only a suggestion.
func (r rateLimit) windowStart() (time.Time, bool) {
	if !r.known || r.limit == 0 || r.reset == 0 {
		return time.Time{}, false
	}
	return time.Unix(r.reset, 0).Add(time.Second - Window), true
}

// vouches reports whether the reply's Date lies within the window that the reply names. Okta
// wrote the window's end, and a proxy with a clock of its own leaves it alone.
func (r rateLimit) vouches() bool {
	start, ok := r.windowStart()
	if !ok || r.date.IsZero() {
		return false
	}
	into := r.date.Sub(start)
	return into >= -windowSlack && into <= Window-time.Second+windowSlack
}

// earliest returns a time that wasn't later than the server's clock when it replied, provided
// that the reply's Date or its window is true.
func (r rateLimit) earliest() time.Time {
	start, ok := r.windowStart()
	if !ok || r.vouches() || r.date.Sub(start).Abs() > maxDisagreement || r.date.Before(start) {
		return r.date
	}
	return start
}

// take learns from a reply of Okta's that came at the local time at.
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

// Now returns the server's time as far as the replies' Dates show it, otherwise the local time.
// It is never ahead of the server: a Date is cut to the second and ages on its way, so the reply
// that puts the server furthest ahead is nearest to the truth.
func (c *Client) Now() time.Time {
	c.clock.mu.Lock()
	defer c.clock.mu.Unlock()
	return c.clock.ahead.when(time.Now()).UTC()
}

// Earliest returns a server time that is certainly not later than now. One reply with a wrong
// Date, or one server whose clock is ahead of the others', can't make it later.
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

// Vouched returns how many replies so far [Reply.Vouched] is true for.
func (c *Client) Vouched() int {
	c.clock.mu.Lock()
	defer c.clock.mu.Unlock()
	return c.clock.vouched
}

// lead returns how far the server's clock is ahead of the local one; 0 while that isn't known.
func (c *Client) lead() time.Duration {
	c.clock.mu.Lock()
	defer c.clock.mu.Unlock()
	now := time.Now()
	return c.clock.ahead.when(now).Round(0).Sub(now.Round(0))
}

// Vouched reports whether the reply's Date lies within the rate-limit window that the reply
// names. It is false for a reply without such headers and for a 429 of the concurrency limit.
func (r Reply) Vouched() bool { return r.RequestID != "" && r.limit.vouches() }
