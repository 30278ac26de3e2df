// Package table reads and writes CSV: any dialect a spreadsheet or a script writes on the way
// in, exactly one on the way out.
//
// # Reading
//
// [Reader] takes UTF-8 with or without a byte order mark and UTF-16 as Excel and PowerShell 5 write
// it, finds the delimiter in the header, and is strict about quotes: a file that is broken is
// refused with the line and what to do ([*Error]), and never read as something it isn't. Every row
// has as many cells as the header. Blank lines are skipped, and so are rows without anything in any
// cell. What joined files leave is dropped: a byte order mark at the start of a line, and a last
// Ctrl-Z. Text in another encoding isn't guessed at: what isn't UTF-8 becomes U+FFFD, and
// [Reader.NotUTF8] has the line. Memory is bounded by [MaxRow], not by the file.
//
// # Our files
//
// A result, a plan and a ledger have the header [Columns], then any other columns. They are
// UTF-8 without a byte order mark, comma, LF, quoted as RFC 4180 says. [Encoder] renders their
// lines, [Decoder] takes one line back and [RecordReader] reads whole files. Each row is one
// line of text, whatever its cells hold: [Escape] spells out control characters and takes the
// effect from cells that a spreadsheet would run as a formula, and [Unescape] restores them.
package table
