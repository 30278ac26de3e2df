// Package watch follows the factor resets of an org as they happen, one line each, and marks those
// of given results. A line is JSON, or on a terminal a row of a table.
//
// The events of one reset are folded into one line. With a cursor, the place in the log is kept
// after what came before it was printed: a crash in between repeats lines, and loses none.
package watch
