package oktaclient

import (
	"errors"
	"time"
)

const (
	// outagePatience is how long the org may be out of reach before the run stops.
	outagePatience = 10 * time.Minute
	maxPause       = time.Minute
	// fewFailures in a row are no outage yet, even if only one request is under way at a time.
	fewFailures = 3
)

// GaveUp reports whether an error means that the client sends no more: [ErrOutage], [ErrLimited],
// [ErrTooManyLost].
func GaveUp(err error) bool {
	return errors.Is(err, ErrOutage) || errors.Is(err, ErrLimited) || errors.Is(err, ErrTooManyLost)
}

// learnHealth detects an outage. As many failures in a row as there are callers (or as may be
// under way, if that is less) mean that everybody's last request failed; callers who wait until
// Okta answers a read don't count. The pool then holds and sends one request at a time, at
// growing pauses.
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
	case now.Before(p.hold): // it was under way when the hold began
		return
	case now.Sub(p.failing) >= outagePatience:
		p.err = ErrOutage
		return
	}
	p.pause = min(max(time.Second, 2*p.pause), maxPause)
	why := "Okta can't be reached"
	if o.limited { // from somebody before Okta
		why = "429 (too many requests), perhaps not from Okta"
	}
	p.holdUntil(now.Add(p.pause), why)
}
