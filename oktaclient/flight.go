package oktaclient

import (
	"math/rand/v2"
	"time"
)

const (
	// startInFlight is how many requests may be under way at first: fewer than the 10 that even
	// large loads rarely need, as Okta says, and than the 17 that the smallest orgs allow a
	// token.
	startInFlight = 8
	// After so many rounds of replies the cap is raised again to where it was refused. Each
	// further refusal there doubles the rounds, each success halves them. A step costs one 429:
	// lastPatience replies keep those below 1 in a hundred.
	firstPatience = 2
	lastPatience  = 128
	// maxBlocked is how often a pause is doubled while no request gets through at all: up to 8 s.
	maxBlocked = 4
)

// flight counts the requests under way and keeps a cap on them, which finds out by itself how
// many the org accepts at the same time.
//
// As long as nothing was refused, the cap grows with each reply, which doubles it each round.
// Each refusal lowers it by one. However many requests were too many, those still under way were
// accepted, so no growth is lost, as it would be by halving.
//
// In simulations of 50 ms to 2 s a call, 50 to 6,000 calls a minute and 17 or 37 requests at a
// time, runs took 1.00 to 1.07 times the least possible time, against 1.00 to 1.25 with halving;
// and 0.97 to 1.03 times where one of these changed half-way, against 0.98 to 1.18.
type flight struct {
	underWay  int
	cap, most int
	refusedAt int // the cap above which requests were or may be refused; 0: none were
	patience  int // rounds until the cap is raised to refusedAt
	replies   int // since the last change of the cap, to requests that used the cap
	blocked   int // refusals in a row at a cap of one
}

func newFlight(most int) flight {
	return flight{cap: min(startInFlight, most), most: most, patience: firstPatience}
}

// accept learns from a reply to a request. underWay is how many were under way with it, itself
// included.
func (f *flight) accept(underWay int) {
	f.blocked = 0
	if !f.used(underWay) { // then nothing shows whether a higher cap would do
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
	case f.replies >= 2*f.cap: // the request above the old cap was answered too: there is room
		f.refusedAt, f.replies, f.patience = f.cap+1, 0, f.patience/2
		if f.patience == 0 {
			f.refusedAt, f.patience = 0, firstPatience
		}
	}
}

// used reports whether this many requests under way make use of the cap.
func (f *flight) used(underWay int) bool { return 2*underWay > f.cap }

func (f *flight) raise() { f.cap, f.replies = f.cap+1, 0 }

// refuse learns from a 429 of the concurrency limit. underWay is how many were under way with
// that request. It returns how long the pool has to pause: 0 as long as the cap can be lowered.
// The reset in such a reply is only a suggestion.
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
