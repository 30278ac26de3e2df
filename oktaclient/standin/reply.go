package standin

import (
	"encoding/hex"
	"encoding/json"
	"net/http"
	"strconv"
	"time"
)

// failure is an error reply in Okta's form.
type failure struct {
	status  int
	code    string
	summary string
	causes  []string
}

// Okta's errors, with the texts that it sends.
var (
	invalidSession   = failure{status: 403, code: "E0000005", summary: "Invalid session"}
	invalidToken     = failure{status: 401, code: "E0000011", summary: "Invalid token provided"}
	authFailed       = failure{status: 401, code: "E0000004", summary: "Authentication failed"}
	forbidden        = failure{status: 403, code: "E0000006", summary: "You do not have permission to perform the requested action"}
	pathNotFound     = failure{status: 404, code: "E0000008", summary: "The requested path was not found"}
	internalError    = failure{status: 500, code: "E0000009", summary: "Internal Server Error"}
	readOnly         = failure{status: 503, code: "E0000010", summary: "Service is in read only mode"}
	methodNotAllowed = failure{status: 405, code: "E0000022", summary: "The endpoint does not support the provided HTTP method"}
	bothSearches     = failure{status: 400, code: "E0000033", summary: "Search and filter can't be used together."}
	wrongStatus      = failure{status: 403, code: "E0000038", summary: "This operation is not allowed in the user's current status."}
	tooManyRequests  = failure{status: 429, code: "E0000047", summary: "API call exceeded rate limit due to too many requests."}
	activating       = failure{
		status: 409, code: "E0000112", summary: "Cannot update this user because they are still being activated.",
	}
	tooManyMessages = failure{
		status: 429, code: "E0000204", summary: "The sms factor has exceeded the limit for the same phone number. Try again later.",
	}
	badBody       = failure{status: 400, code: "E0000003", summary: "The request body was not well-formed."}
	badPhone      = failure{status: 400, code: "E0000098", summary: "This phone number is invalid."}
	wrongPasscode = failure{
		status: 403, code: "E0000068", summary: "Invalid Passcode/Answer",
		causes: []string{"Your passcode doesn't match our records. Please try again."},
	}
	wrongAnswer = failure{
		status: 403, code: "E0000068", summary: "Invalid Passcode/Answer",
		causes: []string{"Your answer doesn't match our records. Please try again."},
	}
	usedPasscode = failure{
		status: 403, code: "E0000082", summary: "Each code can only be used once. Please wait for a new code and try again.",
	}
	latePasscode = failure{status: 403, code: "E0000083", summary: "PassCode is valid but exceeded time window."}
	smsTooSoon   = failure{
		status: 429, code: "E0000109", summary: "An SMS message was recently sent. Please wait 30 seconds before trying again.",
	}
	emailTooSoon = failure{
		status: 429, code: "E0000118", summary: "An email was recently sent. Please wait 5 seconds before trying again.",
	}
	callTooSoon = failure{
		status: 429, code: "E0000133", summary: "A phone call was recently made. Please wait 30 seconds before trying again.",
	}
	reconciling = failure{status: 423, code: "E0000239", summary: "Policy priorities are being reconciled. Please try again later."}
)

// notFound is the reply about a thing that doesn't exist. Okta repeats what it was asked for.
func notFound(id, what string) failure {
	return failure{status: 404, code: "E0000007", summary: "Not found: Resource not found: " + id + " (" + what + ")"}
}

func badFilter(err error) failure {
	return failure{status: 400, code: "E0000031", summary: "Invalid search criteria.", causes: []string{err.Error()}}
}

// invalidCursor refuses a page that isn't there.
func (o *Org) invalidCursor() failure {
	f := failure{status: 400, code: "E0000031", summary: "Invalid search criteria.", causes: []string{"Invalid cursor."}}
	if o.cfg.BadCursor == "E0000029" {
		f.code, f.summary = o.cfg.BadCursor, "Invalid paging request."
	}
	return f
}

func badParameter(name string) failure {
	return failure{
		status: 400, code: "E0000001", summary: "Api validation failed: " + name,
		causes: []string{name + ": The field is invalid"},
	}
}

// staticHeaders stand on every reply of Okta itself, spelt as they are on the wire.
var staticHeaders = map[string][]string{
	"Server":                    {"nginx"},
	"Strict-Transport-Security": {"max-age=315360000; includeSubDomains"},
	"accept-ch":                 {"Sec-CH-UA-Platform-Version"},
	"content-security-policy":   {"frame-ancestors 'self'"},
	"p3p":                       {`CP="HONK"`},
	"x-xss-protection":          {"0"},
	"Set-Cookie": {
		`sid="";Version=1;Path=/;Max-Age=0`, `xids="";Version=1;Path=/;Max-Age=0`,
		"JSESSIONID=0185E39E123DE524E88377F39681EE79; Path=/; Secure; HttpOnly",
	},
}

// cacheHeaders stand on every reply but a 429.
var cacheHeaders = map[string][]string{"Cache-Control": {"no-cache, no-store"}, "Expires": {"0"}, "Pragma": {"no-cache"}}

var jsonType = []string{"application/json"}

// requestID is the call's ID as the header and the System Log write it.
func (c *call) requestID() string { return hex.EncodeToString(c.request[:]) }

// head writes status and headers.
func (c *call) head(status int, contentType []string) {
	c.headers(status, contentType)
	if status == http.StatusTooManyRequests {
		c.o.countTooMany(c.rate != nil && c.rate.limit == 0)
	}
	c.finish(status)
}

// headers sets those of Okta's own replies. Their names are put into the map as they are, because
// Set would capitalise them.
func (c *call) headers(status int, contentType []string) {
	h := c.w.Header()
	for name, values := range staticHeaders {
		h[name] = values
	}
	h["Date"] = []string{c.o.now().UTC().Format(http.TimeFormat)}
	h["x-okta-request-id"] = []string{c.requestID()}
	if status == http.StatusNoContent {
		h["x-frame-options"] = []string{"SAMEORIGIN"}
	} else {
		h["x-content-type-options"] = []string{"nosniff"}
	}
	if status != http.StatusTooManyRequests {
		h["referrer-policy"] = []string{"strict-origin-when-cross-origin"}
		for name, values := range cacheHeaders {
			h[name] = values
		}
	}
	if contentType != nil {
		h["Content-Type"] = contentType
	}
	if c.rate != nil {
		h["x-rate-limit-limit"] = []string{strconv.Itoa(c.rate.limit)}
		h["x-rate-limit-remaining"] = []string{strconv.Itoa(c.rate.remaining)}
		h["x-rate-limit-reset"] = []string{strconv.FormatInt(c.rate.reset, 10)}
	}
}

// raw answers 200 with this JSON.
func (c *call) raw(body []byte) {
	c.head(http.StatusOK, jsonType)
	_, _ = c.w.Write(body)
}

// json answers 200 with v.
func (c *call) json(v any) {
	body, err := json.Marshal(v)
	if err != nil {
		c.fail(internalError)
		return
	}
	c.raw(body)
}

// noContent answers 204.
func (c *call) noContent() { c.head(http.StatusNoContent, nil) }

// fail answers with an error in Okta's form.
func (c *call) fail(f failure) {
	type cause struct {
		Summary string `json:"errorSummary"`
	}
	body := struct {
		Code    string  `json:"errorCode"`
		Summary string  `json:"errorSummary"`
		Link    string  `json:"errorLink"`
		ID      string  `json:"errorId"`
		Causes  []cause `json:"errorCauses"`
	}{f.code, f.summary, f.code, errorID(c.request), []cause{}}
	for _, s := range f.causes {
		body.Causes = append(body.Causes, cause{s})
	}
	b, _ := json.Marshal(body)
	c.head(f.status, jsonType)
	_, _ = c.w.Write(b)
}

// page answers as something between the client and Okta does: HTML, and none of Okta's headers.
func (c *call) page(status int, body string) {
	h := c.w.Header()
	h["Date"] = []string{time.Now().UTC().Format(http.TimeFormat)}
	h["Server"] = []string{"nginx"}
	h["Content-Type"] = []string{"text/html; charset=utf-8"}
	c.finish(status)
	_, _ = c.w.Write([]byte(body))
}

// tomcat answers a path that the server itself refuses, before anything of Okta sees it.
func (c *call) tomcat() {
	c.page(http.StatusBadRequest, `<!doctype html><html lang="en"><head><title>HTTP Status 400 – Bad Request</title></head>`+
		`<body><h1>HTTP Status 400 – Bad Request</h1></body></html>`)
}

// base is the org's URL as the client called it.
func (c *call) base() string {
	switch {
	case c.r.URL.Host != "":
		return c.r.URL.Scheme + "://" + c.r.URL.Host
	case c.r.TLS != nil:
		return "https://" + c.r.Host
	}
	return "http://" + c.r.Host
}

// errorID is what support asks for beside the request ID.
func errorID(request [16]byte) string {
	h := hash(string(request[:]))
	return "oae" + base62(h) + base62(mix(h))
}
