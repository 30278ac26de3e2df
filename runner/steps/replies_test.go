package steps_test

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"oktareset/oktaclient"
	"oktareset/oktaclient/standin"
	"oktareset/runner"
	"oktareset/runner/steps"
)

// outcome is the end of a row, and what reached Okta on the way.
type outcome struct {
	Status   runner.Status
	Reason   runner.Reason
	HTTP     int
	Code     string
	ID       bool // of the last reply
	Attempts int
	Posts    int // resets that reached the org
	Resets   int // resets that took effect
	Stop     string
}

// Why a run stops.
const (
	noAccess = "no access"
	wrongOrg = "wrong org"
	outage   = "outage"
	limited  = "limited"
)

// outcomeOf describes a result and the error besides it.
func outcomeOf(w *world, res runner.Result, err error) outcome {
	o := outcome{
		Status: res.Status, Reason: res.Reason, HTTP: res.HTTPStatus, Code: res.ErrorCode, ID: res.RequestID != "",
		Attempts: res.Attempts, Posts: w.posts(), Resets: w.org.Did(aliceID).Resets,
	}
	switch fate := oktaclient.FateOf(err); {
	case err == nil:
	case errors.Is(err, oktaclient.ErrOutage):
		o.Stop = outage
	case errors.Is(err, oktaclient.ErrLimited):
		o.Stop = limited
	case fate == oktaclient.NoAccess:
		o.Stop = noAccess
	case fate == oktaclient.WrongOrg:
		o.Stop = wrongOrg
	default:
		o.Stop = err.Error()
	}
	return o
}

// checkTexts asserts what is true for every result.
func checkTexts(t *testing.T, res runner.Result) {
	t.Helper()
	if !slices.Contains(runner.Statuses, res.Status) {
		t.Errorf("status %q isn't one of a finished file", res.Status)
	}
	silent := res.Status == runner.StatusReset || res.Status == runner.StatusWouldReset
	if (res.Error == "") != silent && res.Status != runner.StatusNotAttempted { // the run may have ended
		t.Errorf("status %s with the text %q", res.Status, res.Error)
	}
	if res.StartedAt.IsZero() || res.FinishedAt.Before(res.StartedAt) {
		t.Errorf("started %v, finished %v", res.StartedAt, res.FinishedAt)
	}
}

// Every reply to a reset becomes what Okta's API makes certain about it, and nothing is sent
// again that may have been done.
func TestReplies(t *testing.T) {
	t.Parallel()
	var (
		done     = outcome{Status: runner.StatusReset, HTTP: 200, ID: true, Attempts: 1, Posts: 1, Resets: 1}
		unknown  = outcome{Status: runner.StatusUnknown, Reason: runner.ReasonUnverified, Attempts: 1, Posts: 1}
		failed   = outcome{Status: runner.StatusFailed, ID: true, Attempts: 1, Posts: 1}
		stopped  = outcome{Status: runner.StatusNotAttempted, ID: true, Attempts: 1, Posts: 1, Stop: noAccess}
		with     = func(o outcome, f func(*outcome)) outcome { f(&o); return o }
		answered = func(o outcome, http int, code string) outcome {
			o.HTTP, o.Code = http, code
			return o
		}
		made = func(o outcome) outcome { o.Resets = 1; return o }
		own  = func(o outcome) outcome { o.ID = true; return o } // Okta's own reply, with a request ID
		sent = func(o outcome, n int) outcome { o.Attempts, o.Posts = n, n; return o }
	)
	tests := []struct {
		faults string
		want   outcome
	}{
		{"", done},
		{"garbage:reset_factors", done}, // status and request ID are enough
		{"endless:reset_factors", done},
		{"slow:reset_factors:delay=19s", done},

		{"portal:reset_factors", answered(unknown, 0, "")},
		{"portal_after:reset_factors", made(answered(unknown, 0, ""))},
		{"drop:reset_factors", unknown},
		{"drop_after:reset_factors", made(unknown)},
		{"drop_late:reset_factors:delay=40s", made(unknown)},
		{"hang:reset_factors", unknown},
		{"hang_after:reset_factors", made(unknown)},
		{"slow:reset_factors:delay=21s", made(unknown)},
		{"500:reset_factors", own(answered(unknown, 500, "E0000009"))},
		{"500_after:reset_factors", own(made(answered(unknown, 500, "E0000009")))},
		{"502:reset_factors", answered(unknown, 502, "")},
		{"502_after:reset_factors", made(answered(unknown, 502, ""))},
		{"503:reset_factors", answered(unknown, 503, "")},
		{"503_after:reset_factors", made(answered(unknown, 503, ""))},
		{"504:reset_factors", answered(unknown, 504, "")},
		{"504_late:reset_factors:delay=90s", made(answered(unknown, 504, ""))},
		{"redirect:reset_factors", own(answered(unknown, 0, ""))},

		// Nothing left this machine, or nothing was done: sent again.
		{"refuse:reset_factors:times=1", with(done, func(o *outcome) { o.Attempts = 2 })},
		{"refuse:reset_factors:times=6", with(done, func(o *outcome) { o.Attempts = 7 })},
		{"429_bare:reset_factors:times=3", sent(done, 4)},
		{"429_past:reset_factors:times=3", sent(done, 4)},
		{"429_concurrency:reset_factors:times=3", sent(done, 4)},
		{"readonly:reset_factors:times=4", sent(done, 5)},
		{"409:reset_factors:times=4", sent(done, 5)},
		{"423:reset_factors:times=4", sent(done, 5)},
		{"refuse:reset_factors:times=2 429_bare:reset_factors:times=2 readonly:reset_factors:times=1", with(done, func(o *outcome) { o.Attempts, o.Posts = 6, 4 })},
		// Never if it may have been done.
		{"429_bare:reset_factors:times=2 drop_after:reset_factors:times=1", made(sent(unknown, 3))},
		{"readonly:reset_factors:times=1 500:reset_factors:times=1", own(sent(answered(unknown, 500, "E0000009"), 2))},

		{"readonly:reset_factors", sent(answered(failed, 503, "E0000010"), 5)},
		{"409:reset_factors", sent(answered(failed, 409, "E0000112"), 5)},
		{"423:reset_factors", sent(answered(failed, 423, "E0000239"), 5)},
		{"429_sms:reset_factors", answered(failed, 429, "E0000204")},
		{"403_status:reset_factors", answered(failed, 403, "E0000038")},
		{"404_user:reset_factors", answered(failed, 404, "E0000007")}, // the user does exist
		{"404_user", with(answered(failed, 404, "E0000007"), func(o *outcome) { o.Status = runner.StatusNotFound })},
		{"403:reset_factors", with(answered(failed, 403, "E0000006"), func(o *outcome) { o.Status = runner.StatusForbidden })},

		{"401:reset_factors", answered(stopped, 401, "E0000011")},
		{"401_auth:reset_factors", answered(stopped, 401, "E0000004")},
		{"403_session:reset_factors", answered(stopped, 403, "E0000005")},
		{"403_scope:reset_factors", answered(stopped, 403, "")},
		{"404:reset_factors", with(answered(stopped, 404, "E0000008"), func(o *outcome) { o.Stop = wrongOrg })},
	}
	for _, tt := range tests {
		virtually(t, tt.faults, func(t *testing.T) {
			w := newWorld(t, standin.Config{}, oktaclient.Options{}, steps.Options{})
			w.org.Add(standin.User{ID: aliceID, Login: aliceLogin, Factors: []standin.Factor{{Type: "push", Provider: "OKTA"}}})
			script(t, w.org, tt.faults)
			res, err := w.do(t.Context(), 1, aliceID)
			<-time.After(2 * time.Minute) // for late effects
			if diff := cmp.Diff(tt.want, outcomeOf(w, res, err)); diff != "" {
				t.Errorf("%s (-want +got):\n%s%v: %s", tt.faults, diff, err, res.Error)
			}
			checkTexts(t, res)
			if res.UserID != aliceID {
				t.Errorf("user %q, want %q", res.UserID, aliceID)
			}
			checkTaken(t, w)
		})
	}
}

// script adds faults, with spaces between them.
func script(t *testing.T, org *standin.Org, faults string) {
	t.Helper()
	for s := range strings.FieldsSeq(faults) {
		f, err := standin.ParseFault(s)
		if err != nil {
			t.Fatal(err)
		}
		org.Script(f)
	}
}

// checkTaken asserts that row 1 was taken once, and before any change was sent.
func checkTaken(t *testing.T, w *world) {
	t.Helper()
	order := slices.DeleteFunc(slices.Clone(w.events), func(e string) bool {
		return e != "POST reset_factors" && !strings.HasPrefix(e, "take ")
	})
	if len(order) < 2 || order[0] != "take 1" || slices.Contains(order[1:], "take 1") {
		t.Errorf("order %q, want the row taken once, before the first reset", order)
	}
}

// Replies that the stand-in never gives.
func TestRareReplies(t *testing.T) {
	t.Parallel()
	okta := func(code string) string {
		// The summary belongs to another error: it must not decide.
		return `{"errorCode":"` + code + `","errorSummary":"You do not have permission to perform the requested action","errorId":"oae","errorCauses":[]}`
	}
	dpop := `DPoP algs="RS256", authorization_uri="https://acme.okta.com/oauth2/v1/authorize", realm="https://acme.okta.com", error="invalid_dpop_proof", error_description="x"`
	bearer := `Bearer authorization_uri="https://acme.okta.com/oauth2/v1/authorize", realm="https://acme.okta.com", scope="okta.users.manage", error="insufficient_scope"`
	tests := []struct {
		name    string
		status  int
		body    string
		headers []string
		want    runner.Status
		code    string
		stop    string
	}{
		{"200 empty", 200, "", nil, runner.StatusReset, "", ""},
		{"200 html", 200, "<html>", nil, runner.StatusUnknown, "", ""},
		{"200 cut", 200, `{"id"`, nil, runner.StatusReset, "", ""},
		{"204", 204, "", nil, runner.StatusReset, "", ""},
		{"202", 202, "{}", nil, runner.StatusReset, "", ""},
		{"204 not Okta", 204, "", []string{"X-Okta-Request-Id", ""}, runner.StatusUnknown, "", ""},
		{"200 not Okta", 200, "{}", []string{"X-Okta-Request-Id", ""}, runner.StatusUnknown, "", ""},
		{"302", 302, "", []string{"Location", "https://acme.okta.com/login"}, runner.StatusUnknown, "", ""},
		{"400", 400, okta("E0000001"), nil, runner.StatusFailed, "E0000001", ""},
		{"400 html", 400, "<html>Bad Request", []string{"X-Okta-Request-Id", ""}, runner.StatusUnknown, "", ""},
		{"400 html, Okta's headers", 400, "<html>Bad Request", nil, runner.StatusUnknown, "", ""},
		{"400 without headers", 400, okta("E0000001"), []string{"X-Okta-Request-Id", ""}, runner.StatusFailed, "E0000001", ""},
		{"400 dpop", 400, "", []string{"Www-Authenticate", dpop}, runner.StatusNotAttempted, "", noAccess},
		{"401 feature", 401, okta("E0000015"), nil, runner.StatusFailed, "E0000015", ""},
		{"403 status", 403, okta("E0000038"), nil, runner.StatusFailed, "E0000038", ""},
		{"403 empty", 403, "", nil, runner.StatusUnknown, "", ""},
		{"403 scope", 403, "", []string{"Www-Authenticate", bearer}, runner.StatusNotAttempted, "", noAccess},
		{"404 not Okta", 404, "<html>", []string{"X-Okta-Request-Id", ""}, runner.StatusUnknown, "", ""},
		{"404 gateway", 404, `{"status":404,"message":"Resource not found"}`, nil, runner.StatusUnknown, "", ""},
		{"404 of the path", 404, okta("E0000008"), nil, runner.StatusNotAttempted, "E0000008", wrongOrg},
		{"405", 405, okta("E0000022"), nil, runner.StatusFailed, "E0000022", ""},
		{"408", 408, "", []string{"X-Okta-Request-Id", ""}, runner.StatusUnknown, "", ""},
		{"407", 407, "<html>", []string{"X-Okta-Request-Id", ""}, runner.StatusUnknown, "", ""},
		{"409 other", 409, okta("E0000001"), nil, runner.StatusUnknown, "E0000001", ""},
		{"413", 413, "<html>", []string{"X-Okta-Request-Id", ""}, runner.StatusUnknown, "", ""},
		{"423 other", 423, okta("E0000001"), nil, runner.StatusUnknown, "E0000001", ""},
		{"429 call", 429, okta("E0000205"), nil, runner.StatusFailed, "E0000205", ""},
		{"429 page", 429, "<html>", []string{"X-Okta-Request-Id", ""}, runner.StatusUnknown, "", ""},
		{"451", 451, "<html>", []string{"X-Okta-Request-Id", ""}, runner.StatusUnknown, "", ""},
		{"500 read only", 500, okta("E0000010"), nil, runner.StatusUnknown, "E0000010", ""},
		{"501", 501, okta("E0000060"), nil, runner.StatusFailed, "E0000060", ""},
		{"501 page", 501, "<html>", []string{"X-Okta-Request-Id", ""}, runner.StatusUnknown, "", ""},
		{"503 of Okta", 503, okta("E0000009"), nil, runner.StatusUnknown, "E0000009", ""},
		{"504 of Okta", 504, okta("E0000067"), nil, runner.StatusUnknown, "E0000067", ""},
	}
	for _, tt := range tests {
		virtually(t, tt.name, func(t *testing.T) {
			w := newWorld(t, standin.Config{}, oktaclient.Options{}, steps.Options{})
			w.canned = func(r *http.Request) *http.Response { return reply(r, tt.status, tt.body, tt.headers...) }
			res, err := w.do(t.Context(), 1, aliceID)
			got := outcomeOf(w, res, err)
			want := outcome{
				Status: tt.want, HTTP: tt.status, Code: tt.code, ID: !slices.Contains(tt.headers, "X-Okta-Request-Id"), Attempts: 1, Stop: tt.stop,
			}
			if tt.want == runner.StatusUnknown {
				want.Reason = runner.ReasonUnverified
				if tt.status < 500 { // no status of Okta's
					want.HTTP = 0
				}
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s%v: %s", tt.name, diff, err, res.Error)
			}
			checkTexts(t, res)
			if diff := cmp.Diff([]string{"take 1", "POST reset_factors"}, w.events); diff != "" {
				t.Errorf("%s sent (-want +got):\n%s", tt.name, diff)
			}
		})
	}
}

// A reset that Okta answers with 404 may have met a deactivated user, nobody, or a user with
// another obstacle.
func TestMissing(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		users  []standin.User
		faults string
		want   runner.Status
		reason runner.Reason
		login  string
		gets   int
		stop   string
		text   string // part of
	}{
		{"nobody", nil, "", runner.StatusNotFound, "", "", 1, "", "404 Not Found E0000007"},
		{
			"deactivated",
			[]standin.User{{ID: aliceID, Login: aliceLogin, Status: standin.StatusDeprovisioned}},
			"",
			runner.StatusSkipped, runner.ReasonDeprovisioned, aliceLogin, 1, "", "deactivated",
		},
		{
			"suspended",
			[]standin.User{{ID: aliceID, Login: aliceLogin, Status: standin.StatusSuspended}},
			"404_user:reset_factors",
			runner.StatusFailed, "", aliceLogin, 1, "", "404 Not Found E0000007",
		},
		{"look-up forbidden", nil, "403:get_user", runner.StatusFailed, "", "", 1, "", "look up: 403 Forbidden E0000006"},
		{"look-up broken once", nil, "500:get_user:times=1", runner.StatusNotFound, "", "", 2, "", "404 Not Found E0000007"},
		{"look-up broken", nil, "500:get_user", runner.StatusFailed, "", "", 5, "", "look up: 500 Internal Server Error E0000009"},
		{"look-up unreadable", nil, "garbage:get_user", runner.StatusFailed, "", "", 1, "", "look up: read Okta's answer"},
		{"credentials gone", nil, "401:get_user", runner.StatusFailed, "", "", 1, noAccess, "404 Not Found E0000007"},
		{"org gone", nil, "404:get_user", runner.StatusFailed, "", "", 1, wrongOrg, "404 Not Found E0000007"},
	}
	for _, tt := range tests {
		virtually(t, tt.name, func(t *testing.T) {
			w := newWorld(t, standin.Config{}, oktaclient.Options{}, steps.Options{})
			for _, u := range tt.users {
				w.org.Add(u)
			}
			script(t, w.org, tt.faults)
			res, err := w.do(t.Context(), 1, aliceID)
			got := outcomeOf(w, res, err)
			want := outcome{Status: tt.want, Reason: tt.reason, HTTP: 404, Code: "E0000007", ID: true, Attempts: 1, Posts: 1, Stop: tt.stop}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s%v", tt.name, diff, err)
			}
			if !strings.Contains(res.Error, tt.text) || res.Login != tt.login {
				t.Errorf("login %q, error %q; want %q, %q", res.Login, res.Error, tt.login, tt.text)
			}
			if n := w.org.Stats().ByOp[standin.OpGetUser]; n != tt.gets {
				t.Errorf("%d look-ups, want %d", n, tt.gets)
			}
			checkTexts(t, res)
		})
	}
}
