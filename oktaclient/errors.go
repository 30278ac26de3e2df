package oktaclient

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// ErrNotOkta marks a 2xx reply without x-okta-request-id: a proxy or a captive portal answered in Okta's place.
var ErrNotOkta = errors.New("the answer doesn't come from Okta (no x-okta-request-id): something between you and Okta sent it")

// ErrOutage is the end of the client's patience: for ten minutes no request got an answer other than a failed connection or
// a 5xx. [ErrLimited] is the same for 429s.
var ErrOutage = errors.New("the org can't be reached")

// APIError is a reply from Okta with a status outside 2xx.
type APIError struct {
	Method, Path string // Path has no query: queries may hold personal data
	Status       int
	Code         string // Okta's errorCode, as E0000007; "" if the body wasn't Okta's
	Summary      string // Okta's errorSummary; for a person, never to decide by
	Causes       []string
	RequestID    string // x-okta-request-id, for Okta's support and the System Log
	OAuth        string // the error of a www-authenticate header, as insufficient_scope, or of the token endpoint
	Scope        string // the scope which that header names
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

// TransportError is a request without a readable reply.
type TransportError struct {
	Method, Path string
	Sent         bool // false: no connection was obtained, so that Okta can't have seen the request
	Err          error
}

func (e *TransportError) Error() string {
	if !e.Sent {
		return "no connection: " + e.Err.Error()
	}
	return "the answer was lost: " + e.Err.Error()
}

func (e *TransportError) Unwrap() error { return e.Err }

// maxSummary bounds what is kept of texts that a server chose, in bytes.
const maxSummary = 500

// newAPIError reads an error reply. Any body will do: proxies send HTML, some of Okta's own replies are empty.
func (c *Client) newAPIError(r *http.Request, resp *http.Response, body []byte) *APIError {
	e := &APIError{Method: r.Method, Path: r.URL.Path, Status: resp.StatusCode, RequestID: c.requestID(resp.Header)}
	body = c.redactText(body)
	var okta struct {
		ErrorCode    string `json:"errorCode"`
		ErrorSummary string `json:"errorSummary"`
		ErrorCauses  []struct {
			ErrorSummary string `json:"errorSummary"`
		} `json:"errorCauses"`
		OAuth       string `json:"error"` // the token endpoint's form
		Description string `json:"error_description"`
	}
	if json.Unmarshal(body, &okta) == nil {
		e.Code, e.Summary = cut(okta.ErrorCode, 20), cut(okta.ErrorSummary, maxSummary)
		for _, c := range okta.ErrorCauses[:min(len(okta.ErrorCauses), 5)] {
			e.Causes = append(e.Causes, cut(c.ErrorSummary, maxSummary))
		}
		if e.OAuth = cut(okta.OAuth, 100); e.OAuth != "" && e.Code == "" {
			e.Summary = cut(okta.Description, maxSummary)
		}
	}
	c.readChallenge(e, resp.Header.Values("Www-Authenticate"))
	return e
}

// readChallenge finds error="…" and what belongs to it in www-authenticate headers, where Okta says what an OAuth token or a proof lacks.
func (c *Client) readChallenge(e *APIError, headers []string) {
	for _, h := range headers {
		h = string(c.redactText([]byte(h)))
		code := quotedParam(h, "error")
		if code == "" {
			continue
		}
		e.OAuth, e.Scope = code, quotedParam(h, "scope")
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
			return cut(value, 100)
		}
	}
	return ""
}

func cut(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	return strings.ToValidUTF8(s[:limit], "") + "…"
}

// requestID returns Okta's request ID: letters, digits and what base64 and hexadecimal use, "" for anything else.
func (c *Client) requestID(h http.Header) string {
	id := h.Get("X-Okta-Request-Id")
	if len(id) > 100 || strings.ContainsFunc(id, func(r rune) bool {
		return (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') && !strings.ContainsRune("@-_.+/=:", r)
	}) {
		return ""
	}
	return string(c.redactText([]byte(id)))
}
