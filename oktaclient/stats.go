package oktaclient

import (
	"sync"
	"time"
)

// Stats counts what the client did.
type Stats struct {
	Requests int           // sent, also those without an answer
	TooMany  int           // 429 replies
	AtOnce   int           // of these, those of the limit on requests at the same time
	Held     time.Duration // time in which requests waited for a window to end
	// series (see [Series]) split by the end of a window that others had spent
	Parted int

	// when the first and the last request were sent, by the local clock; zero: none was
	First, Last time.Time
}

// Stats returns the counts so far.
func (c *Client) Stats() Stats {
	c.pacer.mu.Lock()
	defer c.pacer.mu.Unlock()
	s := c.pacer.stats
	s.First, s.Last = c.span.times()
	return s
}

// span is the time from the first to the last request.
type span struct {
	mu          sync.Mutex
	first, last time.Time
}

// sent notes that a request is sent now.
func (s *span) sent(now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.first.IsZero() || now.Before(s.first) {
		s.first = now
	}
	if now.After(s.last) {
		s.last = now
	}
}

func (s *span) times() (first, last time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.first, s.last
}

// WhyLimit is the reason for a hold while a bucket's limit is spent.
const WhyLimit = "rate limit"

// Hold returns until when requests are held, in all buckets or in one that requests wait for, and
// why. A zero time means that requests flow.
func (c *Client) Hold() (until time.Time, why string) {
	p := c.pacer
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	if now.Before(p.hold) {
		until, why = p.hold, p.why
	}
	for _, g := range p.gates {
		if g.held.IsZero() {
			continue
		}
		ends := g.hold
		if g.window.open(now) && g.window.ends.After(ends) {
			ends = g.window.ends
		}
		if now.Before(ends) && ends.After(until) {
			until, why = ends, WhyLimit
		}
	}
	return until, why
}

// Allowance returns what a bucket's newest reply said: how many requests a minute this token is
// allowed, and how many of them this client may use. ok is false until a reply has said so.
func (c *Client) Allowance(b Bucket) (limit, usable int, ok bool) {
	p := c.pacer
	p.mu.Lock()
	defer p.mu.Unlock()
	g := p.gates[b]
	if g == nil || g.window.limit == 0 {
		return 0, 0, false
	}
	return g.window.limit, allowance(g.window.limit, p.capacity), true
}
