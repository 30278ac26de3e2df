// Package runner is the words of a run and the pool that carries it out. This page is the map of
// the house.
//
// # Words
//
// One word for one thing, in code, flags, columns and messages:
//
//   - row: a data line of the input; row 1 is the first line under the header.
//   - target: the user that a row names, once identified.
//   - attempt: a request that tries to change the target, refused ones included.
//   - result: what became of a row, exactly one a row.
//   - journal: what a run writes while it works, a line for each thing that happens to a row.
//   - results: what people read, one line for each row of the input, written when the run ends.
//   - ledger: both, the manifest and the lock.
//   - taken: a row whose first attempt may have been sent; recorded before it is sent.
//   - in doubt: sent, and the answer was lost.
//   - run: one execution of the program over one input.
//
// # A run of reset, in six steps
//
//  1. Package command turns flags into job.Options. Nothing below it knows a flag.
//  2. Package job reads the input through roster: surveyed, copied, and only the copy counts.
//  3. It connects through access, and opens the results through ledger: created, or gone on with.
//  4. It clears the run, by reads only: who runs it, who is left alone (protect), and consent
//     (console). Up to here nothing was changed.
//  5. The pool, [Run], hands each row to a worker. Package steps does the row's steps one after the
//     other through oktaclient, which keeps the pace. Before a change is sent, the row is taken in
//     the journal. What has lost its answer goes to doubt, which proves later what became of it.
//  6. The ledger writes the results in input order, job hands over a summary, command prints it.
//
// # Packages
//
// Each imports only what stands below it; the linter's configuration has the rules.
//
//	command    flags in, text and exit codes out; command/help is the reference, a file for a topic
//	job        one bulk change, from the input to its summary, each phase a type
//	desk       one user's factors
//	export     users to a CSV
//	watch      factor resets as they happen
//	audit      results, compared with the System Log
//	report     results or a plan as one page
//	access     org, credentials and stand-in: the one way in for all of them
//	protect    who is left alone in a run
//	steps      what is done to one target, as a list
//	ledger     what a run writes while it works, and when it ends
//	journal    the form of its journal
//	evidence   what the System Log says, read once
//	doubt      lost answers: what is known, what proves it, how long to wait
//	roster     the input: bytes to rows, survey, copy, exclusions
//	results    what a run left: results, plan, manifest
//	table      our CSV
//	console    stderr, the terminal, consent, text that is safe to print
//	progress   the bar
//	fault      errors with exit code and hint, and the one map to them
//	files      open safely, write whole or not at all
//	repository tests alone: of what documents, builds and hands out the program
//
// Beside them stands oktaclient, Okta's API, with the stand-in org that rehearsals and tests use.
//
// # To add a step
//
// A step that follows the reset and needs nothing but the user is declared in [Steps], and has
// its call in package steps and in oktaclient. Flag, help, question, plan, page, resume and the
// commands that messages propose follow from the declaration; tests fail until all of it is
// there.
//
// # Guarantees
//
// [Run] hands every job to exactly one worker and settles exactly one [Result] for every job
// that it started. A row that failed is data: only an error of the job source, of the [Book] or
// of the [Do] function ends a run early, and then the rows that were already started still end
// in a result.
//
// The package imports nothing else of this module, so that every part of it can speak these words.
package runner
