// Package progress shows how far a run is: a bar on a terminal, plain lines anywhere else.
//
// Workers only add to counters. One goroutine samples them and draws, so that the work never
// waits for the display, and [Progress.Done] waits for that goroutine. Messages written through
// the bar's [Screen] don't disturb the bar.
//
// The output is ASCII without colour. Only the bar uses a control character, the carriage return.
// Errors of the writer are ignored: a closed terminal is no reason to stop a run.
package progress
