// Package report makes one HTML page of a result or a plan: for the change ticket, for whoever
// approves a plan, for an auditor.
//
// [Write] reads the rows once and keeps counts, at most [MaxOpen] rows for each status that
// needs attention and [MaxRows] rows in all, each cut to a length: memory and the page stay
// small however many rows there are. What is left out is said on the page. The same input gives
// the same bytes.
//
// The page needs nothing else: styles and script are in it, and its Content-Security-Policy,
// which lets only these run by their SHA-256, forbids every request. What comes from the files
// is text to it, wherever it stands; characters that nobody sees or that turn the reading
// direction are spelled out. Without its script the page is complete, but can't be searched or
// sorted.
package report
