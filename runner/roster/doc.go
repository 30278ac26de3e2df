// Package roster reads the input: which rows there are, and whom each of them names.
//
// A [File] is read once. [File.Survey] counts its rows, so that consent, total and time estimate
// are known before the first change, and copies the file meanwhile. [File.Rows] then yields the
// rows of the copy, and no byte that wasn't surveyed. After that, changes of the file don't matter.
// A file that changes during the survey is refused. Memory is constant, except for a key of 16
// bytes for each user in the survey and 8 bytes for each 64 KiB.
//
// There are two kinds of input. A list of users has a header with a column that names them: by an
// ID, a login or, with a warning, an email address. [Options] help if it hasn't. If several columns
// have a known name, their cells decide: [File.Survey] passes over a column of IDs without an Okta
// ID. A plan is what a dry run wrote: it yields the rows that would be reset, by user ID. A result
// is refused, because its users were reset already.
//
// [People] finds what the other columns say of somebody: name, mail address, manager.
//
// A row that names nobody is a row like any other: it has a result of its own. If the whole file is
// doubtful, the error is an [*Error] that names the line and the next step.
package roster
