// Package console is how the program speaks and asks.
//
// stdout is for data only; everything else goes to stderr through a [Console], as plain text or
// as one JSON object a line. Errors and warnings have a prefix. No sentence starts with a capital
// or ends with a full stop. Text from a file or a server is printed with its control characters
// escaped.
//
// An [Asker] is somebody at a terminal. Anything typed before a question was shown is no answer
// to it. A [Confirmation] is the consent that a command line gives instead.
package console
