// Package doubt owns lost answers: what is known about such a row, what proves its outcome, and
// how long that takes.
//
// # What happens when an answer is lost?
//
// A row is taken before its reset is sent. If no answer comes that is certainly Okta's, the reset
// may have been done, or may still happen: the row becomes unknown, and its [runner.Open] says
// that the reset is lost. The run continues with the other rows. At its end, however it ends, and
// at the beginning of every resume, the row is looked at. A look ends in one of four ways.
//
//   - Done: the System Log has our reset of this user since the row was taken. An event is ours
//     if it has the request ID of Okta's answer, or if its User-Agent names the run that sent the
//     request and its actor is the account of that run. An event of a reset of all factors proves
//     it alone. If there are only deactivations, one for each factor, a list of factors read
//     after them must not contain a factor from before that they don't name.
//   - Incomplete: the list does contain such a factor. Okta did a part of the reset. The row is
//     unknown/incomplete until a later look finds the rest, or somebody sends it again by --retry
//     unknown. It is never sent again automatically, and its later steps wait.
//   - Absent: the log shows no reset of this user, although it would show one. A minute has
//     passed since the request was given up, and the same page of the log shows a witness: a
//     reset of this run that was taken later, and answered. So the log isn't behind, may be read,
//     and keeps our User-Agent.
//   - Open: anything else. The row stays unknown.
//
// Absent alone proves nothing yet. Right before the reset would be sent again, [Prover.NotDone]
// lists the user's factors. It is certain that nothing was done under three conditions. One
// listed factor is of a type that a reset takes, was created and last changed an hour or more
// before the row was taken, and isn't of a kind that Okta keeps listed. No factor was created or
// changed since. And Okta's own rate-limit windows confirm the times of its replies, now and when
// the row was taken. The list is valid for five seconds. Then the row is sent again, under a new
// taking, and [runner.Result.Again] says so permanently. Otherwise it stays unknown.
//
// # What else may be in doubt
//
// All other steps name exactly what they change, or do no harm when they are repeated. They wait
// for [Prover.Ripe], and are then done again. An enrollment waits until a lost one would be
// listed, and is repeated only if it isn't listed. The link that activates it waits as long, and
// is sent again only if its user hasn't used the first: a second message does no harm, and
// [runner.Result.Again] says so. The rest waits a moment.
//
// # Time
//
// All waiting follows this machine's monotonic clock. For a request that an earlier run sent, it
// begins with this run: no wall clock shortens it. It is an assumption that nothing takes effect
// more than a minute after it was given up; that is why the list and the witness are needed too.
//
// # The lines that "never twice" rests on
//
// Each has a test that fails without it; guards_test.go names them.
package doubt
