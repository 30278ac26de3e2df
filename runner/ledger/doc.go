// Package ledger keeps what a run did: the results CSV and, beside it, the manifest.
//
// # Files
//
// users.results.csv is the ledger while the run lasts and the result when it has ended.
// users.results.json is the [Manifest]. users.results.csv.lock exists while a run has both open.
// users.results.input.csv is the [Copy] of the input, as long as a row is open. All have mode 0600:
// they name people. [Resume] takes only files of this user's or root's that others can't change: no
// consent, and no result, rests on the word of somebody else.
//
// While the run lasts, the ledger's lines stand in the order in which things happen, and the last line of a row counts.
// A line with the status taken is written and synced before anything is sent that could change the row's user, so the
// rows in doubt are exactly those whose last line is taken, wherever and however often the program ended.
// [Ledger.Finish] puts one line for each input row into input order, in a new file that replaces the ledger atomically.
//
// # Group commit
//
// One goroutine writes. [Ledger.Take] waits until its line is synced; [Ledger.Settle] doesn't wait, its line shares the
// write and the sync of the next Take, whichever worker takes, or goes out after a short linger. The first write or
// sync that fails is the last: nothing is written after it, and every later call returns it as a [*WriteError]. Results
// that it has kept from the disk are in [Ledger.Unwritten].
//
// # After a crash
//
// Lines are only ever appended, so what was synced stays as it was, and at most the lines of one commit, for none of
// which Take had returned, are torn. [Scan] reads such a ledger and says so with a [*TornError]. [Resume] cuts the torn line
// off and goes on behind it, on a finished file, too: first the manifest names the new run and says that the results
// aren't finished any more, then lines are appended.
//
// # Other programs
//
// The operating system drops the lock of a process that dies. Besides the lock file, the ledger itself is locked, so that
// two runs are kept apart when somebody deletes the lock file or renames the results. A run that finds its ledger moved,
// replaced or changed takes no more rows, and Finish puts its own lines where they belong.
//
// Resume doesn't guess. Finished results must have the SHA-256 that the manifest has. An unfinished ledger must have our
// header to the byte, which no program that writes a byte order mark, CRLF, another delimiter or more quotes leaves as it is;
// in its lines, quotes that nobody needs and an order by row make no difference to what they say, and are accepted. All
// else is a [*DamageError].
//
// # Errors
//
// [Create] and [Resume] return a [*LockedError] when another run has the ledger open. Create returns an [*ExistsError] when the
// results exist, Resume an [ErrNothing] when they don't, and a [*MismatchError] when they belong to something else.
// [Ledger.Finish] returns a [*FinishError] when the ledger couldn't be put into input order; it is complete nevertheless.
package ledger
