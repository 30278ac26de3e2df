// Package oktaclient speaks to one Okta org: it authenticates, paces and sends requests, and says
// what each reply means.
//
// # Guarantees
//
//   - Every request passes its bucket's pacer. A [Client] is one org and one set of credentials:
//     share it between goroutines.
//   - A request that may change something is sent again only if it certainly changed nothing: no
//     connection was obtained, or Okta refused it before any work (429, 503 E0000010, 409
//     E0000112, 423 E0000239). For every other failure, [FateOf] says whether nothing was
//     changed.
//   - A 429 is waited out, except where it is the answer: a passcode would be stale, and Okta's
//     limits on messages and attempts belong to a factor, not to the API.
//   - A service app ([App]) has one access token for all requests, renewed once before it ends. A
//     request that Okta refuses because of its token did nothing; it is sent again once with a
//     new one. If no token can be obtained, requests that need one aren't sent.
//   - Reads are sent again after 5xx replies, dropped connections and timeouts, a few times.
//   - Cancelling the context ends the waiting and keeps waiting requests from being sent. A
//     request that was sent is waited for, at most [Options.Timeout], because its answer matters.
//   - No redirect is followed, no cookie is kept, and only a bounded part of a reply is read.
//
// # Errors
//
// A reply of Okta's outside 2xx is an [*APIError], a request without a readable reply a
// [*TransportError]. [ErrNotOkta] marks an answer that somebody else may have sent, whatever its
// status ([Client] judges each reply once, in judge.go). [ErrOutage] and [ErrLimited] mark the
// end of the client's patience. [*TokenError] means that no access token could be obtained.
// Errors contain no secrets.
package oktaclient
