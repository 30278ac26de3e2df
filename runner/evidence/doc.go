// Package evidence reads the System Log in one place, and says in one place what its events mean.
//
// [Read] passes on the events that a query asks for, within limits. [FactOf] says who did what to
// whom by an event. [Runs] says whether a run with a known manifest did it; a run's name alone
// proves nothing, because anybody can send it. [ResetKey] is the same for all events of one reset.
//
// # Who was reset lately
//
// [ReadRecent] reads the log backwards from now. For each user it keeps the last whole reset, and
// whether a factor was enrolled after it. A whole reset is an event of all factors, or one that a
// request to reset_factors caused; the loss of a single factor isn't one. The reader's own runs
// don't count.
//
// Reading backwards means that everything after the place reached is known. So if a limit or an
// error ends the reading early, the part that was read is still complete: [Recent.Since] says how
// far back it goes. An incomplete reading never counts as "nobody".
//
// A user is known by ID, and by the login in the log: so rows of either kind can be counted
// before anybody is looked up. Memory grows with the number of users in the events that were
// read, by about 80 bytes for each, whatever the size of the input.
package evidence
