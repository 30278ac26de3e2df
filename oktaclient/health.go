package oktaclient

import (
	"errors"
	"time"
)

const (
	// outagePatience bounds how long the org may be out of reach before the run stops.
	outagePatience = 10 * time.Minute
	maxPause       = time.Minute
	// fewFailures in a row are no outage yet, even if only one request is under way at a time.
	fewFailures = 3
)

// GaveUp reports whether an error says that the client sends no more: [ErrOutage], [ErrLimited],
// [ErrTooManyLost].
func GaveUp(err error) bool {
	return errors.Is(err, ErrOutage) || errors.Is(err, ErrLimited) || errors.Is(err, ErrTooManyLost)
}

// learnHealth watches for an outage: as many failures in a row as there are callers (or may be
// requests under way, if that is less) means that everybody's last answer was one; callers who
// wait for Okta to answer a read have none. The pool then holds and sends one request at a
// time, at growing pauses.
func (p *pacer) learnHealth(o outcome, now time.Time) {
	if !o.failed {
		p.failures, p.failing, p.pause = 0, time.Time{}, 0
		return
	}
	p.failures++
	callers := p.callers
	if p.changes.paused() {
		callers -= p.changers
	}
	switch {
	case p.failing.IsZero() && p.failures < max(fewFailures, min(p.flight.cap, callers)):
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
	why := "Okta can't be reached"
	if o.limited { // by somebody before Okta
		why = "429 (too many requests), not by Okta for certain"
	}
	p.holdUntil(now.Add(p.pause), why)
}
