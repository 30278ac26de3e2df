// Package journal is the only one that knows the format of a journal. Package ledger writes
// journals and decides which of their lines count.
//
//	oktareset journal,1,RUN,SHA-256 OF THE INPUT,SUM
//	event,step,sent,still_to_go,row,input,…,SUM
//	taken,reset,lost,,1,alice@example.com,…,SUM
//	settled,,,,1,alice@example.com,…,SUM
//
// The first line names the run that began the journal. In all other lines, the fields before row
// say what is open in the row, as [runner.Open] does; if nothing is open, only the event is
// filled in. Nothing is ever inferred from a status, a reason or a code. The fields from row on
// are the row's line of the results, unless a later line of that row follows.
//
// [Sum] is a running checksum over all lines up to this one. A line that is cut, zeroed, changed,
// moved or missing breaks the chain. That detects damage, not forgery: the checksum contains no
// secret, so whoever may write to the file can write a valid chain. It is a CRC-32C, which
// processors compute at gigabytes a second; it misses one damage in four billion.
//
// The file is CSV in our dialect, so that a person can read it if necessary.
package journal
