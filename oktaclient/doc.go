// Package oktaclient speaks to one Okta org: it authenticates, paces, sends and tells what a
// reply means.
//
// # Guarantees
//
//   - Every request passes its bucket's pacer. A [Client] is one org and one authority: share
//     it between goroutines.
//   - A request that may change something is sent again only where it is certain that it
//     changed nothing: no connection was obtained, or Okta refused it before any work (429, 503
//     E0000010, 409 E0000112, 423 E0000239). [FateOf] says of every other failure whether it is
//     certain that nothing was changed.
//   - A 429 is waited out, but where it is the answer: a passcode would be stale, and Okta's
//     limits on messages and attempts are a factor's, not the API's.
//   - A service app ([App]) has one access token for all requests, renewed once before it ends.
//     A request that Okta refuses because of its token is sent again once with a new one: it
//     did nothing. What needs a token that can't be got isn't sent at all.
//   - Reads are sent again after 5xx replies, dropped connections and timeouts, a few times.
//   - Cancelling the context stops waiting and keeps unsent requests from being sent. A request
//     that was sent is waited for, at most [Options.Timeout], because its answer matters.
//   - No redirect is followed, no cookie is kept, no more than a bounded part of a reply is read.
//
// # Errors
//
// A reply of Okta's outside 2xx is an [*APIError], a request without a readable reply a
// [*TransportError]. [ErrNotOkta] marks an answer that somebody else may have sent, whatever its
// status ([Client] judges each reply once, in judge.go), [ErrOutage] and [ErrLimited] the end of
// the client's patience, [*TokenError] that no access token could be got. Errors hold no secret.
package oktaclient
