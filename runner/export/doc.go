// Package export writes an org's users to a CSV that a reset takes as it is.
//
// A file is written whole or not at all. On stdout, what breaks off ends with a line that no reader
// takes for a row, so that a part is never taken for the whole.
package export
