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

// errUnsent marks a request that was never sent because the run ended while it waited for its
// turn.
var errUnsent = errors.New("not sent")

// pacer decides when a request may be sent. A client has one pacer, with one gate for each
// bucket. One lock guards all of it; nothing waits with the lock held.
type pacer struct {
	capacity int        // percent of a window's limit that may be used
	rate     rate.Limit // ceiling for each bucket; rate.Inf: none

	mu       sync.Mutex
	changed  chan struct{} // closed and replaced whenever waiting requests should look again
	gates    map[Bucket]*gate
	changes  changeGate
	flight   flight
	callers  int // goroutines inside a call: sending, waiting or pausing
	changers int // of these, those inside a change
	expected int // calls that may still follow; 0: unknown

	// The hold of the whole pool.
	hold     time.Time
	why      string
	failures int       // connection failures and 5xx in a row, over all requests
	failing  time.Time // when they began to hold the pool; zero: they don't
	pause    time.Duration
	err      error // set once: no request is admitted any more

	stats Stats
}

// slot is a request's permission to be sent. done or abort must give it back.
type slot struct {
	gate     *gate
	sent     time.Time
	underWay int // requests, this one included
	probe    bool
	again    bool // it was refused before, although its bucket had calls left

	change uint64  // its number among the changes; 0: it is no change
	alone  bool    // no other change was or will be under way
	user   string  // who it changes
	series *Series // the series of the request; nil: none
	drew   bool    // it used one of the series' promised calls
}

// outcome is what the pacer learns from a request.
type outcome struct {
	limit   rateLimit
	replied bool // a reply of any status below 500
	limited bool // 429 of the API
	failed  bool // connection failure, timeout or 5xx
	done    bool // 2xx
	certain bool // Okta answered, whatever it said
	lost    bool // sent, but no answer that can be trusted
}

// rank is the order in which requests to a bucket go: each has a queue of its own.
type rank int

const (
	rankLater rank = iota // of a user whose changes have begun
	rankFirst             // the first change of a user
	rankRead
	rankCount
)

func rankOf(r *request) rank {
	switch {
	case r.series != nil && r.series.begun: // only its own goroutine changes that
		return rankLater
	case r.safe:
		return rankRead
	}
	return rankFirst
}

func newPacer(capacity, maxInFlight int, ceiling rate.Limit) *pacer {
	return &pacer{
		capacity: capacity, rate: ceiling, flight: newFlight(maxInFlight), changed: make(chan struct{}), gates: make(map[Bucket]*gate),
		changes: newChangeGate(),
	}
}

// errAskOkta is returned for a request that must not be sent before Okta has answered a read. The
// caller has to send that read.
var errAskOkta = errors.New("an answer was lost")

// admit waits until a request may be sent. Its error wraps errUnsent if ctx ended first, is
// errAskOkta, or is what ended the waiting for all.
func (p *pacer) admit(ctx context.Context, r *request) (slot, error) {
	g, k := p.gate(r.bucket), rankOf(r)
	select {
	case g.turns[k] <- struct{}{}:
		defer func() { <-g.turns[k] }()
	case <-ctx.Done():
		return slot{}, unsentBy(ctx)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	g.heads[k]++
	defer func() { g.heads[k]-- }()
	for {
		if ctx.Err() != nil {
			return slot{}, unsentBy(ctx)
		}
		if err := p.over(g, r); err != nil {
			return slot{}, err
		}
		now := time.Now()
		until, ok := p.closed(g, r, k, now)
		switch {
		case ok:
			return p.enter(g, r, now), nil
		case !r.safe && p.changes.paused() && !p.changes.asking:
			p.changes.asking = true
			return slot{}, errAskOkta
		}
		changed := p.changed
		p.mu.Unlock()
		wait(ctx, until, changed)
		p.mu.Lock()
	}
}

// over returns the error that ended a request's waiting for good, or nil.
func (p *pacer) over(g *gate, r *request) error {
	err := cmp.Or(p.err, g.err)
	if err == nil && !r.safe {
		err = p.changes.err
	}
	return err
}

func unsentBy(ctx context.Context) error { return fmt.Errorf("%w: %w", errUnsent, context.Cause(ctx)) }

// wait returns at the time until (zero: never), when changed is closed, or when ctx ends.
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
		g = newGate(b, p.rate)
		p.gates[b] = g
	}
	return g
}

// closed returns whether a request to g may be sent now. If ok, it takes the limiter's token.
// Otherwise until is when to look again at the latest; zero: only after a change.
func (p *pacer) closed(g *gate, r *request, k rank, now time.Time) (until time.Time, ok bool) {
	if now.Before(p.hold) {
		return p.hold, false
	}
	promised := g.promised - r.series.promised() // to others
	if !r.safe && p.changes.closed(now) {
		return time.Time{}, false
	}
	// Users who are changed in part come first, above all when only one change may go.
	if k == rankFirst && (g.heads[rankLater] > 0 || promised > 0 && p.changes.alone) {
		return time.Time{}, false
	}
	if until, ok = g.closed(now, p.capacity, p.expected, k, r.calls(k), promised); !ok {
		return until, false
	}
	if p.flight.underWay >= p.allowed() {
		return time.Time{}, false
	}
	l := g.limiter.ReserveN(now, 1)
	if d := l.DelayFrom(now); d > 0 {
		l.CancelAt(now)
		return now.Add(d), false
	}
	return time.Time{}, true
}

// allowed returns the in-flight cap, or 1 while the org can't be reached.
func (p *pacer) allowed() int {
	if !p.failing.IsZero() {
		return 1
	}
	return p.flight.cap
}

func (p *pacer) enter(g *gate, r *request, now time.Time) slot {
	if !g.held.IsZero() {
		p.stats.Held += now.Sub(g.held)
		g.held = time.Time{}
	}
	p.flight.underWay++
	g.inFlight++
	g.probing = g.probe
	s := slot{gate: g, sent: now, underWay: p.flight.underWay, probe: g.probe, again: r.refused != nil}
	if r.safe {
		return s
	}
	s.change, s.alone, s.user = p.changes.enter(now), p.changes.alone, r.user()
	if r.series != nil {
		if r.began.Before(g.spentUntil) && !now.Before(g.spentUntil) {
			p.part(r.series)
		}
		s.series, s.drew = r.series, r.series.enter(g)
		p.wake() // first changes wait for later steps
	}
	return s
}

// stillOpen reports whether an admitted request may still be sent: the pool may have begun to
// hold since.
func (p *pacer) stillOpen(s slot) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	return cmp.Or(p.err, s.gate.err) == nil && !now.Before(p.hold) && s.gate.stillOpen(s, now) && (s.change == 0 || p.changes.stillOpen())
}

// abort gives back a slot whose request was not sent.
func (p *pacer) abort(s slot) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.abortSeries(s.series, s.drew)
	p.leave(s)
}

// expect sets how many calls may still follow.
func (p *pacer) expect(n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.expected = max(0, n)
}

// call counts a caller until the returned function is called.
func (p *pacer) call(change bool) func() {
	n := 0
	if change {
		n = 1
	}
	count := func(sign int) {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.callers += sign
		p.changers += sign * n
	}
	count(1)
	return func() { count(-1) }
}

func (p *pacer) leave(s slot) {
	p.flight.underWay--
	s.gate.inFlight--
	if s.probe {
		s.gate.probing = false
	}
	if s.change != 0 {
		p.changes.leave(s.change)
	}
	p.wake()
}

// wake makes all waiting requests look again.
func (p *pacer) wake() {
	close(p.changed)
	p.changed = make(chan struct{})
}

// done gives back a slot and learns from its request's outcome. For a 429 that the bucket's own
// numbers don't explain, it returns a refusal, which shows later whether the bucket or the row
// was meant.
func (p *pacer) done(s slot, o outcome) *refusal {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	p.stats.Requests++
	// being admitted before others doesn't mean arriving before them
	underWay := max(s.underWay, p.flight.underWay)
	p.leave(s)
	p.learnChange(s, o, now)
	p.learnHealth(o, now)
	if o.limited && o.certain {
		p.stats.TooMany++
		if o.limit.concurrency() {
			p.stats.AtOnce++
		}
	}
	var unexplained *refusal
	switch {
	case o.limited && o.limit.concurrency():
		if d := p.flight.refuse(underWay); d > 0 {
			p.holdUntil(now.Add(d), "concurrency limit")
		}
	case o.limited:
		unexplained = s.gate.refuse(o.limit, s, now, o.certain)
	case o.replied:
		s.gate.accept(o.limit, s.sent, now, p.rate, p.capacity)
		p.flight.accept(underWay)
	case o.limit.known: // a 5xx from Okta itself
		s.gate.accept(o.limit, s.sent, now, p.rate, p.capacity)
	default:
		s.gate.window.spend(1) // no answer: the request may have been counted
	}
	s.gate.checkStarved(o, now)
	return unexplained
}

// learnChange passes the outcome of a change, or of a read, on to the changes that wait.
func (p *pacer) learnChange(s slot, o outcome, now time.Time) {
	if s.change == 0 {
		if o.certain {
			p.changes.heard(s.sent, now)
		}
		return
	}
	p.changes.done(s, o, now)
	switch {
	case s.series == nil || s.series.begun:
	case o.done:
		s.series.begun = true
	default: // its later steps no longer need room: the first change may be tried again
		p.release(s.series)
	}
}

func (p *pacer) holdUntil(t time.Time, why string) {
	if t.After(p.hold) {
		p.hold, p.why = t, why
	}
}
