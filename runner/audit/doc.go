// Package audit compares the results of a run with the org's System Log.
//
// # An audit
//
// Call [New], then [Audit.Row] for each line of the results. [Audit.Read] then reads the log of the
// time of the run. After that call [Sheet.Row] for each line again, which writes what the log says
// about it, and at the end [Sheet.Finish].
//
// An event can belong to a row if it is about the row's user. How certain that is:
//
//   - by request: it has the request ID of Okta's answer to the row's last attempt;
//   - by run: its User-Agent names one of the runs, and its actor is the account of that run;
//   - by time: it was published while the row was worked on, by the account of one of the runs,
//     and names no run.
//
// Several events may belong to one reset: an Identity Engine org writes one for each factor, three
// of them for an Okta Verify. They share a request ID. A stray is a reset that belongs to no row,
// and that the users didn't do themselves: somebody else's reset.
//
// Memory grows with the rows and their events, about 0.4 KB for a row with four events. The audit
// doesn't keep pages of the log.
package audit
