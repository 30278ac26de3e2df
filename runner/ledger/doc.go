// Package ledger keeps what a run does, while it does it, and writes the results when it ends.
//
// # Files
//
//	users.results.journal    the journal: what happened to each row, as it happens
//	users.results.csv        the results: one line for each row of the input, written whole
//	users.results.json       the manifest: to what they belong, and which of them counts
//	users.results.csv.lock   exists while a run has them open
//	users.results.input.csv  the [Copy] of the input, as long as a row is open
//
// All have mode 0600: they name people. [Resume] takes only files of this user's or root's that
// others can't change: no consent, and no result, rests on the word of somebody else.
//
// # Taken before sent
//
// A line of the journal that takes a row is written and synced before anything is sent that could
// change the row's user. It says what for: so the rows in doubt are exactly those whose last line
// takes them, wherever and however often the program ended, and nothing of that is ever guessed. A
// line that settles a row says the same of what it leaves open.
//
// # Group commit
//
// One goroutine writes. [Ledger.Take] waits until its line is synced; [Ledger.Settle] doesn't
// wait, its line shares the write and the sync of the next Take, whichever worker takes, or
// goes out after a short linger. The first write or sync that fails is the last: nothing is
// written after it, and every later call returns it as a [*WriteError]. Results that it has
// kept from the disk are in [Ledger.Unwritten].
//
// # The chain and the mark
//
// Lines are only ever appended. Each carries a running checksum, so that a line that is cut,
// zeroed, changed, moved or missing breaks the chain: see package journal for its form.
//
// The manifest has the mark: how long the journal is and its checksum there, as of at most ten
// seconds ago. It is written beside the commits, which don't wait for it; where it can't be written
// for ten seconds, no more rows are taken. What is before the mark was on the disk: a journal that
// is shorter, or isn't as it was up to there, is damage, and nothing goes on. Behind the mark, as
// many lines count as make a good chain, and the rest is cut off: the lines of one commit may reach
// the disk in any order, and for none of those that didn't had Take returned.
//
// # Which file counts
//
// The manifest says it, in one atomic step each time:
//
//	finished, without a mark   the results count. Their SHA-256 is in the manifest. No row is open
//	finished, with a mark      the journal counts, and the results say the same: rows are open
//	unfinished, with a mark    the journal counts. Results beside it say what was true before
//	unfinished, without        a version without a journal began it, and has to finish it
//
// [Create] writes the manifest, then the journal: no journal is ever without a manifest, and a
// manifest that had no consent yet, without a journal, is of a run that has done nothing.
//
// [Ledger.Finish] writes the results under another name, then their SHA-256 into the manifest,
// as outdated, then gives them their name, which nothing may have: whatever stands there, and
// isn't what the manifest says, is somebody else's. If a row is open, the journal gets a line
// for each row that is still taken, so that it says of it what the results say. Then the
// manifest calls the results finished, and, if no row is open, stops to count the journal.
// Last, that is removed.
//
// [Resume] of finished results that have no journal makes one first: until the manifest names the
// run, the results count, and the journal is one that the next resume makes anew. Then the manifest
// names the run, and calls the results outdated. They stay until the run writes its first line, as
// a run that is refused before that puts the manifest back, and only if they are what the manifest
// says: results that somebody has edited are never removed, and stop the resume.
//
// So the program may die between any two of these steps. The next resume finds one file that
// counts, and besides it at most one that the manifest knows: outdated results, which it removes,
// or a journal that doesn't count, which it replaces.
//
// # Other programs
//
// The operating system drops the lock of a process that dies. Besides the lock file, the journal
// itself is locked, so that two runs are kept apart when somebody deletes the lock file or renames
// the journal. A run that finds its journal moved, replaced or changed takes no more rows, and
// Finish puts it back.
//
// # Errors
//
// [Create] and [Resume] return a [*LockedError] when another run has the ledger open. Create
// returns an [*ExistsError] when the results exist, Resume an [ErrNothing] when they don't, a
// [*MismatchError] when they belong to something else, and a [*results.DamageError] when they
// can't be trusted. [Ledger.Finish] returns a [*FinishError] when the results couldn't be
// written; the journal is complete nevertheless.
package ledger
