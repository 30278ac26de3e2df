package oktaclient

import (
	"time"

	"golang.org/x/time/rate"
)

const (
	// limitPatience bounds how long a bucket may answer nothing but 429 before the run stops.
	limitPatience = 5 * Window
	// fewPart is the part of a window's calls that may be under way where there is no hurry.
	// Another client of the org may have spent the bucket without a header that shows it, and
	// then all that is under way is refused: one call in 75, if the window yields what it
	// should.
	fewPart = 75
	// crowdMemory is for how long others that spent the bucket are reckoned with: long enough
	// for one who lets some windows pass.
	crowdMemory = 10 * Window
	// reserve is left of a window once it is spent without hurry: time for answers that are late.
	reserve = 20 * time.Second
)

// gate is a bucket's part of the pacer.
type gate struct {
	bucket     Bucket
	turns      [rankCount]chan struct{} // each held by the one request of a rank that looks when the bucket opens; the others queue behind it
	heads      [rankCount]int           // how many hold these
	promised   int                      // calls that users under way still need
	spentUntil time.Time                // when the bucket, once it was found spent, could be used again
	window     window
	limiter    *rate.Limiter
	inFlight   int
	probe      bool      // the window's state isn't known: one request has to find out, alone
	probing    bool      // that request is under way
	hold       time.Time // no request before this, whatever the window says
	pause      time.Duration
	crowded    time.Time // when others were last found to have spent a window
	yield      int       // how many requests got through in that window
	starved    time.Time // when the 429s began that nothing has got through since; zero: something did
	held       time.Time // since when requests wait for the window; zero: they don't
	err        error     // set once: nothing is admitted to this bucket any more

	// Of 429s that the bucket's own numbers don't explain: see refusal.
	suspected time.Time // when one came since which nothing sent later has been answered; zero: none
	through   int       // replies that were no 429
	spends    int       // times that the bucket was found spent by a 429
}

func newGate(b Bucket, ceiling rate.Limit) *gate {
	g := &gate{bucket: b, limiter: rate.NewLimiter(ceiling, 1), probe: true}
	for k := range g.turns {
		g.turns[k] = make(chan struct{}, 1)
	}
	return g
}

// closed looks whether the bucket lets a request of a rank be sent now, when so many are still
// expected. It has to have room for so many calls beside those that are promised to others.
// Otherwise until is when to look again at the latest; zero: only when something changes.
func (g *gate) closed(now time.Time, capacity, expected int, k rank, calls, promised int) (until time.Time, ok bool) {
	if g.window.limit > 0 && !g.window.ends.IsZero() && !g.window.open(now) {
		g.window.ends, g.probe = time.Time{}, true // over: what the next one holds has to be found out
	}
	switch {
	case now.Before(g.hold):
		g.wait(now)
		return g.hold, false
	case g.probing:
		return time.Time{}, false
	case g.probe || !g.window.open(now): // one finds out: who follows, if somebody will
		return time.Time{}, k != rankFirst || promised == 0
	}
	left := g.window.left(capacity, g.inFlight)
	calls = min(calls, allowance(g.window.limit, capacity)) // else it would never fit
	switch {
	case left < 1:
		if g.window.shared(g.inFlight) {
			g.crowd(now)
		}
		if g.inFlight == 0 { // else what is under way may be counted twice
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

// few is how many requests may be under way in a window even if they are ahead of time: all
// that are left, if those expected fit in, as the run then ends the sooner. Otherwise the
// window's end is waited for anyway. Nor is there a hurry if others have spent the bucket
// lately: it isn't known then what is left, and right after such a window as many may be
// refused as its yield makes up for.
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

// crowd notes that others have spent the window.
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

// accept takes in a reply that got through, to a request that was sent at a time.
func (g *gate) accept(r rateLimit, sent, now time.Time, ceiling rate.Limit, capacity int) {
	g.through++
	if !sent.Before(g.suspected) { // the bucket has calls left
		g.suspected = time.Time{}
	}
	g.window.learn(r, now)
	g.window.ours++
	if !g.window.open(now) && g.window.limit > 0 {
		// A limit without a window's end: a sixtieth of it each second is what a minute allows,
		// however the window lies.
		ceiling = min(ceiling, rate.Limit(float64(allowance(g.window.limit, capacity))/60))
	}
	if g.limiter.Limit() != ceiling {
		g.limiter.SetLimitAt(now, ceiling)
	}
	g.probe, g.pause = !g.suspected.IsZero(), 0
}

// refuse takes in a 429 of the bucket: hold until its window has ended by the server's clock,
// or, where that isn't said, pause twice as long each time. It says nothing about the window on
// record: it may speak of the org's, not the token's. Only a 429 that was overtaken, sent
// before that window was known and refused in the one before, is old news. One that names calls
// left may be the row's own: another row finds out at once. certain says that it is Okta's: a
// stranger's doesn't show that anybody has spent anything.
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

// checkStarved closes a bucket for good when nothing but 429s came back from it for five windows.
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
