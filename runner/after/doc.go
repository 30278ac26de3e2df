// Package after says who is back in after a reset, who isn't, and whom to look at.
//
// Whoever enrolls first after a reset, enrolls. So an enrollment alone says that somebody is back,
// not who. What follows comes from the System Log, by queries that are bounded by the run's time and
// by pages, and that name nobody, or a few dozen people at once; see package evidence.
//
//   - A user is back who has a factor that was given after the results' own reset, and not taken
//     again since. What came before the reset, and what a reset may leave, doesn't count.
//   - What looks wrong about an enrollment is a [Reason]. Each is a question to a person, no verdict.
//   - Where the log can't tell, because it may not be read, doesn't go far enough or doesn't have the
//     reset itself yet, the user's list of factors does: one call for each such user. It knows no
//     address.
//   - Where neither can tell, the user is unknown. Nothing is made up.
//
// Users whom the results leave as they were, and those who are known to have had no factor, aren't
// asked about: nobody waits for them.
//
// Of each user, memory holds what happened after the reset, about 0.3 KB for each such event.
package after
