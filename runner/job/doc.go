// Package job is one bulk change, from the input to its summary.
//
// Each phase is a type with everything known by then, and embeds the phase before it. Only the
// phase before can make the next one, so that nothing can be done too early:
//
//	run      what was asked for, and where the results go
//	input    what it is about: read, surveyed and copied; nothing was sent
//	target   the input at its org
//	task     what is done to each user
//	due      what is left to do of it, for which consent is needed
//	book     the results are open and locked
//	cleared  who runs it and who is left alone is known, and it has consent
//	work     the rows; from here on the results stay
//
// [Run] goes through them. A run with a date in the name of its results is one of a series: it
// first completes earlier dates, each in a run of its own.
package job
