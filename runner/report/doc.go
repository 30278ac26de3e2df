// Package report makes one HTML page of a result or a plan: for the change ticket, for whoever
// approves a plan, for an auditor.
//
// [Write] reads the rows once and keeps counts, at most [MaxOpen] rows for each status that
// needs attention and [MaxRows] rows in all, each cut to a length: memory and the page stay
// small however many rows there are. The page says what it leaves out. The same input gives the
// same bytes.
//
// The page needs nothing else: it contains its styles and its script. Its Content-Security-Policy
// lets only these run, by their SHA-256, and forbids every request. Everything that comes from the
// files is text, in every place of the page. Characters that nobody sees or that turn the reading
// direction are spelled out. Without its script the page is complete, but can't be searched or
// sorted.
package report
