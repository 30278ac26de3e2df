package command

import (
	"context"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"oktareset/oktaclient/standin"
	"oktareset/runner/fault"
)

const limitBody = `{"errorCode":"E0000047","errorId":"oae","errorSummary":"API call exceeded rate limit due to too many requests."}`

// spent answers as Okta does while others use its limit up, window after window.
func spent(r *http.Request) *http.Response {
	now := time.Now()
	return &http.Response{
		StatusCode: http.StatusTooManyRequests, Request: r, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{
			"X-Okta-Request-Id": {"req"}, "Date": {now.UTC().Format(http.TimeFormat)}, "X-Rate-Limit-Limit": {"600"},
			"X-Rate-Limit-Remaining": {"0"}, "X-Rate-Limit-Reset": {strconv.FormatInt(now.Unix()+30, 10)},
		},
		Body: readCloser{strings.NewReader(limitBody)}, ContentLength: int64(len(limitBody)),
	}
}

// limited runs a command in an org that always answers 429 to requests whose path contains a text.
// It returns the exit code.
func (v *virtual) limited(ctx context.Context, path string, args ...string) int {
	v.t.Helper()
	args = slices.Clone(args)
	switch args[0] {
	case "audit", "after":
		v.want(v.reset(confirm(3)), fault.ExitOK, map[string]int{"reset": 3})
		args = append(args, v.path("users.results.csv"))
	case "reset":
		args = append(args, v.path("users.csv"))
	}
	v.tampered = func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
		if strings.Contains(r.URL.Path, path) {
			return spent(r), nil
		}
		return next.RoundTrip(r)
	}
	_, code := v.onTerminalIn(ctx, args...)
	if strings.Contains(v.stderr, "be reached") {
		v.t.Errorf("%q: an org that answers can be reached:\n%s", args, v.stderr)
	}
	return code
}

// Whatever the command and the call, a rate limit that lasts is reported as a rate limit, with the
// time at which it may be over: an org that answers 429 can be reached.
func TestLastingLimitIsNamed(t *testing.T) {
	t.Parallel()
	const text = "error: acme.okta.com: .*a rate limit has refused every request for minutes \\(429, too many requests\\).*; its next window begins at 00:05:41Z"
	const warning = "warning: .*a rate limit has refused every request .*; its next window begins at 00:05:41Z"
	for _, tt := range []struct {
		args []string
		path string // a part of the path of the calls that are refused
		code int
		text string
	}{
		{[]string{"reset", "--dry-run"}, "/users/me", fault.ExitStopped, text},
		{[]string{"reset", confirm(3)}, "/", fault.ExitStopped, text},
		{[]string{"reset", confirm(3)}, "/.well-known/", fault.ExitStopped, text},
		{[]string{"reset", confirm(3)}, "/lifecycle/", fault.ExitStopped, text},
		{[]string{"reset", "--skip-admins", confirm(3)}, "/roles", fault.ExitStopped, text},
		{
			[]string{"reset", "--skip-reset-since", "1h", confirm(3)},
			"/logs", fault.ExitUsage,
			"error: .*because a rate limit holds requests up \\(429, too many requests\\) until 2000-01-01T00:05:10Z: nobody knows",
		},
		{[]string{"users"}, "/users", fault.ExitStopped, text},
		{[]string{"users", "--has-factor", "sms"}, "/factors", fault.ExitStopped, text},
		{[]string{"users", "--group", "Everyone"}, "/groups", fault.ExitStopped, text},
		{[]string{"factors", "list", "user1@example.com"}, "/users", fault.ExitStopped, text},
		{[]string{"factors", "list", "user1@example.com"}, "/factors", fault.ExitStopped, text},
		{[]string{"whoami"}, "/users/me", fault.ExitStopped, text},
		{[]string{"whoami"}, "/.well-known/", fault.ExitOK, warning},
		{[]string{"whoami"}, "/roles", fault.ExitOK, warning},
		{[]string{"whoami"}, "/logs", fault.ExitOK, warning},
		{[]string{"audit", "--wait", "0"}, "/.well-known/", fault.ExitStopped, text},
		{[]string{"audit", "--wait", "0"}, "/logs", fault.ExitStopped, text},
		{[]string{"after"}, "/logs", fault.ExitStopped, text},
	} {
		t.Run(strings.Join(tt.args, " ")+" "+tt.path, func(t *testing.T) {
			virtually(t, 3, standin.Config{}, func(v *virtual) {
				code := v.limited(v.t.Context(), tt.path, tt.args...)
				if code != tt.code || !regexp.MustCompile(tt.text).MatchString(v.stderr) {
					t.Errorf("exit code %d, want %d and %q:\n%s", code, tt.code, tt.text, v.stderr)
				}
			})
		})
	}
}

// The same is true for the token endpoint, in both forms in which it may answer 429.
func TestLastingLimitOfTheTokenEndpoint(t *testing.T) {
	t.Parallel()
	for _, body := range []string{limitBody, `{"error":"too_many_requests","error_description":"x"}`} {
		for _, args := range [][]string{
			{"reset", "--dry-run"}, {"reset", confirm(3)}, {"users"}, {"factors", "list", "user1@example.com"}, {"whoami"}, {"audit", "--wait", "0"}, {"after"},
		} {
			virtually(t, 3, standin.Config{}, func(v *virtual) {
				if args[0] == "audit" || args[0] == "after" {
					v.reset(confirm(3))
					args = append(args, v.path("users.results.csv"))
				} else if args[0] == "reset" {
					args = append(args, v.path("users.csv"))
				}
				before := v.org.Stats().ResetsApplied
				v.asApp(standin.App{})
				v.tokenAnswer(http.StatusTooManyRequests, body)
				_, code := v.onTerminalIn(v.t.Context(), args...)
				if code != fault.ExitStopped || !strings.Contains(v.stderr, "error: acme.okta.com: get an access token: a rate limit has refused every request") ||
					strings.Contains(v.stderr, "be reached") {
					t.Errorf("%q, %s: exit code %d:\n%s", args, body, code, v.stderr)
				}
				if n := v.org.Stats().ResetsApplied - before; n != 0 {
					t.Errorf("%d resets", n)
				}
			})
		}
	}
}

// A limit that lasts doesn't end watch: it reports the limit, and continues when the limit is over.
func TestWatchOutlivesALimit(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"/", "/logs"} {
		virtually(t, 3, standin.Config{}, func(v *virtual) {
			ctx, stop := context.WithCancelCause(v.t.Context())
			time.AfterFunc(time.Hour, func() { stop(fault.Signal{Signal: syscall.SIGTERM}) })
			if code := v.limited(ctx, path, "watch"); code != 143 || !strings.Contains(v.stderr, "; nothing is lost: not sent: no page came in 2m0s") ||
				!strings.Contains(v.stderr, "because a rate limit holds requests up (429, too many requests) until ") {
				t.Errorf("%s: exit code %d:\n%s", path, code, v.stderr)
			}
		})
	}
}
