package oktaclient

import (
	"time"

	"golang.org/x/time/rate"
)

const (
	// limitPatience is how long a bucket may answer only with 429 before the run stops.
	limitPatience = 5 * Window
	// fewPart limits a window without hurry: one in fewPart of its calls may be under way at a
	// time. Another client of the org may have spent the bucket without a header that shows it,
	// and then all requests under way are refused: one call in 75, if the window yields what it
	// should.
	fewPart = 75
	// crowdMemory is how long the pacer expects others who spent the bucket to come back. It
	// covers a client that skips some windows.
	crowdMemory = 10 * Window
	// reserve is the end of a window that is left unused when the window is spent without hurry:
	// time for late answers.
	reserve = 20 * time.Second
)

// gate is a bucket's part of the pacer.
type gate struct {
	bucket Bucket
	// for each rank: the one request that watches for the bucket to open has it, the others queue
	// behind
	turns    [rankCount]chan struct{}
	heads    [rankCount]int // how many have those turns
	promised int            // calls that users whose changes have begun still need
	// when the bucket was usable again after it was last found spent
	spentUntil time.Time
	window     window
	limiter    *rate.Limiter
	inFlight   int
	probe      bool      // the window's state isn't known: one request, alone, has to find out
	probing    bool      // that request is under way
	hold       time.Time // no request before this time, whatever the window says
	pause      time.Duration
	crowded    time.Time // when others were last found to have spent a window
	yield      int       // how many requests got through in that window
	starved    time.Time // when the 429s began, if no other reply came since; zero: one did
	held       time.Time // since when requests wait for the window; zero: none waits
	err        error     // set once: no request is admitted to this bucket any more

	// About 429s that the bucket's own numbers don't explain: see refusal.
	// when the first one came, if no later request was answered since; zero: none is open
	suspected time.Time
	through   int // replies other than 429
	spends    int // how often a 429 found the bucket spent
}

func newGate(b Bucket, ceiling rate.Limit) *gate {
	g := &gate{bucket: b, limiter: rate.NewLimiter(ceiling, 1), probe: true}
	for k := range g.turns {
		g.turns[k] = make(chan struct{}, 1)
	}
	return g
}

// closed returns whether the bucket lets a request of rank k be sent now. It needs room for calls
// requests beside those that are promised to others; expected is how many the run still expects.
// Unless ok, until is when to look again at the latest; zero: only after a change.
func (g *gate) closed(now time.Time, capacity, expected int, k rank, calls, promised int) (until time.Time, ok bool) {
	if g.window.limit > 0 && !g.window.ends.IsZero() && !g.window.open(now) {
		// over: the next window's state has to be found out
		g.window.ends, g.probe = time.Time{}, true
	}
	switch {
	case now.Before(g.hold):
		g.wait(now)
		return g.hold, false
	case g.probing:
		return time.Time{}, false
	// one request finds out: of a user under way, if there is one
	case g.probe || !g.window.open(now):
		return time.Time{}, k != rankFirst || promised == 0
	}
	left := g.window.left(capacity, g.inFlight)
	calls = min(calls, allowance(g.window.limit, capacity)) // otherwise it would never fit
	switch {
	case left < 1:
		if g.window.shared(g.inFlight) {
			g.crowd(now)
		}
		if g.inFlight == 0 { // otherwise a request under way may be counted twice
			g.spentUntil = g.window.ends
		}
		g.wait(now)
		return g.window.ends, false
	case k == rankLater:
		return time.Time{}, true
	case left-promised < calls:
		if left < calls {
			g.wait(now)
		}
		return g.window.ends, false
	case g.inFlight < g.few(left, capacity, expected):
		return time.Time{}, true
	}
	due := g.window.due(left, capacity)
	return due, !now.Before(due)
}

// few returns how many requests may be under way ahead of the even spread. If all expected calls
// fit into the window, it returns all that are left: the run then ends sooner. Otherwise the run
// has to wait for the window's end anyway, and few are enough. After others spent the bucket it
// isn't known what is left. Right after such a window, at most one request in fewPart of those that
// got through in it may run ahead, because all of these may be refused.
func (g *gate) few(left, capacity, expected int) int {
	n := allowance(g.window.limit, capacity) / fewPart
	last, since := expected <= left+g.inFlight, g.window.ends.Sub(g.crowded)
	switch {
	case last && since > crowdMemory:
		return left + g.inFlight
	case !last && since < 2*Window:
		n = min(n, g.yield/fewPart)
	}
	return max(1, n)
}

// crowd records that others have spent the window.
func (g *gate) crowd(now time.Time) {
	g.crowded, g.yield = now, 0
	if g.window.open(now) {
		g.yield = g.window.ours
	}
}

func (g *gate) wait(now time.Time) {
	if g.held.IsZero() {
		g.held = now
	}
}

// stillOpen reports whether a request that was admitted may still be sent.
func (g *gate) stillOpen(s slot, now time.Time) bool {
	return !now.Before(g.hold) && (s.probe || g.suspected.IsZero())
}

// accept learns from a reply, other than a 429, to a request that was sent at the time sent.
func (g *gate) accept(r rateLimit, sent, now time.Time, ceiling rate.Limit, capacity int) {
	g.through++
	if !sent.Before(g.suspected) { // so the bucket has calls left
		g.suspected = time.Time{}
	}
	g.window.learn(r, now)
	g.window.ours++
	if !g.window.open(now) && g.window.limit > 0 {
		// A limit without a window's end: a sixtieth of it each second fits into any minute.
		ceiling = min(ceiling, rate.Limit(float64(allowance(g.window.limit, capacity))/60))
	}
	if g.limiter.Limit() != ceiling {
		g.limiter.SetLimitAt(now, ceiling)
	}
	g.probe, g.pause = !g.suspected.IsZero(), 0
}

// refuse learns from a 429 of the bucket: it holds the bucket until the window has ended by the
// server's clock or, if the reply doesn't name the end, for pauses that double each time. The 429
// doesn't change the known window: it may speak of the org's, not of the token's. A 429 is
// outdated, and ignored, only if it was sent before the current window was known and refused in
// the one before. A 429 that names calls left may be the row's own: another row finds that out at
// once. certain means that Okta sent it: a stranger's 429 doesn't show that the bucket is spent.
func (g *gate) refuse(r rateLimit, s slot, now time.Time, certain bool) *refusal {
	if g.window.older(r, now) && s.sent.Before(g.window.since) {
		return nil
	}
	unexplained := r.known && r.remaining > 0
	g.probe = true
	if unexplained && (s.again || g.suspected.IsZero()) {
		if g.suspected.IsZero() {
			g.suspected = now
		}
		return &refusal{through: g.through, spends: g.spends}
	}
	g.spends++
	g.suspected = time.Time{}
	d, ok := r.wait(now)
	if ok && r.known {
		g.crowd(now)
	} else {
		g.pause = min(max(time.Second, 2*g.pause), maxPause)
		d = g.pause
	}
	if until := now.Add(d); until.After(g.hold) {
		g.hold = until
		if certain {
			g.spentUntil = until
		}
	}
	if !unexplained {
		return nil
	}
	return &refusal{through: g.through, spends: g.spends}
}

// checkStarved closes a bucket for good after five windows with nothing but 429s.
func (g *gate) checkStarved(o outcome, now time.Time) {
	switch {
	case o.replied && !o.limited:
		g.starved = time.Time{}
	case o.limited && g.starved.IsZero():
		g.starved = now
	case o.limited && now.Sub(g.starved) >= limitPatience:
		limited := &LimitedError{Bucket: g.bucket}
		if d, ok := o.limit.wait(now); ok && o.limit.known && !o.limit.concurrency() {
			limited.Opens = now.Add(d)
		}
		g.err = limited
	}
}
