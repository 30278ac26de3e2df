// Package journal is the form of a journal, and the only one that knows it. Package ledger writes
// it, and decides what of it counts.
//
//	oktareset journal,1,RUN,SHA-256 OF THE INPUT,SUM
//	event,step,sent,still_to_go,row,input,…,SUM
//	taken,reset,lost,,1,alice@example.com,…,SUM
//	settled,,,,1,alice@example.com,…,SUM
//
// The first line names the run that began the journal. In the others, the fields before row say
// what of the row is open, as [runner.Open] has it, and are empty but for the event if nothing is:
// it is never guessed from a status, a reason or a code. Those from row on are the row's line of
// the results, as it stands there if no further line comes.
//
// [Sum] is a running checksum: that of all lines up to this one. A line that is cut, zeroed,
// changed, moved or missing breaks the chain. That finds damage, not forgery: whoever may write to
// the file can write a good chain, whatever the checksum, as nothing secret is in it. It is a
// CRC-32C, of which processors reckon gigabytes a second; one damage in four billion passes.
//
// It is CSV in our dialect, so that a person in need can read it.
package journal
