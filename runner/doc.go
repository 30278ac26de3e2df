// Package runner defines the words of a run, and the pool that carries it out. This page is the
// map of the house.
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
//   - ledger: journal and results together with the manifest and the lock.
//   - taken: a row whose first attempt may have been sent; recorded before it is sent.
//   - in doubt: sent, and the answer was lost.
//   - run: one execution of the program over one input.
//
// # A run of reset, in six steps
//
//  1. Package command turns flags into job.Options. No package below it reads a flag.
//  2. Package job surveys and copies the input through roster. From then on only the copy counts.
//  3. It connects through access, and opens the results through ledger: new ones, or those to
//     resume.
//  4. It clears the run, by reads only: who runs it, who is left alone (protect), and consent
//     (console). Up to here nothing was changed.
//  5. The pool, [Run], hands each row to a worker. Package steps does the row's steps in order
//     through oktaclient, which keeps the pace. Before a change is sent, the journal records the
//     row as taken. If the answer is lost, doubt proves later what became of the row.
//  6. The ledger writes the results in input order, job makes a summary, outcome prints it.
//
// # Packages
//
// Each imports only packages below it; the linter's configuration has the rules.
//
//	command    flags in, text and exit codes out; command/help is the reference, a file for a topic
//	job        one bulk change, from the input to its summary, each phase a type
//	desk       one user's factors
//	export     users to a CSV
//	watch      factor resets as they happen
//	audit      results, compared with the System Log
//	after      who is back in after a reset, and whom to look at
//	notify     users and their managers learn of a reset by mail
//	report     results or a plan as one page
//	outcome    how a reset went: in words, as JSON, in one line
//	access     org, credentials and stand-in: how every command connects
//	challenge  users prove who they are, by a factor
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
//	repository only tests: of the documents, the build and what is shipped
//
// Package oktaclient is beside them: Okta's API, with the stand-in org for rehearsals and tests.
// The module in oktaclient/standin/conform compares both with Okta's API: make conform.
// The module in testdata/recipes/kubernetes runs the recipe of the topic kubernetes: make kubernetes.
//
// # To add a step
//
// To add a step that follows the reset and needs only the user, declare it in [Steps] and add its
// call to package steps and to oktaclient. Flag, help, question, plan, page, resume and the
// commands in messages follow from the declaration. Tests fail until all of it is there.
//
// # Guarantees
//
// [Run] hands every job to exactly one worker and settles exactly one [Result] for every job that
// it started. A failed row is data: only an error of the job source, of the [Book] or of the [Do]
// function ends a run early, and even then each row that was started ends in a result.
//
// The package imports no other package of this module, so that every one of them can use these
// words.
package runner
