package oktaclient

import "time"

// window is what is known of the period in which a bucket counts. Okta's windows are fixed:
// they open at the first request after the last one ended, and every request counts in them,
// refused ones too.
type window struct {
	limit     int       // requests a window; 0: not known
	remaining int       // as the newest reply that speaks of this window has it, less what got no reply
	reset     int64     // the server's epoch second that names the window; kept after its end, to know older ones
	ends      time.Time // local time at which it has surely ended; zero: not known
	ours      int       // replies to this client that came while it was the newest
	since     time.Time // local time at which the first reply spoke of it
}

// learn takes in what a reply said. The same window keeps the smaller remaining, an older one
// is ignored, a newer one replaces: replies overtake each other.
func (w *window) learn(r rateLimit, now time.Time) {
	if !r.known || r.limit == 0 {
		return
	}
	left, ok := r.wait(now)
	if !ok {
		w.limit = r.limit // its end isn't known: the limiter paces at the limit, see pacer
		return
	}
	ends := now.Add(left)
	switch {
	case w.older(r, now):
		return
	case r.reset == w.reset:
		w.remaining = min(w.remaining, r.remaining)
		if w.open(now) && ends.After(w.ends) {
			ends = w.ends // Date is cut to the second: the reply that puts the end earliest is the nearest to the truth
		}
	default:
		w.remaining, w.since, w.ours = r.remaining, now, 0
	}
	w.limit, w.reset, w.ends = r.limit, r.reset, ends
}

// older reports whether a reply speaks of a window before this one. Where the two lie further
// apart than a window lasts, it is the record that can't be true: a single nonsensical reset
// must not blind the pacer.
func (w *window) older(r rateLimit, now time.Time) bool {
	if r.reset == 0 || r.reset >= w.reset {
		return false
	}
	return !w.open(now) || w.reset-r.reset <= int64(time.Minute/time.Second)
}

// open reports whether the window is known and still running.
func (w *window) open(now time.Time) bool { return !w.ends.IsZero() && now.Before(w.ends) }

// left is how many more requests may be sent in an open window: its limit's share that this run
// may use, less what is used by anybody, less what is in flight. Requests in flight may be
// counted twice, as used too: that errs on the safe side, and only until their replies are
// here.
func (w *window) left(capacity, inFlight int) int {
	return allowance(w.limit, capacity) - (w.limit - w.remaining) - inFlight
}

// shared reports whether others with this token have used more than a tenth of what is used.
func (w *window) shared(inFlight int) bool {
	used := w.limit - w.remaining
	return 10*(used-w.ours-inFlight) > used
}

// due is when one more request is due in a window that is spent evenly until the reserve
// begins, of which so many are left.
func (w *window) due(left, capacity int) time.Time {
	span := float64(Window - reserve)
	return w.ends.Add(-reserve - time.Duration(span*float64(left)/float64(allowance(w.limit, capacity))))
}

// allowance is a limit's share in percent, but at least one request: less could never be sent.
func allowance(limit, capacity int) int { return max(1, limit*capacity/100) }

// spend notes that requests got no reply and may have been counted.
func (w *window) spend(n int) { w.remaining = max(0, w.remaining-n) }
