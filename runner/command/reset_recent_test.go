package command

import (
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"oktareset/oktaclient/standin"
	"oktareset/runner/fault"
)

// says fails the test unless the last run said what the regular expression matches.
func (v *virtual) says(pattern string) {
	v.t.Helper()
	if !regexp.MustCompile(pattern).MatchString(v.stderr) {
		v.t.Errorf("%q isn't said:\n%s", pattern, v.stderr)
	}
}

func (v *virtual) saysNot(pattern string) {
	v.t.Helper()
	if regexp.MustCompile(pattern).MatchString(v.stderr) {
		v.t.Errorf("%q is said:\n%s", pattern, v.stderr)
	}
}

// yesterday resets all users under the name of other results, and waits 20 hours.
func (v *virtual) yesterday(flags ...string) {
	v.t.Helper()
	if code := v.reset(append(flags, confirm(len(v.ids)), "-o", v.path("yesterday.csv"))...); code != fault.ExitOK {
		v.t.Fatalf("yesterday's run: exit code %d\n%s", code, v.stderr)
	}
	v.saysNot("of these users")
	<-time.After(20 * time.Hour)
}

// enroll makes a user enroll a factor now.
func (v *virtual) enroll(i int) {
	v.t.Helper()
	if _, ok := v.org.Enroll(v.ids[i], standin.Factor{Type: "push", Provider: "OKTA"}); !ok {
		v.t.Fatal("no such user")
	}
}

// A run over the same people, under another name of the results, says that they were reset, and
// resets them all the same. With the flag it leaves them alone, except those who have enrolled
// since. That costs no call in the bucket of resets.
func TestResetYesterday(t *testing.T) {
	t.Parallel()
	for _, cfg := range []standin.Config{
		{}, {Engine: standin.Classic}, {ResetEvents: standin.DeactivateOnly}, {ResetEvents: standin.ResetAllOnly},
	} {
		virtually(t, 6, cfg, func(v *virtual) {
			v.yesterday()
			v.enroll(1)
			v.enroll(4)
			code := v.reset("--dry-run", "-o", v.path("plan.csv"))
			v.says(`warning: 6 of these users were reset in the last 24h: 6 by okta.admin@example.com \(run \d{8}T\d{6}Z-[0-9a-f]{6}\); ` +
				`they would be reset again; 2 of them have enrolled a factor since; to leave the others alone: --skip-reset-since 24h\n`)
			if code != fault.ExitOK {
				t.Errorf("dry run: exit code %d", code)
			}
			resets, logs := v.org.Stats().ByOp[standin.OpResetFactors], v.org.Stats().ByOp[standin.OpLogs]
			code = v.reset(confirm(6), "--skip-reset-since", "1d")
			v.want(code, fault.ExitOK, map[string]int{"reset": 2, "skipped/recent": 4})
			v.says(`6 of these users were reset since 1999-12-31T20:00:00Z: 6 by okta.admin@example.com \(run .*\); left alone: 4 \(--skip-reset-since 24h\); ` +
				`reset again: 2 with a factor enrolled since\n`)
			v.saysNot("warning")
			v.resets(map[int]int{1: 4, 2: 2})
			s := v.org.Stats()
			if got := s.ByOp[standin.OpResetFactors] - resets; got != 2 || s.ByOp[standin.OpListFactors] != 0 || s.ByOp[standin.OpLogs]-logs != 1 {
				t.Errorf("%d requests to reset, %d lists, %d of the log", got, s.ByOp[standin.OpListFactors], s.ByOp[standin.OpLogs]-logs)
			}
			b, err := os.ReadFile(v.path("users.results.csv"))
			if err != nil || !strings.Contains(string(b), "skipped,recent,") || !regexp.MustCompile(
				`reset at 2000-01-01T\S+Z by okta.admin@example.com \(run \S+\), and nothing was enrolled since`).Match(b) {
				t.Errorf("results: %v\n%s", err, b)
			}
			if b, err = os.ReadFile(v.path("users.results.json")); err != nil || !strings.Contains(string(b), `"skip-reset-since": "24h"`) {
				t.Errorf("manifest: %v\n%s", err, b)
			}
		})
	}
}

// Users who are named by login are counted and left alone as those who are named by ID.
func TestRecentByLogin(t *testing.T) {
	t.Parallel()
	virtually(t, 3, standin.Config{}, func(v *virtual) {
		v.yesterday()
		if err := os.WriteFile(v.path("users.csv"), []byte("login\nUSER0@example.com\nuser2@example.com\nuser1@EXAMPLE.com\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		v.enroll(2)
		if code := v.reset(confirm(3), "--skip-reset-since", "24h"); code != fault.ExitOK {
			t.Errorf("exit code %d", code)
		}
		v.says("3 of these users were reset since .*; left alone: 2 ")
		v.says(`3 rows in .*: 1 reset, 2 skipped \(2 recent\)`)
		v.resets(map[int]int{1: 2, 2: 1})
	})
}

// A reset counts if it was whole, within the period, and didn't fail. It also counts if another
// admin did it in the Admin Console.
func TestWhatIsRecent(t *testing.T) {
	t.Parallel()
	virtually(t, 4, standin.Config{}, func(v *virtual) {
		v.org.ResetBy("okta.admin@example.com", v.ids[0])
		<-time.After(25 * time.Hour)
		help := v.org.Add(standin.User{Login: "help@example.com"})
		v.org.ResetBy(help.Login, v.ids[1])
		if code := v.reset(confirm(4), "--factor", "sms", "-o", v.path("single.csv")); code != fault.ExitOK {
			t.Fatalf("exit code %d\n%s", code, v.stderr)
		}
		v.says(`1 of these users was reset in the last 24h by help@example.com; the user has enrolled no factor since, and is reset again; to leave the user alone`)
		code := v.reset(confirm(4), "--skip-reset-since", "24h")
		v.want(code, fault.ExitOK, map[string]int{"reset": 3, "skipped/recent": 1})
		v.saysNot("okta.admin")
		v.resets(map[int]int{1: 3, 2: 1})
	})
}

// A user who was reset again after enrolling has no factor, because the last reset counts.
func TestEnrolledBetweenResets(t *testing.T) {
	t.Parallel()
	virtually(t, 2, standin.Config{}, func(v *virtual) {
		v.yesterday()
		v.enroll(0)
		<-time.After(time.Minute)
		v.org.ResetBy("okta.admin@example.com", v.ids[0])
		code := v.reset(confirm(2), "--skip-reset-since", "24h")
		v.want(code, fault.ExitOK, map[string]int{"skipped/recent": 2})
		v.says("warning: all users of .* were reset lately: there is nobody to reset")
	})
}

// A factor that a run enrolls after its own reset doesn't count as an enrollment by the user. A
// factor that the user activates does.
func TestRecentWithEnroll(t *testing.T) {
	t.Parallel()
	virtually(t, 2, standin.Config{}, func(v *virtual) {
		input := "userId,phoneNumber\n" + v.ids[0] + ",+15550000001\n" + v.ids[1] + ",+15550000002\n"
		if err := os.WriteFile(v.path("users.csv"), []byte(input), 0o600); err != nil {
			t.Fatal(err)
		}
		enroll := []string{"--enroll", "sms:OKTA", "--activate", "--update-phone"}
		v.yesterday(enroll...)
		code := v.reset(append(enroll, confirm(2), "--skip-reset-since", "24h")...)
		v.want(code, fault.ExitOK, map[string]int{"skipped/recent": 2})
		v.enroll(1)
		code = v.reset(append(enroll, confirm(2), "--skip-reset-since", "24h", "-o", v.path("again.csv"))...)
		if v.says(`2 rows in .*: 1 reset, 1 skipped \(1 recent\)`); code != fault.ExitOK {
			t.Errorf("exit code %d", code)
		}
		v.resets(map[int]int{1: 1, 2: 1})
	})
}

// Earlier runs of the same results aren't others: a resume doesn't mention the users whom they have
// reset. It leaves the same users alone as the run before it, without the flag, also if their reset
// is longer ago by now.
func TestRecentOnResume(t *testing.T) {
	t.Parallel()
	virtually(t, 6, standin.Config{}, func(v *virtual) {
		v.reset("--limit", "2", confirm(6))
		v.reset("--resume")
		v.saysNot("of these users")
		v.resets(map[int]int{1: 6})

		v.enroll(0)
		<-time.After(20 * time.Hour)
		code := v.reset("--limit", "1", "--skip-reset-since", "21h", confirm(6), "-o", v.path("second.csv"), "--workers", "1")
		v.says("left alone: 5 .*; reset again: 1 with a factor enrolled since")
		if code != fault.ExitOK {
			t.Errorf("exit code %d\n%s", code, v.stderr)
		}
		v.resets(map[int]int{1: 5, 2: 1})
	})
	for _, skew := range []time.Duration{0, -3 * time.Hour} {
		virtually(t, 6, standin.Config{ClockSkew: skew}, func(v *virtual) {
			v.yesterday()
			v.enroll(0)
			v.enroll(1)
			if code := v.reset("--limit", "1", "--skip-reset-since", "21h", confirm(6), "--workers", "1"); code != fault.ExitStopped {
				t.Errorf("exit code %d\n%s", code, v.stderr)
			}
			v.says("to continue: .* --skip-reset-since 21h")
			<-time.After(30 * time.Hour)
			code := v.reset("--resume")
			v.want(code, fault.ExitOK, map[string]int{"reset": 2, "skipped/recent": 4})
			v.resets(map[int]int{1: 4, 2: 2})
			v.says("left alone: 4 .--skip-reset-since 21h.")
		})
	}
}

// A reset by a run of the same results doesn't keep the row from being sent again under new
// consent.
func TestOwnResetIsNotRecent(t *testing.T) {
	t.Parallel()
	virtually(t, 2, standin.Config{}, func(v *virtual) {
		for _, s := range []string{"drop_after:reset_factors:times=1", "403:logs:query=target.id"} { // the log refuses only the queries for proof
			f, err := standin.ParseFault(s)
			if err != nil {
				t.Fatal(err)
			}
			v.org.Script(f)
		}
		if code := v.reset(confirm(2), "--workers", "1"); code != fault.ExitRows {
			t.Errorf("exit code %d\n%s", code, v.stderr)
		}
		code := v.reset("--retry", "unknown", confirm(1), "--skip-reset-since", "24h")
		v.want(code, fault.ExitOK, map[string]int{"reset": 2})
		v.says("none of these users was reset since")
		v.resets(map[int]int{1: 1, 2: 1})
	})
}

// A plan still leaves out the users whom its dry run left out, and also those who were reset since.
func TestRecentInAPlan(t *testing.T) {
	t.Parallel()
	virtually(t, 4, standin.Config{}, func(v *virtual) {
		v.yesterday()
		v.enroll(0)
		v.enroll(1)
		v.reset("--dry-run", "--skip-reset-since", "24h", "-o", v.path("plan.csv"))
		v.says(`left alone: 2 .*; reset again: 2 with a factor enrolled since`)
		v.says(`4 rows in .*: 2 would_reset, 2 skipped \(2 recent\)`)
		v.says(`to run this plan: .* --skip-reset-since 24h .*plan.csv`)
		<-time.After(48 * time.Hour)
		v.org.ResetBy("okta.admin@example.com", v.ids[1])
		v.args = []string{v.path("plan.csv")}
		if code := v.reset(confirm(2), "-o", v.path("out.csv")); code != fault.ExitOK {
			t.Errorf("exit code %d\n%s", code, v.stderr)
		}
		v.says(`2 rows in .*: 1 reset, 1 skipped \(1 recent\)`)
		v.resets(map[int]int{1: 2, 2: 2})
	})
}

// A log that can't be read is one warning; with the flag nothing is changed.
func TestRecentWithoutTheLog(t *testing.T) {
	t.Parallel()
	tests := []struct {
		fault, warning, refusal string
		code                    int
		takes                   time.Duration // at most, before consent
	}{
		{"403:logs", "warning: the System Log can't be read, so it isn't known who of these users was reset lately: 403", "--skip-reset-since needs the System Log: 403", fault.ExitNoAccess, time.Second},
		{"403_scope:logs", "warning: the System Log can't be read.*insufficient_scope", "insufficient_scope", fault.ExitNoAccess, time.Second},
		{"no_end:logs", "warning: the System Log wasn't read: who was reset isn't known", "couldn't be read back to 1999-12-31T.* within 200 pages and 5m0s", fault.ExitUsage, time.Second},
		{"hang:logs", "warning: the System Log wasn't read: who was reset isn't known", "the System Log", fault.ExitUsage, 41 * time.Second},
	}
	for _, tt := range tests {
		virtually(t, 3, standin.Config{}, func(v *virtual) {
			f, err := standin.ParseFault(tt.fault)
			if err != nil {
				t.Fatal(err)
			}
			v.org.Script(f)
			before := time.Now()
			if code := v.reset(confirm(3), "--skip-reset-since", "24h"); code != tt.code || v.org.Stats().ResetsApplied != 0 {
				t.Errorf("%s: exit code %d, %d resets\n%s", tt.fault, code, v.org.Stats().ResetsApplied, v.stderr)
			}
			v.says(tt.refusal)
			if _, err := os.Stat(v.path("users.results.csv")); err == nil {
				t.Errorf("%s: results were left behind", tt.fault)
			}
			if took := time.Since(before); took > 5*time.Minute+time.Second {
				t.Errorf("%s: refused after %s", tt.fault, took)
			}
			before = time.Now()
			code := v.reset(confirm(3))
			v.want(code, fault.ExitOK, map[string]int{"reset": 3})
			v.says(tt.warning)
			if n := strings.Count(v.stderr, "warning"); n != 1 {
				t.Errorf("%s: %d warnings\n%s", tt.fault, n, v.stderr)
			}
			if took := time.Since(before); took > tt.takes+time.Second {
				t.Errorf("%s: took %s", tt.fault, took)
			}
		})
	}
}

// The log has more than a run reads without the flag. The run uses the part that it has read, and
// says that there may be more.
func TestRecentOfALongLog(t *testing.T) {
	t.Parallel()
	virtually(t, 4, standin.Config{ResetEvents: standin.ResetAllOnly}, func(v *virtual) {
		v.tampered = func(r *http.Request, next http.RoundTripper) (*http.Response, error) { // a page has one event
			r = r.Clone(r.Context())
			r.URL.RawQuery = strings.Replace(r.URL.RawQuery, "limit=1000", "limit=1", 1)
			return next.RoundTrip(r)
		}
		admin := "okta.admin@example.com"
		v.org.ResetBy(admin, v.ids[0])
		<-time.After(time.Minute)
		others := v.org.Add(standin.User{Login: "other@example.com"})
		for range 20 { // as many pages as a run reads without the flag
			v.org.ResetBy(admin, others.ID)
		}
		<-time.After(time.Minute)
		v.org.ResetBy(admin, v.ids[1])
		if code := v.reset("--dry-run"); code != fault.ExitOK {
			t.Errorf("exit code %d\n%s", code, v.stderr)
		}
		v.says(`at least 1 of these users was reset in the last 24h by okta.admin@example.com; .*the System Log was read back to 2000-01-01T00:01:00Z only`)
		code := v.reset(confirm(4), "--skip-reset-since", "24h") // which reads it to its end
		v.want(code, fault.ExitOK, map[string]int{"reset": 2, "skipped/recent": 2})
		if err := os.Remove(v.path("users.results.csv")); err != nil {
			t.Fatal(err)
		}
		_ = os.Remove(v.path("users.results.json"))
		code = v.reset(confirm(4), "--skip-reset-since", "1m30s") // less than all of it
		v.want(code, fault.ExitOK, map[string]int{"reset": 1, "skipped/recent": 3})
		v.says("reset again: 1 from before 2000-01-01T00:00:3")
	})
}
