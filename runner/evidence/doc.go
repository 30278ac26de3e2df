// Package evidence is what the System Log says, read once and folded once.
//
// # Who was reset lately
//
// [ReadRecent] reads the log backwards from now, and keeps of each user the last whole reset and
// whether a factor was enrolled after it. A whole reset is an event of all factors, or one that a
// request to reset_factors caused; the loss of a single factor is none. The runs that the reader
// calls its own don't count.
//
// Who reads backwards knows everything since the place that was reached, so that an end before the
// end of the period, by a bound or by an error, leaves a part that can be relied on: [Recent.Since]
// says how far it goes. Less is never taken for nothing.
//
// A user is known by ID, and by the login that the log has: so rows of either kind can be counted
// before anybody is looked up. Memory grows with the users whom the events that were read name, by
// about 80 bytes for each, whatever the size of the input.
package evidence
