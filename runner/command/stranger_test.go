package command

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"oktareset/oktaclient/standin"
	"oktareset/runner/fault"
)

// strangers returns the answers of something that lets changes through and replaces Okta's answers
// by a page of its own with one of these statuses.
func strangers() []standin.Fault {
	var faults []standin.Fault
	for _, code := range []int{200, 302, 400, 401, 403, 404, 407, 409, 413, 423, 429, 451, 501, 503} {
		faults = append(faults, standin.Fault{Kind: standin.Page, Code: code})
	}
	for _, code := range []int{200, 302, 400, 401, 403, 404, 429, 501} {
		faults = append(faults, standin.Fault{Kind: standin.PageHeaders, Code: code})
	}
	return faults
}

// noFalseRows fails the test if a row says that nothing was done though something was.
func (v *virtual) noFalseRows(done func(standin.Deeds) int) {
	v.t.Helper()
	for i, row := range v.table() {
		d := done(v.org.Did(v.ids[i]))
		if d > 1 {
			v.t.Errorf("row %d: done %d times:\n%s", i+1, d, v.stderr)
		}
		switch row[4] {
		case "reset", "unknown", "partial":
		default:
			if d > 0 {
				v.t.Errorf("row %d says %s/%s (%s), and was done:\n%s", i+1, row[4], row[5], strings.Join(row[6:], ","), v.stderr)
			}
		}
	}
}

// Whatever the status of a stranger's page, no row denies a reset that was done, and nobody is
// reset again: not by the run, not by a resume, not by --retry failed.
func TestPagesOfAStranger(t *testing.T) {
	t.Parallel()
	resets := func(d standin.Deeds) int { return d.Resets }
	for _, trouble := range strangers() {
		for _, when := range []standin.When{standin.After, standin.Before} {
			t.Run(fmt.Sprintf("%s %d %s", trouble.Kind, trouble.Code, when), func(t *testing.T) {
				virtually(t, 20, standin.Config{Latency: 100 * time.Millisecond}, func(v *virtual) {
					trouble.Op, trouble.When, trouble.Skip, trouble.Every, trouble.Times = resetOp, when, 3, 5, 3
					v.org.Script(trouble)
					v.reset(confirm(20), "--workers", "4")
					v.noFalseRows(resets)
					if strings.Contains(v.stderr, "Okta answered 429") {
						t.Errorf("a stranger's answer is told as Okta's:\n%s", v.stderr)
					}
					if n := v.org.Unused(); len(n) > 0 {
						t.Errorf("unused faults %v", n)
					}
					v.reset("--resume")
					v.noFalseRows(resets)
					v.reset("--retry", "failed", confirm(20))
					v.noFalseRows(resets)
					if when == standin.After {
						v.resets(map[int]int{1: 20})
						if got := v.counts(); got["reset"]+got["reset/verified"] != 20 || got["reset/verified"] != 3 {
							t.Errorf("%v, want all reset, three of them proved by the log:\n%s", got, v.stderr)
						}
					}
				})
			})
		}
	}
}

// If nothing proves the resets, the rows stay unknown, and --retry failed has nobody to reset.
func TestPagesOfAStrangerWithoutProof(t *testing.T) {
	t.Parallel()
	for _, code := range []int{400, 401, 403, 404, 407, 413, 429, 451, 501} {
		virtually(t, 20, standin.Config{Latency: 100 * time.Millisecond, ResetEvents: standin.NoEvents}, func(v *virtual) {
			v.org.Script(standin.Fault{Kind: standin.Page, Code: code, When: standin.After, Op: resetOp, Skip: 3, Every: 7, Times: 2})
			want := map[string]int{"reset": 18, "unknown/unverified": 2}
			v.want(v.reset(confirm(20), "--workers", "2"), fault.ExitRows, want)
			v.want(v.reset("--retry", "failed,forbidden", confirm(20)), fault.ExitRows, want)
			v.want(v.reset("--resume"), fault.ExitRows, want)
			v.resets(map[int]int{1: 20})
			for _, row := range v.table() {
				if row[4] == "unknown" && !strings.Contains(strings.Join(row, ","), "may not come from Okta") {
					t.Errorf("%d: %q doesn't say why", code, row)
				}
			}
		})
	}
}

// A stranger's 429 holds the bucket. The run doesn't report that others have spent the calls that
// were set aside for enrollments.
func TestAStrangersLimitIsNobodysSpending(t *testing.T) {
	t.Parallel()
	virtually(t, 60, standin.Config{Latency: 100 * time.Millisecond}, func(v *virtual) {
		v.phones()
		v.org.Script(standin.Fault{Kind: standin.Page, Code: 429, When: standin.After, Op: standin.OpEnroll, Every: 10})
		v.want(v.reset(with(enrollFlags, confirm(60), "--workers", "6")...), 0, map[string]int{"reset": 60})
		if resets, enrolls := v.total(); resets != 60 || enrolls != 60 || strings.Contains(v.stderr, "had to wait for a new window") {
			t.Errorf("%d resets, %d enrollments:\n%s", resets, enrolls, v.stderr)
		}
	})
}

// A stranger's page leaves a later step open, and the step is done once.
func TestPagesOfAStrangerInLaterSteps(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		op    string
		flags []string
		done  func(standin.Deeds) int
	}{
		{standin.OpEnroll, enrollFlags, func(d standin.Deeds) int { return d.Enrolls }},
		{standin.OpClearSessions, []string{"--clear-sessions"}, func(standin.Deeds) int { return 0 }}, // twice is no harm
		{standin.OpUnenroll, []string{"--factor", "sms"}, func(d standin.Deeds) int { return d.Unenrolls }},
		{standin.OpExpirePassword, []string{"--expire-password"}, func(standin.Deeds) int { return 0 }},
	} {
		for _, code := range []int{200, 302, 400, 401, 404, 409, 413, 429, 501} {
			t.Run(fmt.Sprintf("%s %d", tt.op, code), func(t *testing.T) {
				virtually(t, 20, standin.Config{Latency: 100 * time.Millisecond, Engine: standin.Classic}, func(v *virtual) {
					v.phones()
					v.org.Script(standin.Fault{Kind: standin.Page, Code: code, When: standin.After, Op: tt.op, Skip: 3, Every: 7, Times: 2})
					v.reset(with(tt.flags, confirm(20), "--workers", "2")...)
					v.noFalseRows(tt.done)
					v.reset(with(tt.flags, "--retry", "failed", confirm(20))...)
					v.reset(with(tt.flags, "--resume")...)
					v.noFalseRows(tt.done)
					for _, id := range v.ids {
						d := v.org.Did(id)
						done := tt.done(d) > 0
						switch tt.op {
						case standin.OpClearSessions:
							done = d.SessionsCleared > 0 && d.DevicesForgotten == d.SessionsCleared
						case standin.OpExpirePassword:
							done = d.PasswordsExpired > 0
						}
						if d.Resets > 1 || !done {
							t.Errorf("%s: %+v:\n%s", id, d, v.stderr)
						}
					}
				})
			})
		}
	}
}

// A stranger answers an enrollment that Okta makes 20 s later. Neither the run sends it again
// meanwhile, nor a resume that only knows the results: the status of the stranger's page doesn't
// count as a refusal.
func TestLateEnrollmentThatAStrangerAnswers(t *testing.T) {
	t.Parallel()
	for _, code := range []int{200, 400, 401, 403, 404, 409, 429} {
		for _, stopped := range []bool{false, true} {
			t.Run(fmt.Sprintf("%d stopped=%v", code, stopped), func(t *testing.T) {
				virtually(t, 6, standin.Config{Latency: 100 * time.Millisecond}, func(v *virtual) {
					v.phones()
					v.org.Script(standin.Fault{
						Kind: standin.Page, Code: code, When: standin.Late, Delay: 20 * time.Second, Op: standin.OpEnroll, UserID: v.ids[3], Times: 1,
					})
					ctx, stop := context.WithCancelCause(v.t.Context())
					defer stop(nil)
					if stopped {
						time.AfterFunc(5*time.Second, func() { stop(fault.Signal{Signal: syscall.SIGTERM}) })
					}
					v.resetIn(ctx, with(enrollFlags, confirm(6), "--workers", "1")...)
					v.reset(with(enrollFlags, "--resume")...)
					<-time.After(time.Minute)
					if n := v.org.Stats().ByOp[standin.OpEnroll]; n != 6 {
						t.Errorf("%d requests to enroll, want one for each user:\n%s", n, v.stderr)
					}
					v.want(v.reset(with(enrollFlags, "--resume")...), 0, map[string]int{"reset": 6})
				})
			})
		}
	}
}

// A stranger's page in the place of Okta's answer to a read settles no row.
func TestPagesOfAStrangerInReads(t *testing.T) {
	t.Parallel()
	for _, code := range []int{401, 403, 404} {
		for op, flags := range map[string][]string{
			standin.OpGetUser: {"--dry-run"}, standin.OpListFactors: {"--factor", "sms"}, standin.OpListRoles: {"--skip-admins"},
		} {
			virtually(t, 8, standin.Config{Latency: 100 * time.Millisecond}, func(v *virtual) {
				v.org.Script(standin.Fault{Kind: standin.Page, Code: code, Op: op, UserID: v.ids[2]})
				if op == standin.OpGetUser {
					flags = with(flags, "-o", v.path("users.results.csv"))
				}
				v.reset(with(flags, confirm(8), "--workers", "1")...)
				for i, row := range v.table() {
					if want := map[bool]string{true: "failed", false: "reset"}[i == 2]; !strings.HasSuffix(row[4], want) {
						t.Errorf("%s %d: row %d is %s/%s, want %s:\n%s", op, code, i+1, row[4], row[5], want, v.stderr)
					}
				}
			})
		}
	}
}

// Something removes x-okta-request-id from all answers: no answer could be trusted, so the run
// begins nothing.
func TestRequestIDsTakenAway(t *testing.T) {
	t.Parallel()
	for name, prepare := range map[string]func(*virtual){"token": func(*virtual) {}, "app": func(v *virtual) { v.asApp(standin.App{}) }} {
		for _, op := range []string{"", standin.OpOrganization} {
			virtually(t, 5, standin.Config{}, func(v *virtual) {
				prepare(v)
				v.org.Script(standin.Fault{Kind: standin.Strip, Op: op})
				code := v.reset(confirm(5))
				if code != fault.ExitUsage || !strings.Contains(v.stderr, "something between here and Okta strips the header x-okta-request-id, so no answer can be trusted") {
					t.Errorf("%s, %q: exit code %d:\n%s", name, op, code, v.stderr)
				}
				v.wantNoResults()
				v.resets(map[int]int{0: 5})
			})
		}
	}
}

// wantNoResults fails the test if the last run left something.
func (v *virtual) wantNoResults() {
	v.t.Helper()
	if files := v.files(); len(files) > 1 {
		v.t.Errorf("left %q", files)
	}
}

// One event has one exit code, wherever it happens: an outage that lasts is 5, also in look-ups
// before the question, and so are 429s that last. The run doesn't report 429s as an org that can't
// be reached.
func TestOneEventOneCode(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		fault standin.Kind
		op    string
		flags []string
		text  string
	}{
		{standin.Refuse, standin.OpGetUser, []string{"--exclude=vips.csv"}, "the org can't be reached"},
		{standin.Refuse, standin.OpListRoles, []string{"--skip-admins"}, "the org can't be reached"},
		{standin.Refuse, resetOp, nil, "the org can't be reached"},
		{standin.TooManyBare, standin.OpMe, nil, "a rate limit has refused every request for minutes (429, too many requests); the limit is that of /api/v1/users"},
		{standin.TooManyBare, standin.OpGetUser, []string{"--exclude=vips.csv"}, "a rate limit has refused every request for minutes (429, too many requests); the limit is that of /api/v1/users"},
		{standin.TooManyBare, resetOp, nil, "a rate limit has refused every request for minutes (429, too many requests); the limit is that of /api/v1/users"},
	} {
		t.Run(fmt.Sprintf("%s %s", tt.fault, tt.op), func(t *testing.T) {
			virtually(t, 5, standin.Config{}, func(v *virtual) {
				v.exclusions("vips.csv", "user1@example.com")
				v.org.Script(standin.Fault{Kind: tt.fault, Op: tt.op})
				flags := []string{confirm(5)}
				for _, f := range tt.flags {
					flags = append(flags, strings.ReplaceAll(f, "vips.csv", v.path("vips.csv")))
				}
				code := v.reset(flags...)
				if code != fault.ExitStopped || !strings.Contains(v.stderr, "error: acme.okta.com: ") || !strings.Contains(v.stderr, tt.text) {
					t.Errorf("exit code %d, want 5 and %q:\n%s", code, tt.text, v.stderr)
				}
				if tt.fault == standin.TooManyBare && strings.Contains(v.stderr, "can't be reached") {
					t.Errorf("an org that answers can be reached:\n%s", v.stderr)
				}
				v.resets(map[int]int{0: 5})
			})
		})
	}
}

// An org that never answered is more likely a wrong address: 2, and no wait of ten minutes.
func TestNeverAnsweredIsUsage(t *testing.T) {
	t.Parallel()
	virtually(t, 5, standin.Config{}, func(v *virtual) {
		v.tampered = func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
			resp, err := next.RoundTrip(r)
			if err == nil {
				resp.StatusCode, resp.Header = http.StatusNotFound, http.Header{}
			}
			return resp, err
		}
		start := time.Now()
		if code := v.reset(confirm(5)); code != fault.ExitUsage || !strings.Contains(v.stderr, "doesn't answer as an Okta org: 404 Not Found") || time.Since(start) > time.Minute {
			t.Errorf("exit code %d after %s:\n%s", code, time.Since(start), v.stderr)
		}
		v.wantNoResults()
	})
}
