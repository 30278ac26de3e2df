// Package table reads and writes CSV: it reads any dialect that spreadsheets or scripts write, and
// writes exactly one.
//
// # Reading
//
// [Reader] accepts UTF-8 with or without a byte order mark, and UTF-16 as Excel and PowerShell 5
// write it. It finds the delimiter in the header, and is strict about quotes: it refuses a broken
// file with the line and what to do ([*Error]), and never misreads it. Every row has as many cells
// as the header. The reader skips blank lines, and rows whose cells are all empty. It drops what
// remains where programs join files: a byte order mark at the start of a line, and a last Ctrl-Z.
// It doesn't guess another encoding: bytes that aren't UTF-8 become U+FFFD, and [Reader.NotUTF8]
// has the line. [MaxRow] bounds the memory, whatever the length of the file.
//
// # Our files
//
// A result, a plan and a ledger have the header [Columns], then any other columns. They are UTF-8
// without a byte order mark, with commas and LF, quoted as RFC 4180 says. [Encoder] writes their
// lines, [Decoder] parses one line and [RecordReader] reads whole files. Each row is one line of
// text, whatever its cells contain: [Escape] spells out control characters and makes cells harmless
// that a spreadsheet would run as a formula. [Unescape] restores the original.
package table
