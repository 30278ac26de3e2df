// Package after says who is back in after a reset, who isn't, and whom to look at.
//
// Whoever comes first after a reset can enroll. So an enrollment alone says that somebody is back,
// but not who. The evidence comes from the System Log, by queries that are bounded by the run's
// time and by pages, and that name nobody, or a few dozen people at once; see package evidence.
//
//   - A user is back who has a factor that was enrolled after the results' own reset, and not
//     removed since. Factors from before the reset, and those that a reset may leave, don't count.
//   - If something looks wrong about an enrollment, the user has a [Reason]. Each is a question to a
//     person, not a verdict.
//   - If the log can't tell, because it may not be read, doesn't go back far enough or doesn't have
//     the reset yet, the user's list of factors does: one call for each of these users. The list has
//     no addresses.
//   - If neither can tell, the user is unknown. Nothing is made up.
//
// The command doesn't ask about users whom the run didn't change, nor about those who are known to
// have had no factor: nobody waits for them.
//
// Memory contains what is known of each user and of the events after the reset, about 0.6 KB for a
// user who is back. Names are read again from the results when the list is written.
package after
