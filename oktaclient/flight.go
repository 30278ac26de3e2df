package oktaclient

import (
	"math/rand/v2"
	"time"
)

const (
	// startInFlight requests may be under way at first: less than the 10 that even large loads
	// rarely need, as Okta says, and than the 17 that the smallest orgs allow a token.
	startInFlight = 8
	// The cap is raised again to where it was refused after so many rounds of replies: twice as
	// many each time that it is refused there again, half as many each time that it isn't. A
	// step costs one 429: lastPatience replies keep them below 1 in a hundred.
	firstPatience = 2
	lastPatience  = 128
	// maxBlocked is how often a pause is doubled while not even one request gets through: up to
	// 8 s.
	maxBlocked = 4
)

// flight is how many requests are under way, and the cap on it, which finds out by itself how
// many the org takes at the same time.
//
// As long as nothing was refused the cap grows with each reply, which doubles it each round.
// Each refusal takes one off: what is then under way is what was let in, however many were sent
// too many, so that nothing has to be grown again as after halving.
//
// Simulated for 50 ms to 2 s a call, 50 to 6,000 calls a minute and 17 or 37 requests at a
// time, runs took 1.00 to 1.07 times the least possible so, against 1.00 to 1.25 with halving;
// and 0.97 to 1.03 times where one of these changed half-way, against 0.98 to 1.18.
type flight struct {
	underWay  int
	cap, most int
	refusedAt int // the cap above which requests were refused, or may be; 0: none were
	patience  int // rounds until the cap is raised to there
	replies   int // since the cap was last changed, of requests that made use of it
	blocked   int // refusals in a row at a cap of one
}

func newFlight(most int) flight {
	return flight{cap: min(startInFlight, most), most: most, patience: firstPatience}
}

// accept takes in a reply to a request beside which so many were under way, itself included.
func (f *flight) accept(underWay int) {
	f.blocked = 0
	if !f.used(underWay) { // whether a higher cap would do isn't known
		return
	}
	f.replies++
	switch {
	case f.cap == f.most:
	case f.refusedAt == 0:
		f.raise()
	case f.cap < f.refusedAt:
		if f.replies >= min(f.patience*f.cap, lastPatience) {
			f.raise()
		}
	case f.replies >= 2*f.cap: // the answer to the request that was one more is among them: there is room
		f.refusedAt, f.replies, f.patience = f.cap+1, 0, f.patience/2
		if f.patience == 0 {
			f.refusedAt, f.patience = 0, firstPatience
		}
	}
}

// used reports whether so many under way make use of the cap.
func (f *flight) used(underWay int) bool { return 2*underWay > f.cap }

func (f *flight) raise() { f.cap, f.replies = f.cap+1, 0 }

// refuse takes in a 429 of the concurrency limit, for a request beside which so many were under
// way, and returns how long the pool has to pause: not at all as long as there is a cap to
// lower. The reset that such a reply names is only a suggestion.
func (f *flight) refuse(underWay int) time.Duration {
	if f.refusedAt > 0 && f.cap >= f.refusedAt && f.patience*f.cap < lastPatience {
		f.patience *= 2
	}
	f.refusedAt, f.replies = f.cap, 0
	if !f.used(underWay) {
		f.refusedAt = underWay
	}
	if f.refusedAt > 1 {
		f.cap = f.refusedAt - 1
		return 0
	}
	f.cap, f.refusedAt = 1, 2
	f.blocked = min(f.blocked+1, maxBlocked)
	return time.Duration(float64(int(1)<<f.blocked) * (0.25 + rand.Float64()/4) * float64(time.Second))
}
