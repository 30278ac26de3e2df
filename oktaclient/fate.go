package oktaclient

import (
	"context"
	"errors"
	"net/http"
)

// Fate is what is certain about a request after its last attempt.
type Fate int

// The fates. Only with [InDoubt] the change may have happened without this program knowing.
const (
	Done        Fate = iota // 2xx with a request id
	InDoubt                 // sent, and no answer that can be trusted
	NotSent                 // no connection was obtained, or the run ended before it was sent
	Limited                 // 429: refused before any work
	Busy                    // refused for now, before any work
	Refused                 // Okta said no to this request
	Forbidden               // Okta doesn't let this caller do this to this user
	Missing                 // 404 E0000007: no such user, or one whose factors can't be reached
	NoAccess                // credentials or scope refused: no further request will fare better
	WrongOrg                // this address serves no Okta API
	Unreachable             // [ErrOutage]: nothing was changed by this request, and waiting is over
)

// FateOf tells from the error of a call what became of the request. nil is [Done]. errorCode and status decide, never the
// summary, as Okta asks: the summary's wording may change.
func FateOf(err error) Fate {
	var (
		api   *APIError
		tr    *TransportError
		token *TokenError
	)
	switch {
	case err == nil:
		return Done
	case errors.Is(err, errUnsent): // before the cause: that may be another call's reply
		return NotSent
	case errors.As(err, &token): // before its cause, which became of another request
		return token.fate()
	case errors.As(err, &api): // before ErrOutage: what the reply said stays true
		return api.fate()
	case errors.Is(err, ErrOutage):
		return Unreachable
	case errors.Is(err, ErrNotOkta):
		return InDoubt
	case errors.As(err, &tr) && tr.Sent:
		return InDoubt
	case tr != nil, errors.Is(err, context.Canceled):
		return NotSent
	}
	return InDoubt
}

// Fatal reports whether an error is one after which no other request will fare better.
func Fatal(err error) bool {
	switch FateOf(err) {
	case NoAccess, WrongOrg, Unreachable:
		return true
	}
	return false
}

// fate reads a reply outside 2xx.
func (e *APIError) fate() Fate {
	switch {
	case e.Status == http.StatusTooManyRequests && messageLimits[e.Code] != "": // not the API's limit: nothing else has to wait
		return Refused
	case e.Status == http.StatusTooManyRequests:
		return Limited
	case e.Code == "E0000010" && e.Status == http.StatusServiceUnavailable, // read-only mode
		e.Code == "E0000112" && e.Status == http.StatusConflict, // the user is still being activated
		e.Code == "E0000239" && e.Status == http.StatusLocked:   // policies are being reconciled
		return Busy
	case e.noAccess():
		return NoAccess
	case e.Status == http.StatusForbidden && e.Code == "E0000006":
		return Forbidden
	case e.Status == http.StatusNotFound && e.Code == "E0000007":
		return Missing
	case e.Status == http.StatusNotFound && (e.Code == "E0000008" || e.Code == "" && e.RequestID == ""):
		return WrongOrg
	case e.Status == http.StatusNotImplemented:
		return Refused
	case e.Status == http.StatusRequestTimeout: // a gateway gave up waiting, perhaps for Okta
		return InDoubt
	case e.Status >= 400 && e.Status < 500:
		return Refused
	}
	return InDoubt // 5xx, and 3xx: a redirect says nothing about what was done
}

func (e *APIError) noAccess() bool {
	switch e.Status {
	case http.StatusUnauthorized:
		return e.refusesToken() || e.OAuth == oauthUseNonce
	case http.StatusForbidden:
		return e.refusesToken() || e.Code == "" && e.OAuth == oauthNoScope
	case http.StatusBadRequest:
		return e.OAuth == oauthInvalidProof || e.OAuth == oauthUseNonce
	}
	return false
}

// refusesToken reports whether it is the token that Okta refuses, and not what it may do.
func (e *APIError) refusesToken() bool {
	switch e.Status {
	case http.StatusUnauthorized:
		return e.Code == "E0000004" || e.Code == "E0000011" || e.Code == "" && e.OAuth == oauthInvalidToken
	case http.StatusForbidden:
		return e.Code == "E0000005"
	}
	return false
}
