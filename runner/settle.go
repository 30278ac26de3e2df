package runner

import (
	"strings"
	"time"
)

// Settle gives the result a status with nothing open.
func (r *Result) Settle(s Status, why Reason, text string) {
	r.Status, r.Reason, r.Error, r.Open = s, why, Clip(text), Open{}
}

// Leave leaves the result open: unknown if the open step is the row's first change and may have
// been done, otherwise partial.
func (r *Result) Leave(first bool, o Open, text string) {
	if first && o.InDoubt() {
		r.Settle(StatusUnknown, ReasonUnverified, text)
	} else {
		r.Settle(StatusPartial, o.Step, text)
	}
	r.Open = o
	if o.InDoubt() && r.HTTPStatus/100 == 2 { // a reader would take it for an answer
		r.HTTPStatus = 0
	}
}

// Later keeps a result's times in order: the server's clock is known only to the second, and may
// be set back.
func Later(t, start time.Time) time.Time {
	if t.Before(start) {
		return start
	}
	return t
}

// maxText limits each kept text that a server chose, in bytes, and maxFactors the number of
// factor names: a row longer than the results' reader accepts could never be resumed.
const (
	maxText    = 5000
	maxFactors = 100
)

// Clip cuts a text that a server chose, for a file.
func Clip(s string) string {
	if len(s) <= maxText {
		return s
	}
	return strings.ToValidUTF8(s[:maxText], "") + "…"
}

// Cut cuts a text for a message, so that it has at most so many characters.
func Cut(s string, most int) string {
	if r := []rune(s); len(r) > most {
		return string(r[:most-1]) + "…"
	}
	return s
}

// ClipAll is [Clip] for a list of factor names, which is short by nature.
func ClipAll(names []string) []string {
	if len(names) > maxFactors {
		names = append(names[:maxFactors:maxFactors], "…")
	}
	total := 0
	for i, n := range names {
		if total += len(n); total > maxText {
			return append(names[:i:i], "…")
		}
	}
	return names
}
