// Package audit compares the results of a run with the org's System Log.
//
// # An audit
//
// [New], then [Audit.Row] for each line of the results; [Audit.Read] asks the log for the time
// of the run; then, for each line again, [Sheet.Row], which writes what the log says of it, and
// [Sheet.Finish].
//
// An event belongs to a row whose user it happened to, and this is how certain that is:
//
//   - by request: it bears the request ID that Okta answered the row's last attempt with;
//   - by run: its User-Agent names one of the runs, and its actor is the account that they ran as;
//   - by time: it was published while the row was worked on, by that account, and names no
//     other run.
//
// Several events may stand for one reset: an Identity Engine org writes one for each factor,
// three of them for an Okta Verify. They share a request ID. What belongs to no row and wasn't
// done by the users themselves is a stray: somebody else's reset.
//
// Memory grows with the rows and their events, about 0.4 KB for a row with four events; pages
// of the log aren't kept.
package audit
