package oktaclient

import (
	"net/http"
	"strconv"
	"time"
)

// Window is the time from one window of a limit to the next: Okta's 60 s, and one second in which
// the old window may still count.
const Window = 61 * time.Second

// maxWindow is how far ahead a reset may lie to be plausible. Okta's windows last 60 s; a value
// beyond ten minutes comes from another unit or another clock.
const maxWindow = 10 * time.Minute

// maxLimit is far above any org's limit, in requests a window, and small enough for arithmetic.
const maxLimit = 1_000_000

// rateLimit is what a reply's headers say about its bucket.
type rateLimit struct {
	limit, remaining int       // valid if known
	known            bool      // x-rate-limit-limit and -remaining were there and numbers
	reset            int64     // server's epoch second at which the window ends; 0: unknown
	date             time.Time // the server's clock when it replied, to the second; zero: unknown
}

// parseRateLimit reads the three headers and Date. A missing or nonsensical header is never an
// error: not every reply has them, and a mangled one from a proxy must not stop a run.
func parseRateLimit(h http.Header) rateLimit {
	var r rateLimit
	limit, err1 := strconv.Atoi(h.Get("X-Rate-Limit-Limit"))
	remaining, err2 := strconv.Atoi(h.Get("X-Rate-Limit-Remaining"))
	if err1 == nil && err2 == nil && limit >= 0 && remaining >= 0 {
		r.limit = min(limit, maxLimit)
		r.remaining, r.known = min(remaining, r.limit), true
	}
	if reset, err := strconv.ParseInt(h.Get("X-Rate-Limit-Reset"), 10, 64); err == nil && reset > 0 {
		r.reset = reset
	}
	if date, err := http.ParseTime(h.Get("Date")); err == nil {
		r.date = date
	}
	return r
}

// wait returns the time from now until the headers' window has certainly ended by the server's
// clock: reset less Date, plus one second, because Date is cut to the second and the old window
// still counts in the second of its end. Without a Date, the local time is used. ok is false if
// the end is missing or implausible.
func (r rateLimit) wait(now time.Time) (d time.Duration, ok bool) {
	if r.reset == 0 {
		return 0, false
	}
	date := r.date
	if date.IsZero() {
		date = now
	}
	left := time.Unix(r.reset, 0).Sub(date)
	if left < 0 || left > maxWindow {
		return 0, false
	}
	if r.date.IsZero() {
		left = min(left, Window-time.Second) // the local clock may be off: no window is longer
	}
	return left + time.Second, true
}

// concurrency reports whether a 429's headers mean Okta's limit on requests at the same time:
// their limit is always 0, and their reset is only a suggestion.
func (r rateLimit) concurrency() bool { return r.known && r.limit == 0 }

// left returns what remains of the window, for a log; "" if unknown.
func (r rateLimit) left() string {
	if !r.known {
		return ""
	}
	return strconv.Itoa(r.remaining)
}
