package oktaclient

import "time"

// window is what is known about the period in which a bucket counts. Okta's windows are fixed:
// they open at the first request after the last one ended, and every request counts in them,
// refused ones too.
type window struct {
	limit int // requests a window; 0: unknown
	// from the newest reply about this window, less the requests that got no reply
	remaining int
	// the server's epoch second that names the window; kept after its end, to recognise older
	// ones
	reset int64
	ends  time.Time // local time by which it has certainly ended; zero: unknown
	ours  int       // replies to this client while it was the newest window
	since time.Time // local time of the first reply about it
}

// learn updates the window from a reply. For the same window the smaller remaining counts, an
// older window is ignored, a newer one replaces it: replies overtake each other.
func (w *window) learn(r rateLimit, now time.Time) {
	if !r.known || r.limit == 0 {
		return
	}
	left, ok := r.wait(now)
	if !ok {
		// its end isn't known: the limiter then spreads the limit, see gate.accept
		w.limit = r.limit
		return
	}
	ends := now.Add(left)
	switch {
	case w.older(r, now):
		return
	case r.reset == w.reset:
		w.remaining = min(w.remaining, r.remaining)
		if w.open(now) && ends.After(w.ends) {
			ends = w.ends // Date is cut to the second: the earliest end is the nearest to the truth
		}
	default:
		w.remaining, w.since, w.ours = r.remaining, now, 0
	}
	w.limit, w.reset, w.ends = r.limit, r.reset, ends
}

// older reports whether a reply speaks of a window before this one. If the two lie further apart
// than a window lasts, the record itself is implausible: a single nonsensical reset must not
// blind the pacer.
func (w *window) older(r rateLimit, now time.Time) bool {
	if r.reset == 0 || r.reset >= w.reset {
		return false
	}
	return !w.open(now) || w.reset-r.reset <= int64(time.Minute/time.Second)
}

// open reports whether the window is known and still running.
func (w *window) open(now time.Time) bool { return !w.ends.IsZero() && now.Before(w.ends) }

// left returns how many more requests may be sent in an open window: the usable share of its
// limit, less what anybody has used, less what is in flight. A request in flight may be counted
// twice, as used too. That errs on the safe side, until its reply comes.
func (w *window) left(capacity, inFlight int) int {
	return allowance(w.limit, capacity) - (w.limit - w.remaining) - inFlight
}

// shared reports whether others with this token have used more than a tenth of what is used.
func (w *window) shared(inFlight int) bool {
	used := w.limit - w.remaining
	return 10*(used-w.ours-inFlight) > used
}

// due returns when the next request is due if the window's remaining calls are spread evenly
// until the reserve begins.
func (w *window) due(left, capacity int) time.Time {
	span := float64(Window - reserve)
	return w.ends.Add(-reserve - time.Duration(span*float64(left)/float64(allowance(w.limit, capacity))))
}

// allowance returns a percentage of a limit, but at least one request: with less, none could ever
// be sent.
func allowance(limit, capacity int) int { return max(1, limit*capacity/100) }

// spend records requests that got no reply and may have been counted.
func (w *window) spend(n int) { w.remaining = max(0, w.remaining-n) }
