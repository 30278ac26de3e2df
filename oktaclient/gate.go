package oktaclient

import (
	"time"

	"golang.org/x/time/rate"
)

const (
	// limitPatience bounds how long a bucket may answer nothing but 429 before the run stops.
	limitPatience = 5 * Window
	// fewPart is the part of a window's calls that may be under way where there is no hurry. Another client of the org may have spent the
	// bucket without a header that shows it, and then all that is under way is refused: one call in 75, if the window yields what it should.
	fewPart = 75
	// crowdMemory is for how long others that spent the bucket are reckoned with: long enough for one who lets some windows pass.
	crowdMemory = 10 * Window
	// reserve is left of a window once it is spent without hurry: time for answers that are late.
	reserve = 20 * time.Second
)

// gate is a bucket's part of the pacer.
type gate struct {
	turn     chan struct{} // held by the one request that looks when the bucket opens; the others queue behind it
	window   window
	limiter  *rate.Limiter
	inFlight int
	probe    bool      // the window's state isn't known: one request has to find out, alone
	probing  bool      // that request is under way
	hold     time.Time // no request before this, whatever the window says
	pause    time.Duration
	crowded  time.Time // when others were last found to have spent a window
	yield    int       // how many requests got through in that window
	starved  time.Time // when the 429s began that nothing has got through since; zero: something did
	held     time.Time // since when requests wait for the window; zero: they don't
	err      error     // set once: nothing is admitted to this bucket any more
}

// closed looks whether the bucket lets a request be sent now, when so many are still expected. Otherwise until is when to look again at
// the latest; zero: only when something changes.
func (g *gate) closed(now time.Time, capacity, expected int) (until time.Time, ok bool) {
	if g.window.limit > 0 && !g.window.ends.IsZero() && !g.window.open(now) {
		g.window.ends, g.probe = time.Time{}, true // over: what the next one holds has to be found out
	}
	switch {
	case now.Before(g.hold):
		g.wait(now)
		return g.hold, false
	case g.probing:
		return time.Time{}, false
	case g.probe || !g.window.open(now):
		return time.Time{}, true
	}
	left := g.window.left(capacity, g.inFlight)
	if left < 1 {
		if g.window.shared(g.inFlight) {
			g.crowd(now)
		}
		g.wait(now)
		return g.window.ends, false
	}
	if g.inFlight < g.few(left, capacity, expected) {
		return time.Time{}, true
	}
	due := g.window.due(left, capacity)
	return due, !now.Before(due)
}

// few is how many requests may be under way in a window even if they are ahead of time: all that are left, if those expected fit in, as
// the run then ends the sooner. Otherwise the window's end is waited for anyway. Nor is there a hurry if others have spent the bucket lately: it
// isn't known then what is left, and right after such a window as many may be refused as its yield makes up for.
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

// accept takes in a reply that got through.
func (g *gate) accept(r rateLimit, now time.Time, ceiling rate.Limit, capacity int) {
	g.window.learn(r, now)
	g.window.ours++
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
	if ok && r.known {
		g.crowd(now)
	} else {
		g.pause = min(max(time.Second, 2*g.pause), maxPause)
		d = g.pause
	}
	if until := now.Add(d); until.After(g.hold) {
		g.hold = until
	}
}

// checkStarved closes a bucket for good when nothing but 429s came back from it for five windows.
func (g *gate) checkStarved(o outcome, now time.Time) {
	switch {
	case o.replied && !o.limited:
		g.starved = time.Time{}
	case o.limited && g.starved.IsZero():
		g.starved = now
	case o.limited && now.Sub(g.starved) >= limitPatience:
		g.err = ErrLimited
	}
}
