// Package roster reads the input: which rows there are, and whom each of them names.
//
// A [File] is read once. [File.Survey] counts it, so that consent, total and time estimate are
// known before the first change, and copies it meanwhile; [File.Rows] then yields the rows of the
// copy, and no byte that wasn't surveyed. Whatever happens to the file after that doesn't matter;
// one that changes while it is surveyed is refused. All is read in constant memory, but for one key
// of 16 bytes a user in the survey and 8 bytes for each 64 KiB.
//
// Two kinds of file are taken. A list of users has a header with a column that names them: an ID, a
// login or, with a warning, an email address; [Options] help where it hasn't. Of the columns whose
// names are known the cells decide: [File.Survey] passes over a column of IDs that holds no Okta
// ID. A plan is what a dry run wrote: its rows that would be reset are taken, by user ID. A result
// is refused: its users were reset already.
//
// A row that names nobody is a row like any other: it ends in a result of its own. What makes
// the file as a whole doubtful is an [*Error] that names the line and the next step.
package roster
