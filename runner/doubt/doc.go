// Package doubt owns the answers that were lost: what is known of such a row, what proves what
// became of it, and how long that takes.
//
// # What happens when an answer is lost?
//
// A row is taken before its reset is sent. If no answer comes that is certainly Okta's, the reset
// may have been done, or may still be: the row is unknown, and its [runner.Open] says that the
// reset is lost. The run goes on with the other rows. At its end, however it ends, and at the
// beginning of every resume, the row is looked at. A look ends in one of four ways.
//
//   - Done: the System Log has our reset of this user since the row was taken. Ours is an event
//     with the request ID that Okta answered, or one whose User-Agent names the run that sent it
//     and whose actor is the account of that run. An event of a reset of all factors says it all.
//     Where there are only deactivations, one for each factor, a list of factors that is read after
//     them must not have any factor from before that they don't name.
//   - Incomplete: such a factor is listed. Okta did a part of the reset. The row is
//     unknown/incomplete until a later look finds the rest, or somebody has it sent again by
//     --retry unknown; it is never sent again by itself, and its later steps wait.
//   - Absent: the log shows nothing of a reset of this user, and would. A minute has passed since
//     the request was given up, and the same page of the log shows a witness: a reset of this run
//     that was taken after that, and answered. So the log isn't behind, may be read, and keeps our
//     User-Agent.
//   - Open: anything else. The row stays unknown.
//
// Absent alone proves nothing yet. Right before the reset would be sent again, [Prover.NotDone]
// lists the user's factors. It is certain that nothing was done if one of them is of a type that a
// reset takes, was created and last changed an hour or more before the row was taken, and isn't a
// kind that Okta keeps listed; if none was created or changed since; and if Okta's own rate-limit
// windows vouch for the times of its replies, now and when the row was taken. The list holds for
// five seconds. Then the row is sent again, under a new taking, and says so for good in
// [runner.Result.Again]. If not, it stays unknown.
//
// # What else may be in doubt
//
// All other steps are named by what they change, or do no harm twice. They wait for [Prover.Ripe],
// and are then done again: an enrollment once it would be listed if it had been made, and only if
// it isn't; the rest after a moment.
//
// # Time
//
// All waiting is by this machine's monotonic clock, and begins with this run for what an earlier
// one sent: no wall clock shortens it. That nothing takes effect more than a minute after it was
// given up is an assumption, which is why the list and the witness stand beside it.
//
// # The lines that "never twice" rests on
//
// Each has a test that fails without it; guards_test.go names them.
package doubt
