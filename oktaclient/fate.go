package oktaclient

import (
	"context"
	"errors"
)

// Fate is what is certain about a request after its last attempt.
type Fate int

// The fates. Only with [InDoubt] the change may have happened without this program's knowledge.
// It is the zero value, so that an unjudged reply is in doubt.
const (
	InDoubt   Fate = iota // sent, but no answer that can be trusted
	Done                  // 2xx with a request id
	NotSent               // no connection was obtained, or the run ended before it was sent
	Limited               // 429: refused before any work
	Busy                  // refused for now, before any work
	Refused               // Okta said no to this request
	Forbidden             // Okta doesn't let this caller do this to this user
	Missing               // 404 E0000007: no such user, or one whose factors can't be reached
	NoAccess              // credentials or scope refused: no further request will fare better
	WrongOrg              // this address serves no Okta API
	// [ErrOutage], [ErrLimited], [ErrTooManyLost], [ErrNotLoopback]: this request changed
	// nothing, and the client gave up
	Unreachable
)

// FateOf returns the fate of a request from the error of its call. nil is [Done]. It only
// translates: the reply was judged once, when it came.
func FateOf(err error) Fate {
	var (
		api   *APIError
		tr    *TransportError
		token *TokenError
	)
	switch {
	case err == nil:
		return Done
	case errors.Is(err, errUnsent): // before the cause: that may be the reply to another call
		return NotSent
	case errors.As(err, &token): // before its cause, which belongs to another request
		return token.fate()
	case errors.As(err, &api): // before ErrOutage: the reply stays true
		return api.fate
	case errors.Is(err, ErrNotOkta):
		return InDoubt
	case GaveUp(err), errors.Is(err, ErrNotLoopback):
		return Unreachable
	case errors.As(err, &tr) && tr.Sent:
		return InDoubt
	case tr != nil, errors.Is(err, context.Canceled):
		return NotSent
	}
	return InDoubt
}

// Fatal reports whether no other request will fare better after this error.
func Fatal(err error) bool {
	switch FateOf(err) {
	case NoAccess, WrongOrg, Unreachable:
		return true
	}
	return false
}
