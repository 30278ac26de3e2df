package oktaclient

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"strings"
	"testing"
	"testing/synctest"
)

// canned answers each request with the same reply, and counts them.
type canned struct {
	status   int
	header   http.Header
	body     string
	requests int
}

func (w *canned) RoundTrip(r *http.Request) (*http.Response, error) {
	w.requests++
	httptrace.ContextClientTrace(r.Context()).GotConn(httptrace.GotConnInfo{})
	return &http.Response{
		StatusCode: w.status, Header: w.header, Body: io.NopCloser(strings.NewReader(w.body)), Request: r,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, ContentLength: int64(len(w.body)),
	}, nil
}

const judgedUser = "00u1234567890abcdEFG"

func cannedClient(t *testing.T, w http.RoundTripper) *Client {
	t.Helper()
	url, err := ParseOrgURL("https://acme.okta.com")
	if err != nil {
		t.Fatal(err)
	}
	return New(url, Options{Token: "00aTheTokenOfAnAdmin", Transport: w})
}

// changes are all requests of this package that change something.
var changes = map[string]func(context.Context, *Client) error{
	"reset": func(ctx context.Context, c *Client) error {
		_, err := c.ResetFactors(ctx, judgedUser, nil)
		return err
	},
	"sessions": func(ctx context.Context, c *Client) error {
		_, err := c.ClearSessions(ctx, judgedUser, nil)
		return err
	},
	"password": func(ctx context.Context, c *Client) error {
		_, err := c.ExpirePassword(ctx, judgedUser, nil)
		return err
	},
	"unenroll": func(ctx context.Context, c *Client) error {
		_, err := c.UnenrollFactor(ctx, judgedUser, judgedUser, false, nil)
		return err
	},
	"enroll": func(ctx context.Context, c *Client) error {
		_, _, err := c.EnrollFactor(ctx, judgedUser, Enrollment{Type: "push", Provider: "OKTA"}, nil)
		return err
	},
	"activate": func(ctx context.Context, c *Client) error {
		_, _, err := c.ActivateFactor(ctx, judgedUser, judgedUser, "123456")
		return err
	},
	"resend": func(ctx context.Context, c *Client) error {
		_, _, err := c.ResendFactor(ctx, judgedUser, Factor{ID: judgedUser, Type: "sms", Provider: "OKTA"}, "")
		return err
	},
	"verify": func(ctx context.Context, c *Client) error {
		_, _, err := c.VerifyFactor(ctx, judgedUser, judgedUser, Verify{PassCode: "123456"})
		return err
	},
}

// oktaJSON is a refusal in Okta's form.
func oktaJSON(code string) string {
	return `{"errorCode":"` + code + `","errorSummary":"a summary must not decide","errorLink":"` + code + `","errorId":"oaeX1y2","errorCauses":[]}`
}

// Pages from something in between, after the change was made, for each status: the change is in
// doubt, and sent once. That is so even if the page has headers of Okta's, or is JSON.
func TestPagesOfOthersLeaveChangesInDoubt(t *testing.T) {
	t.Parallel()
	oktas := http.Header{
		"X-Okta-Request-Id": {"053d5c0447871525f1af450b1f5ce635"}, "X-Rate-Limit-Limit": {"600"}, "X-Rate-Limit-Remaining": {"0"}, "X-Rate-Limit-Reset": {"1"},
		"Dpop-Nonce": {"n"}, "Www-Authenticate": {"SSWS"},
	}
	pages := map[string]struct {
		header http.Header
		body   string
	}{
		"page":                 {http.Header{}, "<html>blocked by policy</html>"},
		"nothing":              {http.Header{}, ""},
		"page, Okta's headers": {oktas, "<html>blocked by policy</html>"},
		"JSON of a gateway":    {oktas, `{"status":403,"message":"Forbidden","errorCode":"E0000006"}`},
		"code of no form":      {oktas, `{"errorCode":"BLOCKED","errorId":"oaeX"}`},
		"OAuth's form":         {oktas, `{"error":"insufficient_scope","error_description":"x"}`},
		"a proxy's challenge":  {http.Header{"X-Okta-Request-Id": {"r"}, "Www-Authenticate": {`Basic realm="p", error="invalid_token"`}}, ""},
		"a gateway's own":      {http.Header{"X-Okta-Request-Id": {"r"}, "Www-Authenticate": {`Bearer realm="gateway", error="invalid_token"`}}, ""},
		"no request ID":        {http.Header{"Www-Authenticate": {`Bearer authorization_uri="https://acme.okta.com/oauth2/v1/authorize", error="insufficient_scope"`}}, ""},
	}
	statuses := []int{
		300, 302, 304, 307, 400, 401, 402, 403, 404, 405, 407, 408, 409, 410, 411, 413, 415, 418, 421, 423, 425, 429, 431, 451, 500, 501, 502, 503, 504, 511, 599,
	}
	for name, page := range pages {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { // so that a wait fails soon
				for change, do := range changes {
					for _, status := range statuses {
						w := &canned{status: status, header: page.header, body: page.body}
						err := do(t.Context(), cannedClient(t, w))
						var api *APIError
						if FateOf(err) != InDoubt || !errors.Is(err, ErrNotOkta) || errors.As(err, &api) || w.requests != 1 {
							t.Errorf("%s, %d: fate %d of %v after %d requests; want in doubt after one", change, status, FateOf(err), err, w.requests)
						}
					}
					// with both, a 2xx is Okta's
					if page.header.Get("X-Okta-Request-Id") != "" && likeJSON([]byte(page.body)) {
						continue
					}
					for _, status := range []int{200, 201, 202, 204, 206} {
						w := &canned{status: status, header: page.header, body: page.body}
						if err := do(t.Context(), cannedClient(t, w)); FateOf(err) != InDoubt || !errors.Is(err, ErrNotOkta) || w.requests != 1 {
							t.Errorf("%s, %d: fate %d of %v after %d requests; want in doubt after one", change, status, FateOf(err), err, w.requests)
						}
					}
				}
			})
		})
	}
}

// A read whose answers aren't Okta's is unanswered: it is tried a few times, and its fate says
// nothing about the user.
func TestPagesOfOthersAreNoAnswer(t *testing.T) {
	t.Parallel()
	reads := map[string]func(context.Context, *Client) error{
		"user":    func(ctx context.Context, c *Client) error { _, _, err := c.GetUser(ctx, judgedUser); return err },
		"factors": func(ctx context.Context, c *Client) error { _, _, err := c.ListFactors(ctx, judgedUser); return err },
		"roles":   func(ctx context.Context, c *Client) error { _, _, err := c.ListRoles(ctx, judgedUser); return err },
		"log": func(ctx context.Context, c *Client) error {
			_, _, err := c.ReadLog(ctx, "/api/v1/logs?limit=1")
			return err
		},
		"users": func(ctx context.Context, c *Client) error {
			for _, err := range c.ListUserRecords(ctx, UserQuery{}) {
				return err
			}
			return nil
		},
	}
	synctest.Test(t, func(t *testing.T) {
		for name, read := range reads {
			for _, status := range []int{200, 302, 400, 401, 403, 404, 407, 429, 451, 501, 502} {
				w := &canned{status: status, header: http.Header{}, body: "<html>"}
				c := cannedClient(t, w)
				c.genuine.Store(true) // otherwise it gives up earlier
				if err := read(t.Context(), c); FateOf(err) != InDoubt || !errors.Is(err, ErrNotOkta) || w.requests != maxTries {
					t.Errorf("%s, %d: fate %d of %v after %d requests; want no answer after %d", name, status, FateOf(err), err, w.requests, maxTries)
				}
			}
		}
	})
}

// A reply that is certainly Okta's says what became of the request, with a request ID or, behind
// a gateway that removes headers, without.
func TestOktasRefusals(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		status int
		code   string
		want   Fate
	}{
		{400, "E0000001", Refused},
		{400, "E0000003", Refused},
		{401, "E0000004", NoAccess},
		{401, "E0000011", NoAccess},
		{401, "E0000015", Refused}, // a missing feature, not a bad token
		{403, "E0000005", NoAccess},
		{403, "E0000006", Forbidden},
		{403, "E0000032", Refused},
		{403, "E0000038", Refused},
		{403, "E0000068", Refused},
		{404, "E0000007", Missing},
		{404, "E0000008", WrongOrg},
		{405, "E0000022", Refused},
		{429, "E0000109", Refused},
		{429, "E0000118", Refused},
		{429, "E0000133", Refused},
		{429, "E0000146", Refused},
		{429, "E0000204", Refused},
		{429, "E0000205", Refused},
		{501, "E0000060", Refused},

		// These are Okta's, but it isn't certain that nothing was done.
		{404, "E0000048", InDoubt},
		{406, "E0000020", InDoubt},
		{408, "E0000001", InDoubt},
		{409, "E0000001", InDoubt},
		{423, "E0000001", InDoubt},
		{429, "E0000099", InDoubt},
		{500, "E0000009", InDoubt},
		{500, "E0000010", InDoubt},
		{502, "E0000240", InDoubt},
		{503, "E0000009", InDoubt},
		{504, "E0000067", InDoubt},
		{504, "E0000006", InDoubt},
	} {
		for _, header := range []http.Header{{}, {"X-Okta-Request-Id": {"r1"}}} {
			w := &canned{status: tt.status, header: header, body: oktaJSON(tt.code)}
			err := changes["reset"](t.Context(), cannedClient(t, w))
			var api *APIError
			if FateOf(err) != tt.want || !errors.As(err, &api) || api.Code != tt.code || w.requests != 1 {
				t.Errorf("%d %s: fate %d of %v after %d requests, want %d after one", tt.status, tt.code, FateOf(err), err, w.requests, tt.want)
			}
			if got := FateOf(fmt.Errorf("wrapped: %w", err)); got != tt.want {
				t.Errorf("%d %s, wrapped: fate %d, want %d", tt.status, tt.code, got, tt.want)
			}
		}
	}
	for _, tt := range []struct {
		status      int
		scheme, why string
		want        Fate
	}{
		{403, "Bearer", "insufficient_scope", NoAccess},
		{403, "DPoP", "insufficient_scope", NoAccess},
		{400, "DPoP", "invalid_dpop_proof", NoAccess},
		{400, "DPoP", "use_dpop_nonce", NoAccess},
		{401, "DPoP", "use_dpop_nonce", NoAccess},
		{401, "Bearer", "invalid_token", NoAccess},
		{401, "Bearer", "insufficient_scope", InDoubt},
		{400, "Bearer", "invalid_token", InDoubt},
		{404, "Bearer", "invalid_token", InDoubt},
		{401, "Bearer", "something_else", InDoubt},
	} {
		w := &canned{status: tt.status, header: http.Header{
			"X-Okta-Request-Id": {"r1"}, "Www-Authenticate": {tt.scheme + ` authorization_uri="https://acme.okta.com/oauth2/v1/authorize", scope="okta.users.manage", error="` + tt.why + `"`},
		}}
		if err := changes["reset"](t.Context(), cannedClient(t, w)); FateOf(err) != tt.want || w.requests != 1 {
			t.Errorf("%d %s %s: fate %d of %v after %d requests, want %d after one", tt.status, tt.scheme, tt.why, FateOf(err), err, w.requests, tt.want)
		}
	}
}

// A code under the wrong status isn't believed: it counts neither for a change nor for a read.
func TestStatusAndCodeBelongTogether(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for code, known := range refusals {
			for _, status := range []int{302, 400, 401, 403, 404, 405, 407, 409, 413, 423, 429, 451, 500, 501, 503} {
				if status == known.status {
					continue
				}
				w := &canned{status: status, header: http.Header{"X-Okta-Request-Id": {"r1"}}, body: oktaJSON(code)}
				c := cannedClient(t, w)
				if err := changes["reset"](t.Context(), c); FateOf(err) != InDoubt || w.requests != 1 || status < 500 && !errors.Is(err, ErrNotOkta) {
					t.Errorf("%d %s: fate %d of %v after %d requests, want in doubt after one", status, code, FateOf(err), err, w.requests)
				}
				if _, _, err := c.GetUser(t.Context(), judgedUser); FateOf(err) != InDoubt {
					t.Errorf("read, %d %s: fate %d of %v, want no answer", status, code, FateOf(err), err)
				}
			}
		}
	})
}

// Requests that Okta refuses for now, before any work, are sent again; after a 429 from Okta,
// when its window is over.
func TestOktasRefusalsForNowAreSentAgain(t *testing.T) {
	t.Parallel()
	for code, want := range map[string]int{"E0000010": maxTries, "E0000112": maxTries, "E0000239": maxTries, "E0000047": 2} {
		t.Run(code, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := &canned{status: refusals[code].status, header: http.Header{"X-Okta-Request-Id": {"r1"}}, body: oktaJSON(code)}
				c := cannedClient(t, w)
				if code == "E0000047" {
					c.http.Transport = roundTrips(func(r *http.Request) (*http.Response, error) {
						if w.requests == 1 {
							w.status, w.body = 200, "{}"
						}
						return w.RoundTrip(r)
					})
				}
				err := changes["reset"](t.Context(), c)
				if ok := FateOf(err) == Busy || code == "E0000047" && err == nil; !ok || w.requests != want {
					t.Errorf("%v after %d requests, want %d", err, w.requests, want)
				}
			})
		})
	}
}

type roundTrips func(*http.Request) (*http.Response, error)

func (f roundTrips) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// The essence of Okta's recorded replies: each counts as Okta's.
func TestRecordedRepliesAreOktas(t *testing.T) {
	t.Parallel()
	const json = "application/json"
	for _, tt := range []struct {
		what      string
		request   string // its ID: 32 hexadecimal digits since 2025, 27 letters and digits before
		status    int
		code      string
		challenge string
		want      Fate
	}{
		{what: "reset of an active user", request: "053d5c0447871525f1af450b1f5ce635", status: 200},
		{what: "reset of a user in recovery", request: "d6fb437ce5dddc8a839d67023154c964", status: 200},
		{what: "reset of 2016", request: "V4eYBUuPyeAlKtEAc3t2CQAABNc", status: 200},
		{what: "sessions cleared", request: "e2d83de80204e220f03981e71b203f68", status: 204},
		{what: "factor unenrolled", request: "X0f4ToIEV485TH5GpLfDQQAAAsM", status: 204},
		{what: "users listed", request: "3c1e149e9047e776e3336f08209e8500", status: 200},
		{what: "users listed in 2016", request: "V4hFJjU4zIDuh6bjDC6T8wAAF-o", status: 200},
		{what: "users listed with a proof", request: "7c9548600e416e2c980236ca6100fde7", status: 200},
		{what: "limit of 10", request: "5168be8d5f54ca5371398055415254ff", status: 429, code: "E0000047", want: Limited},
		{what: "limit of 50", request: "d8c32875dfe75dda51a3f0bad9478b90", status: 429, code: "E0000047", want: Limited},
		{what: "no such user", request: "X0f5RrZD9OSTRQFRMU-oqAAAB1Y", status: 404, code: "E0000007", want: Missing},
		{what: "no such factor", request: "X0f4Tv2vtEO-THA4OJm7SAAABAc", status: 404, code: "E0000007", want: Missing},
		{what: "not locked", request: "3ab36365bd73dbdcaaa2f93109fecc8d", status: 403, code: "E0000032", want: Refused},
		{what: "wrong status", request: "cf7173596da2412ec62986425c9128b9", status: 403, code: "E0000038", want: Refused},
		{what: "no such feature", request: "2cd418ad726399448ecd95383f91b552", status: 401, code: "E0000015", want: Refused},
		{what: "not authenticated", request: "bb197474baed28a645884d41bd443207", status: 401, code: "E0000004", want: NoAccess},
		{what: "bad token", request: "V4ft6eeutR4DI8vky1VpHAAAAJQ", status: 401, code: "E0000011", challenge: "SSWS", want: NoAccess},
	} {
		h := http.Header{"X-Okta-Request-Id": {tt.request}, "Content-Type": {json}}
		if tt.challenge != "" {
			h.Set("Www-Authenticate", tt.challenge)
		}
		w := &canned{status: tt.status, header: h, body: "[]"}
		if tt.want == InDoubt {
			tt.want = Done
		} else {
			w.body = oktaJSON(tt.code)
		}
		c := cannedClient(t, w)
		rep, err := c.send(t.Context(), &request{bucket: BucketUsers, method: "POST", path: apiPath("users")})
		if FateOf(err) != tt.want || !rep.verdict.okta || rep.verdict.fate != tt.want || !c.MetOkta() {
			t.Errorf("%s: fate %d of %v, %+v; want %d", tt.what, FateOf(err), err, rep.verdict, tt.want)
		}
	}
	// The three of the token endpoint have OAuth's form.
	for id, body := range map[string]string{
		"24193685cccc1f628148e4a548c66b1e": `{"error":"invalid_dpop_proof","error_description":"The DPoP proof JWT header is missing."}`,
		"5892d8bb399d05196ec0d210c162bb5b": `{"error":"use_dpop_nonce","error_description":"Authorization server requires nonce in DPoP proof."}`,
		"b77cf4c80b2a2057e8081fa0fa837a9d": `{"token_type":"DPoP","expires_in":3600,"access_token":"eyJ","scope":"okta.users.read"}`,
	} {
		w := &canned{status: 400, header: http.Header{"X-Okta-Request-Id": {id}}, body: body}
		if strings.Contains(body, "access_token") {
			w.status = 200
		}
		rep, err := cannedClient(t, w).send(t.Context(), &request{bucket: BucketToken, method: "POST", path: []string{"oauth2", "v1", "token"}, noToken: true, oauth: true, safe: true})
		var api *APIError
		if !rep.verdict.okta || w.status == 400 && (!errors.As(err, &api) || api.OAuth == "" || FateOf(&TokenError{err}) != NoAccess) || w.status == 200 && err != nil {
			t.Errorf("%s: %v, %+v", body, err, rep.verdict)
		}
	}
}

// The token endpoint, too, is trusted only if Okta answers.
func TestTokenEndpointOfAnother(t *testing.T) {
	t.Parallel()
	for _, status := range []int{400, 401, 403, 404, 429} {
		w := &canned{status: status, header: http.Header{}, body: `{"error":"invalid_client","error_description":"x"}`}
		_, err := cannedClient(t, w).send(t.Context(), &request{bucket: BucketToken, method: "POST", path: []string{"oauth2", "v1", "token"}, noToken: true, oauth: true, safe: true})
		if !errors.Is(err, ErrNotOkta) || FateOf(&TokenError{err}) != Unreachable {
			t.Errorf("%d: %v", status, err)
		}
	}
}

// An answer that is Okta's in all but the request ID is distinguished from a stranger's.
func TestRequestIDTakenAway(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]bool{
		`{"id":"` + judgedUser + `","status":"ACTIVE","profile":{"login":"a@example.com"}}`: true,
		`{"id":"me","profile":{"login":"a"}}`:                                               false,
		`{"login":"please"}`:                                                                false,
		`<html>`:                                                                            false,
		`null`:                                                                              false,
		``:                                                                                  false,
	} {
		w := &canned{status: 200, header: http.Header{}, body: body}
		_, _, err := cannedClient(t, w).GetMe(t.Context())
		if !errors.Is(err, ErrNotOkta) || errors.Is(err, ErrNoRequestID) != want || want && w.requests != 1 {
			t.Errorf("%s: %v after %d requests; want ErrNoRequestID: %v", body, err, w.requests, want)
		}
	}
	w := &canned{status: 200, header: http.Header{}, body: `{"id":"00o1","pipeline":"idx"}`}
	if _, err := cannedClient(t, w).GetOrg(t.Context()); !errors.Is(err, ErrNoRequestID) {
		t.Errorf("of the org: %v", err)
	}
}
