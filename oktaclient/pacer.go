package oktaclient

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// errUnsent marks a request that was never sent because the run ended while it waited for its turn.
var errUnsent = errors.New("not sent")

// pacer decides when a request may be sent: one for a client, with one gate for each bucket. All of it is under one lock;
// nothing waits while it is held.
type pacer struct {
	capacity int        // percent of a window's limit that may be used
	rate     rate.Limit // ceiling for each bucket; rate.Inf: none

	mu       sync.Mutex
	changed  chan struct{} // closed and replaced whenever a request that waits should look again
	gates    map[Bucket]*gate
	flight   flight
	callers  int // goroutines inside a call: sending, waiting or pausing
	expected int // calls that are still to come; 0: not known

	// The pool-wide hold.
	hold     time.Time
	why      string
	failures int       // connection failures and 5xx in a row, over all requests
	failing  time.Time // when they began to hold the pool; zero: they don't
	pause    time.Duration
	err      error // set once: nothing is admitted any more

	stats Stats
}

// slot is a request's permission to be sent. It has to be given back by done or abort.
type slot struct {
	gate     *gate
	sent     time.Time
	underWay int // requests, this one included
	probe    bool
}

// outcome is what became of a request, as far as pacing goes.
type outcome struct {
	limit   rateLimit
	replied bool // a reply of any status below 500
	limited bool // 429 of the API
	failed  bool // connection failure, timeout or 5xx
}

func newPacer(capacity, maxInFlight int, ceiling rate.Limit) *pacer {
	return &pacer{
		capacity: capacity, rate: ceiling, flight: newFlight(maxInFlight), changed: make(chan struct{}), gates: make(map[Bucket]*gate),
	}
}

// admit waits until a request to the bucket may be sent. Its error wraps errUnsent when ctx ended first, or is [ErrOutage].
func (p *pacer) admit(ctx context.Context, b Bucket) (slot, error) {
	g := p.gate(b)
	select {
	case g.turn <- struct{}{}:
		defer func() { <-g.turn }()
	case <-ctx.Done():
		return slot{}, unsentBy(ctx)
	}
	for {
		if ctx.Err() != nil {
			return slot{}, unsentBy(ctx)
		}
		p.mu.Lock()
		if err := cmp.Or(p.err, g.err); err != nil {
			p.mu.Unlock()
			return slot{}, err
		}
		now := time.Now()
		until, ok := p.closed(g, now)
		if ok {
			s := p.enter(g, now)
			p.mu.Unlock()
			return s, nil
		}
		changed := p.changed
		p.mu.Unlock()
		wait(ctx, until, changed)
	}
}

func unsentBy(ctx context.Context) error { return fmt.Errorf("%w: %w", errUnsent, context.Cause(ctx)) }

// wait returns at the time until (zero: never), when changed is closed or when ctx ends.
func wait(ctx context.Context, until time.Time, changed <-chan struct{}) {
	var due <-chan time.Time
	if !until.IsZero() {
		t := time.NewTimer(time.Until(until))
		defer t.Stop()
		due = t.C
	}
	select {
	case <-due:
	case <-changed:
	case <-ctx.Done():
	}
}

func (p *pacer) gate(b Bucket) *gate {
	p.mu.Lock()
	defer p.mu.Unlock()
	g := p.gates[b]
	if g == nil {
		g = &gate{turn: make(chan struct{}, 1), limiter: rate.NewLimiter(p.rate, 1), probe: true}
		p.gates[b] = g
	}
	return g
}

// closed looks whether a request to g may be sent now. If it may, it takes the limiter's token. Otherwise until is when to
// look again at the latest; zero: only when something changes.
func (p *pacer) closed(g *gate, now time.Time) (until time.Time, ok bool) {
	if now.Before(p.hold) {
		return p.hold, false
	}
	if until, ok = g.closed(now, p.capacity, p.expected); !ok {
		return until, false
	}
	if p.flight.underWay >= p.allowed() {
		return time.Time{}, false
	}
	r := g.limiter.ReserveN(now, 1)
	if d := r.DelayFrom(now); d > 0 {
		r.CancelAt(now)
		return now.Add(d), false
	}
	return time.Time{}, true
}

// allowed is the in-flight cap, or one while the org can't be reached.
func (p *pacer) allowed() int {
	if !p.failing.IsZero() {
		return 1
	}
	return p.flight.cap
}

func (p *pacer) enter(g *gate, now time.Time) slot {
	if !g.held.IsZero() {
		p.stats.Held += now.Sub(g.held)
		g.held = time.Time{}
	}
	p.flight.underWay++
	g.inFlight++
	g.probing = g.probe
	return slot{gate: g, sent: now, underWay: p.flight.underWay, probe: g.probe}
}

// stillOpen reports whether a request that was admitted may still be sent: the pool may have begun to hold since.
func (p *pacer) stillOpen(s slot) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	return cmp.Or(p.err, s.gate.err) == nil && !now.Before(p.hold) && !now.Before(s.gate.hold)
}

// abort gives back a slot whose request was not sent.
func (p *pacer) abort(s slot) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.leave(s)
}

// expect notes how many calls are still to come.
func (p *pacer) expect(n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.expected = max(0, n)
}

// call counts a caller; the function that it returns ends the count.
func (p *pacer) call() func() {
	p.mu.Lock()
	p.callers++
	p.mu.Unlock()
	return func() {
		p.mu.Lock()
		p.callers--
		p.mu.Unlock()
	}
}

func (p *pacer) leave(s slot) {
	p.flight.underWay--
	s.gate.inFlight--
	if s.probe {
		s.gate.probing = false
	}
	close(p.changed)
	p.changed = make(chan struct{})
}

// done gives back a slot and learns from what became of its request.
func (p *pacer) done(s slot, o outcome) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	p.stats.Requests++
	underWay := max(s.underWay, p.flight.underWay) // that it was admitted before others doesn't mean that it arrived before them
	p.leave(s)
	p.learnHealth(o, now)
	switch {
	case o.limited && o.limit.concurrency():
		p.stats.TooMany++
		if d := p.flight.refuse(underWay); d > 0 {
			p.holdUntil(now.Add(d), "concurrency limit")
		}
	case o.limited:
		p.stats.TooMany++
		s.gate.refuse(o.limit, s.sent, now)
	case o.replied:
		s.gate.accept(o.limit, now, p.rate, p.capacity)
		p.flight.accept(underWay)
	case o.limit.known: // a 5xx of Okta's own
		s.gate.accept(o.limit, now, p.rate, p.capacity)
	default:
		s.gate.window.spend(1) // no answer: it may have been counted
	}
	s.gate.checkStarved(o, now)
}

func (p *pacer) holdUntil(t time.Time, why string) {
	if t.After(p.hold) {
		p.hold, p.why = t, why
	}
}
