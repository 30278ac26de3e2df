package command

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"oktareset/oktaclient"
	"oktareset/oktaclient/standin"
	"oktareset/runner/after"
	"oktareset/runner/fault"
	"oktareset/runner/results"
)

// after runs "oktareset after FLAGS users.results.csv" and returns the exit code.
func (v *virtual) after(ctx context.Context, stdout io.Writer, flags ...string) int {
	v.t.Helper()
	return v.run(ctx, stdout, append([]string{"after", v.path("users.results.csv")}, flags...)...)
}

// wantAfter fails the test unless the list has so many users of each status and reason.
func (v *virtual) wantAfter(code, wantCode int, want map[string]int) [][]string {
	v.t.Helper()
	rows := readRows(v.t, v.path("users.after.csv"))
	got := make(map[string]int)
	for _, row := range rows[1:] {
		got[strings.TrimSpace(row[3]+" "+row[4])]++
	}
	if code != wantCode || fmt.Sprint(got) != fmt.Sprint(want) {
		v.t.Errorf("exit %d, %v, want %d, %v:\n%s", code, got, wantCode, want, v.stderr)
	}
	return rows[1:]
}

// Of 200 users 150 come back, 40 don't, and for ten a stranger does. A few queries find that out,
// and nobody's factors are listed.
func TestAfter(t *testing.T) {
	t.Parallel()
	virtually(t, 200, standin.Config{Reenroll: time.Hour, Absent: 20, Strangers: 5, Latency: 50 * time.Millisecond}, func(v *virtual) {
		<-time.After(time.Hour)
		v.org.SetLimit(standin.BucketUsers, 100_000)
		if code := v.reset(confirm(200)); code != 0 || !strings.Contains(v.stderr, "to see who is back in: oktareset after "+v.path("users.results.csv")+"\n") {
			v.t.Fatalf("reset: %d\n%s", code, v.stderr)
		}
		v.wantAfter(v.after(v.t.Context(), io.Discard), fault.ExitRows, map[string]int{"not_yet": 200})
		<-time.After(2 * time.Hour)
		before := v.org.Stats().ByOp
		var out bytes.Buffer
		rows := v.wantAfter(v.after(v.t.Context(), &out, "--json"), fault.ExitRows,
			map[string]int{"back": 150, "not_yet": 40, "look_at shared_address new_country": 10})
		for _, row := range rows {
			stranger := row[7] == "203.0.113.66" && row[8] == "Singapore" && row[9] == "Singapore"
			if stranger != (row[3] == "look_at") || (row[5] == "push:OKTA" && row[6] != "") != (row[3] != "not_yet") || row[1] != "user"+strings.TrimLeft(row[2][3:19], "0")+row[2][19:]+"@example.com" {
				v.t.Errorf("%q", row)
			}
		}
		now := v.org.Stats().ByOp
		if logs := now[standin.OpLogs] - before[standin.OpLogs]; logs > 6 || now[standin.OpListFactors] > 0 {
			v.t.Errorf("%d looks into the log, want at most 6; %d lists of factors, want none", logs, now[standin.OpListFactors])
		}
		for _, line := range []string{
			"200 users: 150 back, 10 to look at, 40 not back yet", "look at these:", "not back yet, the first ten:", "  and 30 more in ",
			"  from 203.0.113.66 (Singapore, Singapore): 10 of these users enrolled from this address, which is new to all of them; Singapore is a new country: since ",
			"from Netherlands only:\noktareset:     line ", "to see what the first of them has: oktareset factors list user",
			"if it wasn't this user: oktareset reset --user user", " --clear-sessions\n", "for several of them: put their user_id from ", " into a CSV with the header userId, then: oktareset reset --clear-sessions FILE\n", "to remind those who aren't back: oktareset notify --remind ", "to follow until all are back: oktareset after --wait 8h ",
		} {
			if !strings.Contains(v.stderr, line) {
				v.t.Errorf("%q isn't said:\n%s", line, v.stderr)
			}
		}
		var s after.Summary
		if err := json.Unmarshal(out.Bytes(), &s); err != nil || s.Statuses[after.Back] != 150 || s.Reasons[results.SharedAddress] != 10 || len(s.LookAt) != 10 || s.ExitCode != 1 {
			v.t.Errorf("%+v, %v", s, err)
		}
	})
}

// Users may be reset days after the first ones. Where they signed in from in between is read, too.
func TestAfterReadsSignInsUpToTheLastReset(t *testing.T) {
	t.Parallel()
	virtually(t, 4, standin.Config{Reenroll: time.Minute, Latency: 50 * time.Millisecond}, func(v *virtual) {
		v.reset("--limit", "2", confirm(4))
		<-time.After(72 * time.Hour)
		last := time.Now()
		v.reset("--resume")
		<-time.After(time.Hour)
		var until time.Time
		v.tampered = func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
			if q := r.URL.Query(); strings.Contains(q.Get("filter"), oktaclient.EventSignIn) {
				if at, err := time.Parse(time.RFC3339, q.Get("until")); err == nil && at.After(until) {
					until = at
				}
			}
			return next.RoundTrip(r)
		}
		v.wantAfter(v.after(v.t.Context(), io.Discard), 0, map[string]int{"back": 4})
		if until.Before(last) {
			t.Errorf("sign-ins are read up to %v, want %v at least:\n%s", until, last, v.stderr)
		}
	})
}

// The command looks until all are back, or the time is over, at a pace that leaves the log to
// others.
func TestAfterWaits(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name     string
		cfg      standin.Config
		stop     time.Duration // a signal comes
		code     int
		min, max time.Duration
		want     map[string]int
		looks    int
	}{
		{"all", standin.Config{Reenroll: 90 * time.Minute}, 0, 0, 89 * time.Minute, 92 * time.Minute, map[string]int{"back": 20}, 100},
		{"time", standin.Config{Reenroll: 90 * time.Minute, Absent: 20}, 0, 1, 8 * time.Hour, 8*time.Hour + time.Minute, map[string]int{"back": 15, "not_yet": 5}, 500},
		{"signal", standin.Config{Reenroll: 90 * time.Minute}, 30*time.Minute + 30*time.Second, 130, 30 * time.Minute, 31 * time.Minute, map[string]int{"not_yet": 20}, 40},
		{"lag", standin.Config{Reenroll: 90 * time.Minute, LogLag: 5 * time.Minute}, 0, 0, 94 * time.Minute, 97 * time.Minute, map[string]int{"back": 20}, 110},
	} {
		t.Run(tt.name, func(t *testing.T) {
			virtually(t, 20, tt.cfg, func(v *virtual) {
				<-time.After(time.Hour)
				if code := v.reset(confirm(20)); code != 0 {
					v.t.Fatalf("reset: %d\n%s", code, v.stderr)
				}
				ctx, stop := context.WithCancelCause(v.t.Context())
				defer stop(nil)
				if tt.stop > 0 {
					time.AfterFunc(tt.stop, func() { stop(fault.Signal{Signal: os.Interrupt}) })
				}
				start := time.Now()
				code := v.after(ctx, io.Discard, "--wait", "8h")
				if took := time.Since(start); took < tt.min || took > tt.max {
					v.t.Errorf("it took %s, want %s to %s:\n%s", took, tt.min, tt.max, v.stderr)
				}
				v.wantAfter(code, tt.code, tt.want)
				if looks := v.org.Stats().ByOp[standin.OpLogs]; looks > tt.looks {
					v.t.Errorf("%d looks into the log, want at most %d", looks, tt.looks)
				}
			})
		})
	}
}

// The command also finds events that the log gets later than usual.
func TestAfterWaitsForALateLog(t *testing.T) {
	t.Parallel()
	virtually(t, 5, standin.Config{Reenroll: 90 * time.Minute}, func(v *virtual) {
		if code := v.reset(confirm(5)); code != 0 {
			v.t.Fatalf("reset: %d\n%s", code, v.stderr)
		}
		time.AfterFunc(10*time.Minute, func() { v.org.SetLogLag(45 * time.Minute) })
		start := time.Now()
		v.wantAfter(v.after(v.t.Context(), io.Discard, "--wait", "8h"), 0, map[string]int{"back": 5})
		if took := time.Since(start); took < 2*time.Hour || took > 4*time.Hour {
			v.t.Errorf("it took %s", took)
		}
		if lists := v.org.Stats().ByOp[standin.OpListFactors]; lists > 0 {
			v.t.Errorf("%d lists of factors", lists)
		}
	})
}

// An outage while the command waits passes: it doesn't have to begin again.
func TestAfterWaitsOutAnOutage(t *testing.T) {
	t.Parallel()
	virtually(t, 5, standin.Config{Reenroll: 3 * time.Hour}, func(v *virtual) {
		if code := v.reset(confirm(5)); code != 0 {
			v.t.Fatalf("reset: %d\n%s", code, v.stderr)
		}
		time.AfterFunc(30*time.Minute, func() { v.org.Script(standin.Fault{Kind: standin.Refuse, Op: standin.OpLogs}) })
		time.AfterFunc(2*time.Hour, v.org.Clear)
		v.wantAfter(v.after(v.t.Context(), io.Discard, "--wait", "8h"), 0, map[string]int{"back": 5})
		if !strings.Contains(v.stderr, "trying again in 1m0s") {
			v.t.Errorf("the outage isn't said:\n%s", v.stderr)
		}
	})
}

// If the log can't tell, the lists of factors do. If they can't either, nothing is made up.
func TestAfterWithoutTheLog(t *testing.T) {
	t.Parallel()
	forbidden := func(op string) standin.Fault { return standin.Fault{Kind: standin.Forbidden, Op: op} }
	for _, tt := range []struct {
		name   string
		cfg    standin.Config
		faults []standin.Fault
		soon   bool // right after the resets
		code   int
		want   map[string]int // nil: there is no list
		lists  int
		text   string
	}{
		{"no right", standin.Config{Reenroll: time.Hour, Absent: 20}, []standin.Fault{forbidden(standin.OpLogs)}, false, 1, map[string]int{"back": 24, "not_yet": 6}, 30, "only the lists of factors say who is back"},
		{"no right, and few", standin.Config{Reenroll: time.Hour}, []standin.Fault{forbidden(standin.OpLogs)}, false, 1, map[string]int{"back": 30}, 30, "the log can't tell: 30 calls"},
		{"no right to anything", standin.Config{}, []standin.Fault{forbidden(standin.OpLogs), forbidden(standin.OpListFactors)}, false, 4, nil, 1, "doesn't let these credentials"},
		{"too young", standin.Config{LogLag: 10 * time.Minute}, nil, true, 1, map[string]int{"not_yet": 30}, 30, "30 users: 30 not back yet"},
		{"it says nothing of resets", standin.Config{ResetEvents: standin.NoEvents}, nil, false, 1, map[string]int{"not_yet": 30}, 30, "30 users: 30 not back yet"},
		{"it never ends", standin.Config{}, []standin.Fault{{Kind: standin.NoEnd, Op: standin.OpLogs}}, false, 1, map[string]int{"not_yet": 30}, 30, "the System Log was read back to "},
		{"gone", standin.Config{ResetEvents: standin.NoEvents}, []standin.Fault{{Kind: standin.UserNotFound, Op: standin.OpListFactors, Times: 30}}, false, 1, map[string]int{"unknown": 30}, 30, "unknown, neither the log nor Okta's list of factors can tell, the first ten:"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			virtually(t, 30, tt.cfg, func(v *virtual) {
				if code := v.reset(confirm(30)); code != 0 {
					v.t.Fatalf("reset: %d\n%s", code, v.stderr)
				}
				if !tt.soon {
					<-time.After(2 * time.Hour)
				}
				v.org.Script(tt.faults...)
				code := v.after(v.t.Context(), io.Discard)
				if tt.want != nil {
					v.wantAfter(code, tt.code, tt.want)
				} else if _, err := os.Stat(v.path("users.after.csv")); code != tt.code || err == nil {
					v.t.Errorf("exit %d, want %d; a list is there: %v", code, tt.code, err == nil)
				}
				if n := tt.want["back"]; n > 0 && !strings.Contains(v.stderr, fmt.Sprintf("%d back (%[1]d by the list of factors, which says nothing of who enrolled)", n)) {
					v.t.Errorf("it isn't said that nobody knows who enrolled:\n%s", v.stderr)
				}
				if lists := v.org.Stats().ByOp[standin.OpListFactors]; lists > tt.lists || !strings.Contains(v.stderr, tt.text) {
					v.t.Errorf("%d lists of factors, want %d, and %q:\n%s", lists, tt.lists, tt.text, v.stderr)
				}
			})
		})
	}
}

// A service app without the scope for the log may not read the log.
func TestAfterAsApp(t *testing.T) {
	t.Parallel()
	for scopes, blind := range map[string]bool{"": false, "okta.users.read": true, "okta.logs.read": false} {
		virtually(t, 30, standin.Config{}, func(v *virtual) {
			if code := v.reset(confirm(30)); code != 0 {
				v.t.Fatalf("reset: %d\n%s", code, v.stderr)
			}
			v.asApp(standin.App{})
			v.env["OKTA_CLIENT_SCOPES"] = scopes
			_, code := v.onTerminalIn(v.t.Context(), "after", v.path("users.results.csv"))
			v.wantAfter(code, 1, map[string]int{"not_yet": 30})
			if strings.Contains(v.stderr, "only the lists of factors say who is back") != blind {
				v.t.Errorf("with the scopes %q, the log can't be read: want %v\n%s", scopes, blind, v.stderr)
			}
		})
	}
}

// The command doesn't wait for users who are known to have had no factor.
func TestAfterWithoutFactors(t *testing.T) {
	t.Parallel()
	virtually(t, 5, standin.Config{Engine: standin.Classic}, func(v *virtual) {
		v.org.ResetBy("okta.admin@example.com", v.ids[1])
		if code := v.reset("--record-factors", confirm(5)); code != 0 {
			v.t.Fatalf("reset: %d\n%s", code, v.stderr)
		}
		v.wantAfter(v.after(v.t.Context(), io.Discard), 1, map[string]int{"not_yet": 4})
		if !strings.Contains(v.stderr, "5 rows, run ") || !strings.Contains(v.stderr, "; 1 row is left out: no factor was removed there") {
			v.t.Errorf("it isn't said:\n%s", v.stderr)
		}
	})
}

// A list says nothing about a user who was reset again after it.
func TestPageOfAnOutdatedList(t *testing.T) {
	t.Parallel()
	virtually(t, 3, standin.Config{Latency: 100 * time.Millisecond}, func(v *virtual) {
		v.has(1, "call", "OKTA")
		v.halfReset(1)
		v.reset(confirm(3), "--workers", "1")
		<-time.After(time.Hour)
		for i := range v.ids {
			v.enroll(i)
		}
		<-time.After(time.Hour)
		page := func(want string) {
			v.t.Helper()
			if code := v.run(v.t.Context(), io.Discard, "report", v.path("users.results.csv")); code != 0 || !strings.Contains(v.stderr, want) {
				v.t.Errorf("exit code %d, want %q:\n%s", code, want, v.stderr)
			}
		}
		v.after(v.t.Context(), io.Discard)
		page("3 are back")
		v.reset("--retry", "unknown", "--workers", "1", confirm(1))
		if did := v.org.Did(v.ids[1]); did.ResetCalls != 2 {
			v.t.Fatalf("the user got %+v:\n%s", did, v.stderr)
		}
		page("users.after.csv is older than these results: a run has changed a row since")
		v.after(v.t.Context(), io.Discard)
		page("2 are back and 1 isn't back yet")
	})
}
