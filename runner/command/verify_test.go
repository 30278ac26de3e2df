package command

import (
	"context"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"oktareset/oktaclient/standin"
	"oktareset/runner/fault"
)

// reads is the stdin of somebody who reads out what they see once they are asked for it.
type reads struct {
	line func() string
	rest io.Reader
}

func (r *reads) Read(p []byte) (int, error) {
	if r.rest == nil {
		r.rest = strings.NewReader(r.line())
	}
	return r.rest.Read(p)
}

// readsOut has user 0 read out the passcode of the factor of a type; wrong: another one.
func (v *virtual) readsOut(factorType string, wrong bool) {
	v.t.Cleanup(func() { <-time.After(2 * time.Minute) }) // nobody waits any more
	v.in = &reads{line: func() string {
		for range 60 { // they may be asked after a while
			u, _ := v.org.User(v.ids[0])
			for _, f := range u.Factors {
				if code, ok := v.org.Passcode(u.ID, f.ID); ok && f.Type == factorType {
					if wrong {
						code = "1" + code[1:] + "1"
					}
					return code + "\n"
				}
			}
			<-time.After(time.Second)
		}
		return "\n"
	}}
}

// cellsOf returns the row of user 0 by the names of its columns.
func (v *virtual) cellsOf() map[string]string {
	v.t.Helper()
	rows := readRows(v.t, v.path("users.results.csv"))
	cells := make(map[string]string)
	for i, name := range rows[0] {
		cells[name] = rows[1][i]
	}
	return cells
}

// Nobody is reset without Okta's SUCCESS, and nobody is challenged twice. The reset comes after the
// verification, and the row says which it was.
func TestVerifiedThenReset(t *testing.T) {
	t.Parallel()
	lose := func(when standin.When) standin.Fault {
		return standin.Fault{Kind: standin.Drop, When: when, Op: standin.OpVerify}
	}
	gone := func(r *http.Request, _ http.RoundTripper) (*http.Response, error) {
		return &http.Response{
			StatusCode: 404, Header: http.Header{"X-Okta-Request-Id": {"req404"}, "Content-Type": {"application/json"}}, Request: r,
			Body: io.NopCloser(strings.NewReader(`{"errorCode":"E0000007","errorSummary":"Not found: Resource not found: x (UserFactor)","errorId":"oae1"}`)),
		}, nil
	}
	phone := map[string]string{"phoneNumber": "+15551234567"}
	for _, tt := range []struct {
		name, by string
		reads    string // the type of the factor whose passcode is read out; "": nothing is
		closed   bool   // stdin is
		wrong    bool
		push     string
		faults   []standin.Fault
		goneAt   int // the verifying request for which the factor is gone
		flags    []string
		want     standin.Deeds
		code     int
		says     string
	}{
		{name: "sms", by: "sms", reads: "sms", want: standin.Deeds{Resets: 1, ResetCalls: 1, Messages: 1, Verifications: 1}},
		{name: "email", by: "email:OKTA", reads: "email", want: standin.Deeds{Resets: 1, ResetCalls: 1, Messages: 1, Verifications: 1}},
		{name: "totp", by: "token:software:totp", reads: "token:software:totp", want: standin.Deeds{Resets: 1, ResetCalls: 1, Verifications: 1}},
		{name: "question", by: "question", reads: "question", want: standin.Deeds{Resets: 1, ResetCalls: 1, Verifications: 1}},
		{name: "push", by: "push", want: standin.Deeds{Resets: 1, ResetCalls: 1, Messages: 1, Verifications: 1}, says: "tell the user to choose the number "},
		{name: "quiet push", by: "push", flags: []string{"-q"}, want: standin.Deeds{Resets: 1, ResetCalls: 1, Messages: 1, Verifications: 1}, says: "tell the user to choose the number "},
		{name: "single factor", by: "email", reads: "email", flags: []string{"--factor", "sms"}, want: standin.Deeds{Unenrolls: 1, Messages: 1, Verifications: 1}},
		{name: "rejected push", by: "push", push: "REJECTED", want: standin.Deeds{Messages: 1}, code: 1, says: "rejected the push"},
		{name: "silence", by: "push", push: "TIMEOUT", want: standin.Deeds{Messages: 1}, code: 1, says: "nobody answered in time"},
		{name: "wrong passcode", by: "sms", reads: "sms", wrong: true, want: standin.Deeds{Messages: 1, WrongPasscodes: 1}, code: 1, says: "wrong passcode or answer"},
		{name: "nothing typed", by: "sms", want: standin.Deeds{Messages: 1}, code: 1, says: "no passcode was given"},
		{name: "nobody to type", by: "sms", closed: true, code: 2, says: "nobody can give the passcode: stdin is empty or closed"},
		{name: "nobody to answer", by: "question", closed: true, code: 2, says: "nobody can give the answer: stdin is empty or closed"},
		{name: "lost challenge", by: "sms", reads: "sms", faults: []standin.Fault{lose(standin.After)}, want: standin.Deeds{Messages: 1}, code: 1, says: "send a passcode to"},
		{name: "lost answer", by: "question", reads: "question", faults: []standin.Fault{lose(standin.After)}, want: standin.Deeds{Verifications: 1}, code: 1, says: "isn't verified: the answer was lost"},
		{name: "lost push", by: "push", faults: []standin.Fault{lose(standin.After)}, want: standin.Deeds{Messages: 1}, code: 1, says: "send a push to"},
		{name: "no such factor", by: "token", code: 1, says: `has no factor "token"; verify by sms`},
		{name: "same phone", by: "sms", flags: []string{"--factor", "call"}, code: 1, says: "--resume --retry failed,forbidden --verify email --factor call"},
		{name: "other device", by: "question", reads: "question", flags: []string{"--factor", "push", "--factor", "call"}, want: standin.Deeds{Unenrolls: 2, Verifications: 1}},
		{name: "same app", by: "token:software:totp:OKTA", flags: []string{"--factor", "push"}, code: 1, says: "proves nothing: --factor names push:OKTA as lost"},
		{name: "factor gone", by: "sms", goneAt: 1, code: 1, says: "the factor isn't there any more"},
		{name: "factor gone in between", by: "sms", reads: "sms", goneAt: 2, want: standin.Deeds{Messages: 1}, code: 1, says: "the factor isn't there any more"},
		{name: "locked", by: "question", reads: "question", faults: []standin.Fault{{Kind: standin.TooManyBare, Op: standin.OpVerify}}, code: 1, says: "wait five minutes"},
		{name: "dry run", by: "push", flags: []string{"--dry-run"}, says: "1 would_reset"},
		{name: "dry run without", by: "token", flags: []string{"--dry-run"}, code: 1, says: "its user can't be verified so, or couldn't be looked up\noktareset: to complete it: oktareset reset --dry-run --retry failed --verify sms "},
	} {
		t.Run(tt.name, func(t *testing.T) {
			virtually(t, 0, standin.Config{PushDelay: 10 * time.Second}, func(v *virtual) {
				v.ids = []string{"00u00000000000000000"}
				v.org.Add(standin.User{ID: v.ids[0], Login: login(0), Push: tt.push, Factors: []standin.Factor{
					{Type: "sms", Provider: "OKTA", Profile: phone},
					{Type: "call", Provider: "OKTA", Profile: phone},
					{Type: "email", Provider: "OKTA"},
					{Type: "push", Provider: "OKTA"},
					{Type: "token:software:totp", Provider: "OKTA"},
					{Type: "question", Provider: "OKTA"},
				}})
				v.input(login(0))
				v.org.Script(tt.faults...)
				if !tt.closed {
					v.stdin = "\n"
				}
				if tt.reads != "" {
					v.readsOut(tt.reads, tt.wrong)
				}
				var order []string
				v.tampered = func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
					if r.Method != http.MethodGet {
						order = append(order, filepath.Base(r.URL.Path))
					}
					if filepath.Base(r.URL.Path) == "verify" && len(order) == tt.goneAt {
						return gone(r, next)
					}
					return next.RoundTrip(r)
				}
				flags := append([]string{"--verify", tt.by, confirm(1)}, tt.flags...)
				if code := v.reset(flags...); code != tt.code || !strings.Contains(v.stderr, tt.says) {
					t.Errorf("exit code %d, want %d:\n%s", code, tt.code, v.stderr)
				}
				if did := v.org.Did(v.ids[0]); did != tt.want {
					t.Errorf("the user got %+v, want %+v\n%s", did, tt.want, v.stderr)
				}
				if strings.HasPrefix(tt.name, "dry run without") {
					if code := v.reset("--dry-run", "--retry", "failed", "--verify", "sms"); code != 0 {
						t.Errorf("completed: exit code %d:\n%s", code, v.stderr)
					}
				}
				if tt.closed || strings.Contains(strings.Join(tt.flags, " "), "dry-run") {
					return
				}
				row, m := v.cellsOf(), v.manifest()
				switch {
				case tt.want.Verifications == 1 && tt.code == 0:
					if order[len(order)-1] == "verify" || row["verified_at"] > row["started_at"] || m.Verified == nil || m.Verified.By != row["verified_by"] || row["verified_at"] != m.Verified.Cells()[1] {
						t.Errorf("after %v the row has %q, the manifest %+v", order, row, m.Verified)
					}
				case row["verified_by"]+row["verified_at"] != "" || m.Verified != nil:
					t.Errorf("nobody was verified: %q, %+v", row, m.Verified)
				case tt.code == 1 && (row["status"] != "failed" || row["reason"] != "verify" || row["http_status"] == "200"):
					t.Errorf("the row is %q", row)
				}
			})
		})
	}
}

// A success that was recorded before a run died counts for five minutes, for the same factor, and
// only if nobody else can have written it.
func TestVerificationOutlivesTheRun(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		by     string
		later  time.Duration
		folder os.FileMode
		asked  int
	}{
		{"at once", "question", 0, 0o700, 1},
		{"six minutes later", "question", 6 * time.Minute, 0o700, 2},
		{"by another factor", "sms", 0, 0o700, 2},
		{"in a folder of everybody", "question", time.Minute, 0o777, 2},
	} {
		t.Run(tt.name, func(t *testing.T) {
			virtually(t, 1, standin.Config{}, func(v *virtual) {
				v.has(0, "question", "OKTA")
				v.readsOut("question", false)
				v.mustCrash(30*time.Second, "--verify", "question", "--rate", "1/m", confirm(1)) // the reset waits for its turn
				if m := v.manifest(); m.Verified == nil || m.Verified.By != "question:OKTA" || m.Verified.UserID != v.ids[0] {
					t.Fatalf("the manifest has %+v\n%s", m.Verified, v.stderr)
				}
				if strings.Contains(v.read("users.results.journal"), "taken") || v.org.Did(v.ids[0]).ResetCalls > 0 {
					t.Fatal("the reset was taken")
				}
				<-time.After(tt.later)
				if err := os.Chmod(v.dir, tt.folder); err != nil {
					t.Fatal(err)
				}
				v.readsOut(tt.by, false)
				if code := v.reset("--resume", "--verify", tt.by, confirm(1)); code != 0 {
					t.Errorf("exit code %d:\n%s", code, v.stderr)
				}
				v.verifiedOnce(tt.by+":OKTA", tt.asked)
			})
		})
	}
}

// verifiedOnce fails the test unless user 0 was reset once, verified by a factor, after so many
// successes.
func (v *virtual) verifiedOnce(by string, successes int) {
	v.t.Helper()
	if did := v.org.Did(v.ids[0]); did.Verifications != successes || did.Resets != 1 {
		v.t.Errorf("the user got %+v, want %d successes and one reset\n%s", did, successes, v.stderr)
	}
	if row := v.cellsOf(); row["status"] != "reset" || row["verified_by"] != by {
		v.t.Errorf("the row is %q, want it verified by %s", row, by)
	}
}

// A signal while the user is asked says nothing about the user.
func TestStoppedWhileVerifying(t *testing.T) {
	t.Parallel()
	for by, want := range map[string]standin.Deeds{"push": {Messages: 1}, "question": {}} {
		virtually(t, 1, standin.Config{PushDelay: time.Minute}, func(v *virtual) {
			v.has(0, by, "OKTA")
			ctx, cancel := context.WithCancelCause(v.t.Context())
			time.AfterFunc(20*time.Second, func() { cancel(fault.Signal{Signal: syscall.SIGTERM}) })
			v.in = &reads{line: func() string {
				<-ctx.Done()
				return "too late"
			}}
			code := v.resetIn(ctx, "--verify", by, confirm(1))
			if row := v.cellsOf(); code != 143 || row["status"] != "not_attempted" {
				t.Errorf("%s: exit code %d, the row is %q:\n%s", by, code, row, v.stderr)
			}
			if did := v.org.Did(v.ids[0]); did != want {
				t.Errorf("%s: the user got %+v", by, did)
			}
		})
	}
}

// A kill while the reset is under way loses nothing: the row was taken with its verification.
func TestTakenWithItsVerification(t *testing.T) {
	t.Parallel()
	virtually(t, 1, standin.Config{Latency: 100 * time.Millisecond}, func(v *virtual) {
		v.readsOut("sms", false)
		v.mustCrashAt("/reset_factors", 1, "--verify", "sms", confirm(1))
		if !strings.Contains(v.read("users.results.journal"), "sms:OKTA") {
			t.Error("the journal doesn't have the verification")
		}
		v.in = nil
		v.reset("--resume", "--verify", "sms", confirm(1))
		v.verifiedOnce("sms:OKTA", 1)
	})
}

// A reset that had to wait for too long isn't sent: the user is asked again.
func TestVerifiedTooLongAgo(t *testing.T) {
	t.Parallel()
	for name, wait := range map[string]func(v *virtual) []string{
		"for its turn": func(*virtual) []string { return []string{"--rate", "6/h"} },
		"for its repetition": func(v *virtual) []string {
			v.org.Script(standin.Fault{Kind: standin.TooManyBare, Op: resetOp, For: 6 * time.Minute})
			return nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			virtually(t, 1, standin.Config{}, func(v *virtual) {
				v.has(0, "question", "OKTA")
				v.readsOut("question", false)
				code := v.reset(append(wait(v), "--verify", "question", confirm(1))...)
				if row := v.cellsOf(); code != fault.ExitRows || row["status"] != "not_attempted" || !strings.Contains(row["error"], "verified more than 5 minutes ago") {
					t.Errorf("exit code %d, the row is %q:\n%s", code, row, v.stderr)
				}
				if did := v.org.Did(v.ids[0]); did.Resets > 0 {
					t.Errorf("the user got %+v", did)
				}
				<-time.After(10 * time.Minute)
				v.readsOut("question", false)
				v.reset("--resume", "--verify", "question", confirm(1))
				v.verifiedOnce("question:OKTA", 2)
			})
		})
	}
}

// Consent is no verification, nor the other way round; and what verifies must not be lost.
func TestVerifyIsRefused(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		flags []string
		code  int
		says  string
	}{
		{[]string{"--verify", "sms", confirm(2)}, fault.ExitUsage, "--verify is for one user, and "},
		{[]string{"--verify", "sms", "--limit", "1"}, fault.ExitUsage, "names 2"},
		{[]string{"--verify", "sms", "--factor", "sms", confirm(2)}, fault.ExitUsage, "--verify sms proves nothing: --factor names it as lost"},
		{[]string{"--verify", "sms:OKTA", "--factor", "sms", confirm(2)}, fault.ExitUsage, "names it as lost"},
		{[]string{"--verify", "smss", confirm(2)}, fault.ExitUsage, "did you mean sms?"},
		{[]string{"--verify", "", confirm(2)}, fault.ExitUsage, "--verify"},
		{[]string{"--verify", "webauthn", confirm(2)}, fault.ExitUsage, "needs the user's own browser"},
	} {
		virtually(t, 2, standin.Config{}, func(v *virtual) {
			if code := v.reset(tt.flags...); code != tt.code || !strings.Contains(v.stderr, tt.says) {
				t.Errorf("%q: exit code %d, want %d and %q:\n%s", tt.flags, code, tt.code, tt.says, v.stderr)
			}
			if n := v.org.Stats().Requests; n > 0 {
				t.Errorf("%q: %d requests were sent", tt.flags, n)
			}
		})
	}
	virtually(t, 1, standin.Config{}, func(v *virtual) {
		v.readsOut("sms", false)
		if code := v.reset("--verify", "sms"); code != fault.ExitConsent {
			t.Errorf("without consent: exit code %d:\n%s", code, v.stderr)
		}
		if did := v.org.Did(v.ids[0]); did != (standin.Deeds{}) {
			t.Errorf("without consent the user got %+v", did)
		}
		v.readsOut("sms", false) // the first run may still wait for a line
		v.reset("--verify", "sms", confirm(1), "--limit", "1")
		// results of a run that verifies aren't resumed by one that doesn't
		if code := v.reset("--retry", "failed", confirm(1)); code != fault.ExitUsage || !strings.Contains(v.stderr, "--verify sms") {
			t.Errorf("resumed without --verify: exit code %d:\n%s", code, v.stderr)
		}
	})
	// whoever is left alone isn't asked
	virtually(t, 1, standin.Config{}, func(v *virtual) {
		v.stdin = "\n"
		code := v.reset("--verify", "sms", confirm(1), v.exclusions("vips.csv", v.ids[0]))
		if did := v.org.Did(v.ids[0]); code != 0 || did != (standin.Deeds{}) || !strings.Contains(v.stderr, "1 skipped (1 excluded)") {
			t.Errorf("exit code %d, the user got %+v:\n%s", code, did, v.stderr)
		}
	})
	// nor is a plan run without it
	virtually(t, 1, standin.Config{}, func(v *virtual) {
		v.reset("--dry-run", "--verify", "sms")
		v.args = []string{v.path("users.plan.csv")}
		if code := v.reset(confirm(1)); code != fault.ExitUsage || !strings.Contains(v.stderr, "was made with --verify: its run has to verify the user, too") {
			t.Errorf("the plan was run without --verify: exit code %d:\n%s", code, v.stderr)
		}
		v.readsOut("sms", false)
		if code := v.reset("--verify", "sms", confirm(1)); code != 0 || v.org.Did(v.ids[0]).Verifications != 1 {
			t.Errorf("the plan wasn't run: exit code %d:\n%s", code, v.stderr)
		}
	})
}
