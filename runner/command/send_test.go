package command

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"oktareset/oktaclient/standin"
	"oktareset/runner/fault"
)

// linkAgain is what a row says if its activation link was sent again.
const linkAgain = "the activation link, as the answer to the first was lost"

var sendFlags = []string{"--enroll", "push:OKTA", "--send", "email"}

// sent fails the test unless so many factors were enrolled for a user, and so many links sent.
func (v *virtual) sent(i, enrolls, links int) {
	v.t.Helper()
	if did := v.org.Did(v.ids[i]); did.Resets != 1 || did.Enrolls != enrolls || did.Links != links {
		v.t.Errorf("user %d: %d resets, %d enrollments, %d links; want 1, %d, %d\n%s", i, did.Resets, did.Enrolls, did.Links, enrolls, links, v.stderr)
	}
}

// activated reports whether a user's push is active by now.
func (v *virtual) activated(i int) bool {
	v.t.Helper()
	req, err := http.NewRequestWithContext(v.t.Context(), http.MethodGet, "https://acme.okta.com/api/v1/users/"+v.ids[i]+"/factors", nil)
	if err != nil {
		v.t.Fatal(err)
	}
	req.Header.Set("Authorization", "SSWS "+v.org.Token())
	resp, err := v.org.Transport().RoundTrip(req) // the request lets the user act
	if err != nil {
		v.t.Fatal(err)
	}
	defer resp.Body.Close()
	u, _ := v.org.User(v.ids[i])
	for _, f := range u.Factors {
		if f.Type == "push" && f.Status == "ACTIVE" {
			return true
		}
	}
	return false
}

// A user gets the link of a push that a bulk run enrolls once, and the row says that the push
// waits.
func TestPushReachesItsUser(t *testing.T) {
	t.Parallel()
	virtually(t, 5, standin.Config{Latency: 100 * time.Millisecond, PushDelay: time.Minute}, func(v *virtual) {
		v.phones()
		for _, flags := range [][]string{sendFlags, {"--enroll", "push:OKTA", "--send", "sms"}} {
			v.want(v.reset(with(flags, confirm(5), "-o", v.path("users.results.csv"))...), 0, map[string]int{"reset/pending": 5})
			for i := range v.ids {
				if did := v.org.Did(v.ids[i]); did.Enrolls != did.Resets || did.Links != did.Resets {
					t.Errorf("deeds %+v", did)
				}
			}
			if r := v.row(0); r["factor_status"] != "PENDING_ACTIVATION" || !strings.Contains(v.stderr, "5 new factors not active yet: the users have to activate them\n") {
				t.Errorf("nobody says that they wait: %v\n%s", r, v.stderr)
			}
			<-time.After(2 * time.Minute)
			if !v.activated(0) {
				t.Error("the user can't activate the push")
			}
			if err := os.Rename(v.path("users.results.csv"), v.path("first.csv")); err != nil {
				t.Fatal(err)
			}
			if err := os.Rename(v.path("users.results.json"), v.path("first.json")); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// The answer to a link is lost: the row waits a minute and looks whether its user has used the
// link. If not, the run sends it once more, and the row says so. Nobody is enrolled twice.
func TestLinkInDoubt(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		when  standin.When
		delay time.Duration // of the user
		links int
		row   string
		again bool
	}{
		"sent, and used":     {standin.After, 10 * time.Second, 1, "reset", false},
		"sent, and not used": {standin.After, time.Hour, 2, "reset/pending", true},
		"not sent":           {standin.Before, time.Hour, 1, "reset/pending", true},
	} {
		t.Run(name, func(t *testing.T) {
			virtually(t, 3, standin.Config{Latency: 100 * time.Millisecond, PushDelay: tt.delay}, func(v *virtual) {
				v.org.Script(standin.Fault{Kind: standin.Drop, When: tt.when, Op: standin.OpSendLink, UserID: v.ids[1], Times: 1})
				want := map[string]int{"reset/pending": 2}
				want[tt.row]++
				v.want(v.reset(with(sendFlags, confirm(3))...), 0, want)
				v.sent(0, 1, 1)
				v.sent(1, 1, tt.links)
				if said := strings.Contains(v.row(1)["error"], "sent again at ") && strings.Contains(v.row(1)["error"], linkAgain); said != tt.again {
					t.Errorf("the row says %q", v.row(1)["error"])
				}
				if strings.Contains(v.stderr, "certainly not reset before") {
					t.Errorf("a link passes for a reset:\n%s", v.stderr)
				}
			})
		})
	}
}

// Okta refuses a link, or the run ends before it: a resume sends it, and enrolls nobody again.
func TestLinkIsSentByAResume(t *testing.T) {
	t.Parallel()
	for name, leave := range map[string]func(v *virtual) int{
		"too many messages": func(v *virtual) int {
			v.org.Script(standin.Fault{Kind: standin.TooManyMessages, Op: standin.OpSendLink, UserID: v.ids[1], Times: 1})
			return v.reset(with(sendFlags, confirm(3))...)
		},
		"in doubt, and the power is off": func(v *virtual) int {
			v.org.Script(standin.Fault{Kind: standin.Drop, When: standin.Before, Op: standin.OpSendLink, UserID: v.ids[1]})
			ctx, stop := context.WithCancelCause(v.t.Context())
			time.AfterFunc(20*time.Second, func() { stop(fault.Signal{Signal: os.Interrupt}) })
			return v.resetIn(ctx, with(sendFlags, confirm(3))...)
		},
	} {
		t.Run(name, func(t *testing.T) {
			virtually(t, 3, standin.Config{Latency: 100 * time.Millisecond, PushDelay: time.Hour}, func(v *virtual) {
				if code := leave(v); code == 0 {
					t.Errorf("exit code 0:\n%s", v.stderr)
				}
				if got := v.counts(); fmt.Sprint(got) != fmt.Sprint(map[string]int{"reset/pending": 2, "partial/send": 1}) {
					t.Errorf("%v\n%s", got, v.stderr)
				}
				v.org.Clear()
				v.want(v.reset(with(sendFlags, "--resume")...), 0, map[string]int{"reset/pending": 3})
				for i := range v.ids {
					v.sent(i, 1, 1)
				}
				if r := v.row(1); r["factor"] == "" || r["factor_status"] != "PENDING_ACTIVATION" || !strings.Contains(v.stderr, "3 new factors not active yet") {
					t.Errorf("%v\n%s", r, v.stderr)
				}
				v.reset("--resume") // other steps are another job
				v.sent(1, 1, 1)
			})
		})
	}
}

// A list of factors may lack the links: then the activation begins anew, and its answer has them.
func TestLinkThatIsNotListed(t *testing.T) {
	t.Parallel()
	virtually(t, 3, standin.Config{Latency: 100 * time.Millisecond, PushDelay: time.Hour}, func(v *virtual) {
		v.org.Script(standin.Fault{Kind: standin.WrongStatus, Op: standin.OpSendLink, UserID: v.ids[1], Times: 1})
		v.reset(with(sendFlags, confirm(3))...)
		v.tampered = func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
			resp, err := next.RoundTrip(r)
			if err == nil && strings.HasSuffix(r.URL.Path, "/factors") {
				body, _ := io.ReadAll(resp.Body)
				resp.Body = io.NopCloser(strings.NewReader(strings.ReplaceAll(string(body), `"send":`, `"sent":`)))
				resp.ContentLength = -1
			}
			return resp, err
		}
		v.want(v.reset(with(sendFlags, "--resume")...), 0, map[string]int{"reset/pending": 3})
		v.sent(1, 1, 1)
		if n := v.org.Stats().ByOp[standin.OpActivate]; n != 1 {
			t.Errorf("%d activations began anew", n)
		}
	})
}

// A push that is active already, and comes before the run's own in the list, isn't the run's: the
// link of the one that waits is sent.
func TestLinkBesideAnotherPush(t *testing.T) {
	t.Parallel()
	virtually(t, 3, standin.Config{Latency: 100 * time.Millisecond, PushDelay: time.Hour}, func(v *virtual) {
		v.org.Script(standin.Fault{Kind: standin.WrongStatus, Op: standin.OpSendLink, UserID: v.ids[1], Times: 1})
		v.reset(with(sendFlags, confirm(3))...)
		v.tampered = func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
			resp, err := next.RoundTrip(r)
			if err == nil && strings.HasSuffix(r.URL.Path, "/factors") && r.Method == http.MethodGet {
				body, _ := io.ReadAll(resp.Body)
				now := time.Now().UTC().Format(time.RFC3339)
				other := `[{"id":"opf1234567890abcdANO","factorType":"push","provider":"OKTA","status":"ACTIVE","created":"` + now + `","lastUpdated":"` + now + `"},`
				resp.Body = io.NopCloser(strings.NewReader(other + strings.TrimPrefix(string(body), "[")))
				resp.ContentLength = -1
			}
			return resp, err
		}
		v.want(v.reset(with(sendFlags, "--resume")...), 0, map[string]int{"reset/pending": 3})
		v.sent(1, 1, 1)
	})
}

// Somebody removes the factor whose link is open: the run doesn't enroll it again.
func TestLinkToWhatIsGone(t *testing.T) {
	t.Parallel()
	virtually(t, 3, standin.Config{Latency: 100 * time.Millisecond}, func(v *virtual) {
		v.org.Script(standin.Fault{Kind: standin.WrongStatus, Op: standin.OpSendLink, UserID: v.ids[1], Times: 1})
		v.reset(with(sendFlags, confirm(3))...)
		v.org.ResetBy(v.org.Owner().ID, v.ids[1])
		v.want(v.reset(with(sendFlags, "--resume")...), fault.ExitRows, map[string]int{"reset/pending": 2, "partial/send": 1})
		if did := v.org.Did(v.ids[1]); did.Enrolls != 1 || did.Links != 0 || v.row(1)["error"] != "the new factor isn't listed any more" {
			t.Errorf("%+v, %v", did, v.row(1))
		}
	})
}

// If Okta sends no link at all, only ten people are left with a push that they can't activate, not
// everybody in the file.
func TestLinksThatNobodyGets(t *testing.T) {
	t.Parallel()
	virtually(t, 50, standin.Config{Latency: 100 * time.Millisecond}, func(v *virtual) {
		v.org.Script(standin.Fault{Kind: standin.WrongStatus, Op: standin.OpSendLink})
		v.want(v.reset(with(sendFlags, confirm(50))...), fault.ExitNoAccess, map[string]int{"partial/send": 10, "not_attempted": 40})
	})
}

// A user whose policy doesn't have the new factor isn't reset. A dry run shows that. When the policy
// has it, a retry resets this user only.
func TestPolicyIsAskedFirst(t *testing.T) {
	t.Parallel()
	virtually(t, 4, standin.Config{Latency: 100 * time.Millisecond}, func(v *virtual) {
		orgWith := func(policy ...string) *standin.Org {
			org := standin.New(standin.Config{Latency: 100 * time.Millisecond})
			for i, id := range v.ids {
				u := standin.User{ID: id, Login: fmt.Sprintf("user%d@example.com", i)}
				if i == 2 {
					u.Policy = policy
				}
				org.Add(u)
			}
			return org
		}
		v.org = orgWith("sms:OKTA", "call:OKTA")
		v.reset(with(sendFlags, "--dry-run")...)
		if plan := v.read("users.plan.csv"); !strings.Contains(plan, ",invalid,policy,") || !strings.Contains(plan, "doesn't have push:OKTA: it has sms:OKTA, call:OKTA") {
			t.Errorf("the plan doesn't show who can't be enrolled:\n%s", plan)
		}
		v.want(v.reset(with(sendFlags, confirm(4))...), fault.ExitRows, map[string]int{"reset/pending": 3, "invalid/policy": 1})
		if n := v.org.Did(v.ids[2]).ResetCalls; n != 0 {
			t.Errorf("who can't be enrolled was reset %d times", n)
		}

		v.org = orgWith()
		v.want(v.reset(with(sendFlags, confirm(1), "--retry", "invalid")...), 0, map[string]int{"reset/pending": 4})
		v.resets(map[int]int{0: 3, 1: 1}) // the others were reset in the first org
	})
}

// A user who is gone has no policy. That isn't a reason to warn that Okta doesn't say what users
// may enroll.
func TestPolicyOfWhoIsGone(t *testing.T) {
	t.Parallel()
	virtually(t, 3, standin.Config{Latency: 100 * time.Millisecond}, func(v *virtual) {
		v.org = standin.New(standin.Config{Latency: 100 * time.Millisecond})
		v.org.Add(standin.User{ID: v.ids[0]})
		v.org.Add(standin.User{ID: v.ids[1], Status: standin.StatusDeprovisioned})
		v.want(v.reset(with(sendFlags, confirm(3))...), fault.ExitRows, map[string]int{"reset/pending": 1, "skipped/deprovisioned": 1, "not_found": 1})
		if strings.Contains(v.stderr, "warning") {
			t.Errorf("warned:\n%s", v.stderr)
		}
	})
}

// If Okta doesn't say what users may enroll, they are reset all the same. The run warns of it once,
// and stops asking.
func TestPolicyThatNobodySays(t *testing.T) {
	t.Parallel()
	for _, kind := range []standin.Kind{standin.Forbidden, standin.MissingScope, standin.PathNotFound, standin.UserNotFound} {
		t.Run(string(kind), func(t *testing.T) {
			virtually(t, 30, standin.Config{Latency: 100 * time.Millisecond}, func(v *virtual) {
				v.org.Script(standin.Fault{Kind: kind, Op: standin.OpCatalog})
				v.want(v.reset(with(sendFlags, confirm(30), "--workers", "1")...), 0, map[string]int{"reset/pending": 30})
				if n, asked := strings.Count(v.stderr, "Okta doesn't say of each user what may be enrolled"), v.org.Stats().ByOp[standin.OpCatalog]; n != 1 || asked != 10 {
					t.Errorf("said %d times, asked %d times:\n%s", n, asked, v.stderr)
				}
			})
		})
	}
}
