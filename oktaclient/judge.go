package oktaclient

import (
	"bytes"
	"net/http"
	"strings"
)

// verdict says who sent a reply and what it means for the request. [Client.judge] judges each
// reply once; later code reads the verdict, never status or headers. The zero verdict is the safe
// one: somebody else may have sent the reply, and nothing is certain.
type verdict struct {
	okta bool // Okta certainly sent the reply
	fate Fate // of the request
}

// refusals are the codes that the program acts on, each with the only status under which Okta
// sends it. The same code under another status isn't believed: something has changed the reply.
var refusals = map[string]struct {
	status int
	fate   Fate
}{
	"E0000004": {http.StatusUnauthorized, NoAccess},
	"E0000005": {http.StatusForbidden, NoAccess},
	"E0000006": {http.StatusForbidden, Forbidden},
	"E0000007": {http.StatusNotFound, Missing},
	"E0000008": {http.StatusNotFound, WrongOrg},
	"E0000010": {http.StatusServiceUnavailable, Busy}, // read-only mode
	"E0000011": {http.StatusUnauthorized, NoAccess},
	"E0000047": {http.StatusTooManyRequests, Limited},
	"E0000112": {http.StatusConflict, Busy}, // the user is still being activated
	"E0000239": {http.StatusLocked, Busy},   // policies are being reconciled

	// These may come after the change was made.
	"E0000009": {http.StatusInternalServerError, InDoubt},
	"E0000067": {http.StatusGatewayTimeout, InDoubt},
}

// challenges are the errors of a www-authenticate header that the program acts on, by status and
// error. Okta's replies with one often have no body.
var challenges = map[int]map[string]Fate{
	http.StatusBadRequest:   {oauthInvalidProof: NoAccess, oauthUseNonce: NoAccess},
	http.StatusUnauthorized: {oauthInvalidToken: NoAccess, oauthUseNonce: NoAccess},
	http.StatusForbidden:    {oauthNoScope: NoAccess},
}

// judge decides who sent a reply and what it says, and returns the error that it means, nil for a
// 2xx of Okta's. A 2xx is Okta's if it has a request ID and no page in place of JSON. A refusal
// is Okta's if it has Okta's JSON, or Okta's challenge and a request ID, and if status and code
// belong together. Other headers of Okta's prove nothing: a proxy that replaces the answer with a
// page of its own may pass them on, whatever Okta answered. The rest of the body matters for a
// read, not for a change: it may have been cut.
func (c *Client) judge(r *request, req *http.Request, resp *http.Response, rep *Reply, bodyErr error) error {
	if rep.Status >= 200 && rep.Status <= 299 {
		if rep.RequestID == "" {
			stripped := bodyErr == nil && r.expects != nil && r.expects(rep.body)
			if stripped {
				c.stripped.Store(true)
			}
			return &NotOktaError{Method: req.Method, Path: req.URL.Path, Status: rep.Status, stripped: stripped}
		}
		if !likeJSON(rep.body) {
			return &NotOktaError{Method: req.Method, Path: req.URL.Path, Status: rep.Status}
		}
		rep.verdict = verdict{okta: true, fate: Done}
		if bodyErr != nil && r.safe {
			rep.verdict.fate = InDoubt
			return &TransportError{Method: req.Method, Path: req.URL.Path, Sent: true, Err: c.tame(r, bodyErr)}
		}
		return nil
	}
	e := newAPIError(req, resp, rep.body, r.oauth)
	rep.verdict = e.judge()
	e.fate = rep.verdict.fate
	if !rep.verdict.okta {
		return &NotOktaError{Method: req.Method, Path: req.URL.Path, Status: rep.Status}
	}
	return e
}

// likeJSON reports whether a body is empty or begins like JSON: each of Okta's answers does.
func likeJSON(body []byte) bool {
	body = bytes.TrimLeft(body, " \t\r\n")
	return len(body) == 0 || body[0] == '{' || body[0] == '['
}

// judge judges a reply outside 2xx.
func (e *APIError) judge() verdict {
	switch {
	case e.Code != "" && e.errorID != "":
		return e.judgeCode()
	case e.RequestID == "":
		return verdict{}
	case e.challenge == "" && e.OAuth != "" && isRefusal(e.Status): // from the token endpoint
		return verdict{okta: true, fate: Refused}
	case e.challenge == "" && e.OAuth != "" && e.Status == http.StatusTooManyRequests: // likewise
		return verdict{okta: true, fate: Limited}
	}
	fate, ok := challenges[e.Status][e.challenge]
	return verdict{okta: ok, fate: fate}
}

// judgeCode judges a reply with Okta's JSON. If the code is unknown and the status doesn't say
// that nothing was done, the change is in doubt.
func (e *APIError) judgeCode() verdict {
	known, ok := refusals[e.Code]
	_, message := messageLimits[e.Code]
	switch {
	case ok && e.Status == known.status:
		return verdict{okta: true, fate: known.fate}
	case ok && e.Status < http.StatusInternalServerError:
		return verdict{}
	// no limit of the API: other requests needn't wait
	case !ok && (isRefusal(e.Status) || message && e.Status == http.StatusTooManyRequests):
		return verdict{okta: true, fate: Refused}
	}
	return verdict{okta: true, fate: InDoubt}
}

// isRefusal reports whether Okta uses this status only for requests that did nothing, whatever
// the code.
func isRefusal(status int) bool {
	switch status {
	case http.StatusBadRequest, http.StatusUnauthorized, http.StatusForbidden, http.StatusMethodNotAllowed, http.StatusNotImplemented:
		return true
	}
	return false
}

// isCode reports whether s has the form of Okta's error codes, as E0000007.
func isCode(s string) bool {
	return len(s) == 8 && s[0] == 'E' && !strings.ContainsFunc(s[1:], func(r rune) bool { return r < '0' || r > '9' })
}
