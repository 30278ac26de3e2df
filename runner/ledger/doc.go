// Package ledger records what a run does while it does it, and writes the results when it ends.
//
// # Files
//
//	users.results.journal    the journal: what happened to each row, as it happens
//	users.results.csv        the results: one line for each row of the input, written whole
//	users.results.json       the manifest: what they belong to, and which of them counts
//	users.results.csv.lock   exists while a run has them open
//	users.results.input.csv  the [Copy] of the input, as long as a row is open
//
// All have mode 0600: they name people. [Resume] accepts only files of this user or root that
// others can't change: otherwise somebody else could forge consent or results.
//
// # Taken before sent
//
// Before a request that could change a row's user is sent, a line of the journal takes the row,
// and is synced. The line names the step. So the rows in doubt are exactly those whose last line
// takes them, wherever and however often the program ended; nothing is guessed. A line that
// settles a row names in the same way what it leaves open.
//
// # Group commit
//
// One goroutine writes. [Ledger.Take] waits until its line is synced. [Ledger.Settle] doesn't
// wait: its line shares the write and the sync of the next Take by any worker, or is written
// after a short linger. The first write or sync that fails is the last: nothing is written after
// it, and every later call returns it as a [*WriteError]. Results that it kept from the disk are
// in [Ledger.Unwritten].
//
// # The chain and the mark
//
// Lines are only ever appended. Each has a running checksum, so that a line that is cut, zeroed,
// changed, moved or missing breaks the chain: package journal has the format.
//
// The manifest has the mark: the length of the journal and its checksum there, as of at most ten
// seconds ago. It is written beside the commits, which don't wait for it; if it can't be written
// for ten seconds, no more rows are taken. Everything before the mark was on the disk: if the
// journal is shorter, or differs before the mark, it is damaged, and no run continues it. After
// the mark, lines count as long as they make a good chain, and the rest is cut off: the lines of
// one commit may reach the disk in any order, and for a missing line no Take has returned.
//
// # Which file counts
//
// The manifest says it, and changes it in one atomic step each time:
//
//	finished, without a mark   the results count. Their SHA-256 is in the manifest. No row is open
//	finished, with a mark      the journal counts, and the results say the same: rows are open
//	unfinished, with a mark    the journal counts. Results beside it are outdated
//	unfinished, without        a version without a journal began it, and has to finish it
//
// [Create] writes the manifest, then the journal: so no journal is ever without a manifest, and a
// manifest without consent and without a journal belongs to a run that has done nothing.
//
// [Ledger.Finish] writes the results under another name, then their SHA-256 into the manifest, as
// outdated, then gives them their name, which must be free: any other file there is somebody
// else's. If a row is open, the journal gets a line for each row that is still taken, so that
// journal and results agree. Then the manifest declares the results finished and, if no row is
// open, the journal as no longer counting. At last the journal is removed.
//
// [Resume] of finished results without a journal makes a journal first: until the manifest names
// the run, the results count, and the next resume makes the journal anew. Then the manifest names
// the run, and declares the results outdated. They stay until the run writes its first line,
// because a run that is refused before that restores the manifest. They are removed only if they
// are what the manifest says: edited results are never removed, and stop the resume.
//
// So the program may die between any two of these steps. The next resume finds one file that
// counts, and besides it at most one that the manifest knows: outdated results, which it removes,
// or a journal that doesn't count, which it replaces.
//
// # Other programs
//
// The operating system drops the lock of a process that dies. Besides the lock file, the journal
// itself is locked, so that two runs are kept apart even if somebody deletes the lock file or
// renames the journal. A run that finds its journal moved, replaced or changed takes no more
// rows, and Finish restores it.
//
// # Errors
//
// [Create] and [Resume] return a [*LockedError] if another run has the ledger open. Create
// returns an [*ExistsError] if the results exist. Resume returns [ErrNothing] if they don't, a
// [*MismatchError] if they belong to something else, and a [*results.DamageError] if they can't
// be trusted. [Ledger.Finish] returns a [*FinishError] if the results couldn't be written; the
// journal is complete nevertheless.
package ledger
