package oktaclient

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// errUnsent marks a request that was never sent because the run ended while it waited for its turn.
var errUnsent = errors.New("not sent")

const (
	// startInFlight requests may be under way at first. Okta's formula gives 2 to 3 for 300 calls a minute at the 250 to
	// 500 ms that were measured; one more finds out soon that there is room.
	startInFlight = 4
	// recoverySlowness is how many full rounds the cap waits for each step once it is nearer than nearRefused percent to where it
	// was refused. It doubles each time up to maxSlowness: where the limit is 1 or 2, every step up is a refusal.
	recoverySlowness = 8
	maxSlowness      = 32
	nearRefused      = 85
	// outagePatience and limitPatience bound how long nothing may get through before the run stops.
	outagePatience = 10 * time.Minute
	limitPatience  = 5 * Window
	maxPause       = time.Minute
	// fewFailures in a row are no outage yet, even if only one request is under way at a time.
	fewFailures = 3
)

// pacer decides when a request may be sent: one for a client, with one gate for each bucket. All of it is under one lock;
// nothing waits while it is held.
type pacer struct {
	capacity    int        // percent of a window's limit that may be used
	rate        rate.Limit // ceiling for each bucket; rate.Inf: none
	maxInFlight int

	mu       sync.Mutex
	changed  chan struct{} // closed and replaced whenever a request that waits should look again
	gates    map[Bucket]*gate
	inFlight int
	callers  int // goroutines inside a call: sending, waiting or pausing

	// The in-flight cap: it grows while it is what holds requests back, and halves on a concurrency 429.
	inFlightCap int
	round       int  // replies since the cap last could grow
	full        bool // a request found the cap full in this round
	refusedAt   int  // the cap at the last concurrency 429; 0: there was none
	slowness    int  // rounds it takes to grow near there
	halved      time.Time
	halvings    int // in a row

	// The pool-wide hold.
	hold     time.Time
	why      string
	failures int       // connection failures and 5xx in a row, over all requests
	failing  time.Time // when they began to hold the pool; zero: they don't
	pause    time.Duration
	err      error // set once: nothing is admitted any more

	stats Stats
}

// gate is a bucket's part of the pacer.
type gate struct {
	window   window
	limiter  *rate.Limiter
	inFlight int
	probe    bool      // the window's state isn't known: one request has to find out, alone
	probing  bool      // that request is under way
	hold     time.Time // no request before this, whatever the window says
	pause    time.Duration
	starved  time.Time // when the 429s began that nothing has got through since; zero: something did
	held     time.Time // since when requests wait for the window; zero: they don't
	err      error     // set once: nothing is admitted to this bucket any more
}

// slot is a request's permission to be sent. It has to be given back by done or abort.
type slot struct {
	gate  *gate
	sent  time.Time
	probe bool
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
		capacity: capacity, rate: ceiling, maxInFlight: maxInFlight, inFlightCap: min(startInFlight, maxInFlight), slowness: 1,
		changed: make(chan struct{}), gates: make(map[Bucket]*gate),
	}
}

// admit waits until a request to the bucket may be sent. Its error wraps errUnsent when ctx ended first, or is [ErrOutage].
func (p *pacer) admit(ctx context.Context, b Bucket) (slot, error) {
	for {
		if ctx.Err() != nil {
			return slot{}, fmt.Errorf("%w: %w", errUnsent, context.Cause(ctx))
		}
		p.mu.Lock()
		g := p.gate(b)
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
	g := p.gates[b]
	if g == nil {
		g = &gate{limiter: rate.NewLimiter(p.rate, 1), probe: true}
		p.gates[b] = g
	}
	return g
}

// closed looks whether a request to g may be sent now. If it may, it takes the limiter's token. Otherwise until is when to
// look again at the latest; zero: only when something changes.
func (p *pacer) closed(g *gate, now time.Time) (until time.Time, ok bool) {
	if g.window.limit > 0 && !g.window.ends.IsZero() && !g.window.open(now) {
		g.window.ends, g.probe = time.Time{}, true // over: what the next one holds has to be found out
	}
	switch {
	case now.Before(p.hold):
		return p.hold, false
	case now.Before(g.hold):
		g.wait(now)
		return g.hold, false
	case g.probing:
		return time.Time{}, false
	case !g.probe && g.window.open(now) && g.window.left(p.capacity, g.inFlight) < 1:
		g.wait(now)
		return g.window.ends, false
	case p.inFlight >= p.allowed():
		p.full = true
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
	return p.inFlightCap
}

func (g *gate) wait(now time.Time) {
	if g.held.IsZero() {
		g.held = now
	}
}

func (p *pacer) enter(g *gate, now time.Time) slot {
	if !g.held.IsZero() {
		p.stats.Held += now.Sub(g.held)
		g.held = time.Time{}
	}
	s := slot{gate: g, sent: now, probe: g.probe}
	g.probing = g.probe
	p.inFlight++
	g.inFlight++
	return s
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
	p.inFlight--
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
	p.leave(s)
	p.learnHealth(o, now)
	switch {
	case o.limited && o.limit.concurrency():
		p.stats.TooMany++
		p.shrink(s, now)
	case o.limited:
		p.stats.TooMany++
		s.gate.refuse(o.limit, s.sent, now)
	case o.replied:
		s.gate.accept(o.limit, now, p.rate, p.capacity)
		p.grow()
	case o.limit.known: // a 5xx of Okta's own
		s.gate.accept(o.limit, now, p.rate, p.capacity)
	default:
		s.gate.window.spend(1) // no answer: it may have been counted
	}
	p.checkStarved(s.gate, o, now)
}

// accept takes in a reply that got through.
func (g *gate) accept(r rateLimit, now time.Time, ceiling rate.Limit, capacity int) {
	g.window.learn(r, now)
	if !g.window.open(now) && g.window.limit > 0 {
		// A limit without a window's end: a sixtieth of it each second is what a minute allows, however the window lies.
		ceiling = min(ceiling, rate.Limit(float64(allowance(g.window.limit, capacity))/60))
	}
	if g.limiter.Limit() != ceiling {
		g.limiter.SetLimitAt(now, ceiling)
	}
	g.probe, g.pause = false, 0
}

// refuse takes in a 429 of the bucket: hold until its window has ended by the server's clock, or, where that isn't said,
// pause twice as long each time. It says nothing about the window on record: it may speak of the org's, not the token's. Only a
// 429 that was overtaken, sent before that window was known and refused in the one before, is old news.
func (g *gate) refuse(r rateLimit, sent, now time.Time) {
	if g.window.older(r, now) && sent.Before(g.window.since) {
		return
	}
	g.probe = true
	d, ok := r.wait(now)
	if !ok || !r.known {
		g.pause = min(max(time.Second, 2*g.pause), maxPause)
		d = g.pause
	}
	if until := now.Add(d); until.After(g.hold) {
		g.hold = until
	}
}

// grow lets one more request be under way once enough replies have come and the cap, not the budget, held requests back.
func (p *pacer) grow() {
	p.halvings = 0
	p.round++
	if p.round < p.patience() {
		return
	}
	if p.full && p.inFlightCap < p.maxInFlight {
		p.inFlightCap++
	}
	p.round, p.full = 0, false
}

// patience is how many replies the cap waits for before it grows: one as long as nothing was refused, which doubles it each
// round; a round up to near where it was refused last; many rounds beyond that.
//
// Simulated for 50 ms to 2 s a call, 600 to 6,000 calls a minute and 17 or 37 requests at a time, 3,000 users took 1.00 to 1.16 times
// the least possible so (1.48 at 50 ms and 17), against 1.00 to 1.57 with a round for each step and eight after any refusal.
func (p *pacer) patience() int {
	switch {
	case p.refusedAt == 0:
		return 1
	case 100*(p.inFlightCap+1) <= nearRefused*p.refusedAt:
		return p.inFlightCap
	}
	return p.inFlightCap * p.slowness
}

// shrink halves the cap on a concurrency 429 and pauses shortly: the reset that such a reply names is only a suggestion.
// Requests that were under way when it was halved don't halve it again.
func (p *pacer) shrink(s slot, now time.Time) {
	if s.sent.After(p.halved) {
		p.refusedAt = p.inFlightCap
		p.inFlightCap = max(1, p.inFlightCap/2)
		p.round, p.full, p.slowness = 0, false, min(max(recoverySlowness, 2*p.slowness), maxSlowness)
		p.halved = now
		p.halvings = min(p.halvings+1, 4)
	}
	pause := time.Duration(float64(int(1)<<p.halvings) * (0.25 + rand.Float64()/4) * float64(time.Second))
	p.holdUntil(now.Add(pause), "concurrency limit")
}

func (p *pacer) holdUntil(t time.Time, why string) {
	if t.After(p.hold) {
		p.hold, p.why = t, why
	}
}

// learnHealth watches for an outage: as many failures in a row as there are callers (or may be requests under way, if that is
// less) means that everybody's last answer was one. The pool then holds and sends one request at a time, at growing pauses.
func (p *pacer) learnHealth(o outcome, now time.Time) {
	if !o.failed {
		p.failures, p.failing, p.pause = 0, time.Time{}, 0
		return
	}
	p.failures++
	switch {
	case p.failing.IsZero() && p.failures < max(fewFailures, min(p.inFlightCap, p.callers)):
		return
	case p.failing.IsZero():
		p.failing = now
	case now.Before(p.hold): // was under way when the hold began
		return
	case now.Sub(p.failing) >= outagePatience:
		p.err = ErrOutage
		return
	}
	p.pause = min(max(time.Second, 2*p.pause), maxPause)
	p.holdUntil(now.Add(p.pause), "Okta can't be reached")
}

// checkStarved closes a bucket for good when nothing but 429s came back from it for five windows.
func (p *pacer) checkStarved(g *gate, o outcome, now time.Time) {
	switch {
	case o.replied && !o.limited:
		g.starved = time.Time{}
	case o.limited && g.starved.IsZero():
		g.starved = now
	case o.limited && now.Sub(g.starved) >= limitPatience:
		g.err = ErrOutage
	}
}
