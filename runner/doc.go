// Package runner is the vocabulary of a run and the pool that carries it out.
//
// # Words
//
// One word for one thing, in code, flags, columns and messages:
//
//   - row: a data line of the input; row 1 is the first line under the header.
//   - target: the user that a row names, once identified.
//   - attempt: a request that tries to change the target, refused ones included.
//   - result: what became of a row, exactly one a row.
//   - ledger: the results CSV while it is written.
//   - taken: a row whose first attempt may have been sent; recorded before it is sent.
//   - in doubt: taken, and no result known.
//   - run: one execution of the program over one input.
//
// # Guarantees
//
// [Run] hands every job to exactly one worker and settles exactly one [Result] for every job that it started. A row that
// failed is data: only an error of the job source, of the [Book] or of the [Do] function ends a run early, and then the
// rows that were already started still end in a result.
//
// The package imports nothing else of this module, so that every part of it can speak these words.
package runner
