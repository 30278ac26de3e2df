package oktaclient

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// ErrNotOkta marks an answer that somebody else may have sent in Okta's place, whatever its
// status: a proxy, a captive portal, a gateway. See [NotOktaError].
var ErrNotOkta = errors.New("the answer may not come from Okta: something between here and Okta may have sent it")

// ErrNoRequestID is the [ErrNotOkta] of a read whose answer is Okta's in all but the
// x-okta-request-id: something removes that header. Then no answer can be trusted, and nobody
// must be reset.
var ErrNoRequestID = errors.New("something between here and Okta strips the header x-okta-request-id, so no answer can be trusted")

// The ends of the client's patience. [FateOf] returns [Unreachable] for each.
var (
	// ErrOutage means that for ten minutes each request ended in a failed connection, a 5xx, or
	// somebody else's answer.
	ErrOutage = errors.New("the org can't be reached")
	// ErrLimited means that for five windows the org answered only with 429: see [LimitedError].
	ErrLimited = errors.New("a rate limit has refused every request for minutes (429, too many requests)")
)

// LimitedError is an [ErrLimited] that names the limit.
type LimitedError struct {
	Bucket Bucket
	Opens  time.Time // when its next window begins; zero: unknown
}

func (e *LimitedError) Error() string {
	text := ErrLimited.Error()
	if e.Bucket != BucketOther {
		text += "; the limit is that of " + string(e.Bucket)
	}
	if !e.Opens.IsZero() {
		text += "; its next window begins at " + e.Opens.UTC().Format("15:04:05Z")
	}
	return text
}

// Is makes it an [ErrLimited].
func (e *LimitedError) Is(target error) bool { return target == ErrLimited }

// APIError is a reply with a status outside 2xx that Okta certainly sent.
type APIError struct {
	Method, Path string // Path has no query: queries may hold personal data
	Status       int
	Code         string // Okta's errorCode, as E0000007; "" if the body wasn't Okta's
	Summary      string // Okta's errorSummary; for people, never to decide by
	Causes       []string
	RequestID    string // x-okta-request-id, for Okta's support and the System Log
	OAuth        string // the error of a www-authenticate header, as insufficient_scope, or of the token endpoint
	Scope        string // the scope which that header names

	// what the reply says about the request; the zero value, for one that nobody has judged, says
	// nothing
	fate      Fate
	errorID   string // Okta's errorId
	challenge string // the error of a www-authenticate header of the schemes that Okta uses
}

func (e *APIError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d %s", e.Status, http.StatusText(e.Status))
	if e.Code != "" {
		fmt.Fprintf(&b, " %s", e.Code)
	}
	if e.OAuth != "" {
		fmt.Fprintf(&b, ": %s", e.OAuth)
		if e.Scope != "" && e.OAuth == oauthNoScope {
			fmt.Fprintf(&b, ", scope %s is needed", e.Scope)
		}
	}
	if e.Summary != "" {
		fmt.Fprintf(&b, ": %s", e.Summary)
	}
	for _, c := range e.Causes {
		fmt.Fprintf(&b, " (%s)", c)
	}
	return b.String()
}

// NotOktaError is an answer without proof that Okta sent it. A change may have been made all the
// same: perhaps the answer was blocked, not the request. Nothing from such an answer is passed
// on.
type NotOktaError struct {
	Method, Path string
	Status       int
	stripped     bool // Okta's in all but its request ID
}

func (e *NotOktaError) Error() string {
	text := ErrNotOkta.Error()
	if e.stripped {
		text = ErrNoRequestID.Error()
	}
	return strings.TrimSpace(fmt.Sprintf("%d %s", e.Status, http.StatusText(e.Status))) + ": " + text
}

// Is makes it an [ErrNotOkta], and perhaps an [ErrNoRequestID].
func (e *NotOktaError) Is(target error) bool {
	return target == ErrNotOkta || target == ErrNoRequestID && e.stripped
}

// TransportError is a request without a readable reply.
type TransportError struct {
	Method, Path string
	Sent         bool // false: no connection was obtained, so Okta can't have seen the request
	Err          error
}

func (e *TransportError) Error() string {
	if !e.Sent {
		return "no connection: " + e.Err.Error()
	}
	return "the answer was lost: " + e.Err.Error()
}

func (e *TransportError) Unwrap() error { return e.Err }

// newAPIError reads an error reply, whoever sent it. Any body will do: proxies send HTML, and
// some of Okta's own replies are empty. oauth means that the endpoint answers errors in the form
// of OAuth 2.0.
func newAPIError(r *http.Request, resp *http.Response, body []byte, oauth bool) *APIError {
	e := &APIError{Method: r.Method, Path: r.URL.Path, Status: resp.StatusCode, RequestID: requestID(resp.Header)}
	var okta struct {
		ErrorCode    string `json:"errorCode"`
		ErrorID      string `json:"errorId"`
		ErrorSummary string `json:"errorSummary"`
		ErrorCauses  []struct {
			ErrorSummary string `json:"errorSummary"`
		} `json:"errorCauses"`
		OAuth       string `json:"error"` // the form of the token endpoint
		Description string `json:"error_description"`
	}
	if json.Unmarshal(body, &okta) == nil {
		if isCode(okta.ErrorCode) {
			e.Code, e.errorID = okta.ErrorCode, okta.ErrorID
		}
		e.Summary = okta.ErrorSummary
		for _, c := range okta.ErrorCauses[:min(len(okta.ErrorCauses), maxCauses)] {
			e.Causes = append(e.Causes, c.ErrorSummary)
		}
		if oauth && e.Code == "" && okta.OAuth != "" {
			e.OAuth, e.Summary = cut(okta.OAuth, 100), okta.Description
		}
	}
	e.readChallenge(resp.Header.Values("Www-Authenticate"))
	return e
}

// readChallenge reads error="…" and its neighbours from www-authenticate headers, where Okta says
// what an OAuth token or a proof lacks. A challenge of another scheme, or one without Okta's
// sign-in address, is a proxy's.
func (e *APIError) readChallenge(headers []string) {
	for _, h := range headers {
		code := quotedParam(h, "error")
		scheme, _, _ := strings.Cut(h, " ")
		if code == "" || !strings.EqualFold(scheme, "Bearer") && !strings.EqualFold(scheme, "DPoP") ||
			!strings.HasSuffix(quotedParam(h, "authorization_uri"), "/oauth2/v1/authorize") {
			continue
		}
		e.OAuth, e.challenge, e.Scope = code, code, quotedParam(h, "scope")
		if e.Summary == "" && code != oauthNoScope {
			e.Summary = quotedParam(h, "error_description")
		}
		return
	}
}

func quotedParam(header, name string) string {
	for _, sep := range []string{" ", ","} {
		if _, rest, ok := strings.Cut(header, sep+name+`="`); ok {
			value, _, _ := strings.Cut(rest, `"`)
			return cut(value, 300)
		}
	}
	return ""
}

// requestID returns Okta's request ID. It may contain letters, digits and the characters of
// base64 and hexadecimal; anything else yields "".
func requestID(h http.Header) string {
	id := h.Get("X-Okta-Request-Id")
	if len(id) > 100 || strings.ContainsFunc(id, func(r rune) bool {
		return (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') && !strings.ContainsRune("@-_.+/=:", r)
	}) {
		return ""
	}
	return id
}
