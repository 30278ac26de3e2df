package command

import (
	"bytes"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"oktareset/oktaclient/oktatest"
	"oktareset/runner/fault"
)

func TestDuplicateOfInvalidProfile(t *testing.T) {
	virtually(t, 3, oktatest.Config{Latency: 100 * time.Millisecond}, func(v *virtual) {
		v.csv("userId,phoneNumber\n" + v.ids[0] + ",12\n" + v.ids[0] + ",+15550000002\n" + v.ids[1] + ",+15550000003\n")
		code := v.reset(with(enrollFlags, confirm(2))...)
		t.Log(code, v.table(), v.stderr)
		code = v.reset(with(enrollFlags, "--resume")...)
		t.Log(code, v.table(), v.stderr)
		if v.org.Did(v.ids[0]).Resets != 0 {
			t.Error("--resume of a finished run reset a user who was invalid/duplicate; it had said 0 users to do")
		}
	})
}

func TestPlanByEmail(t *testing.T) {
	virtually(t, 3, oktatest.Config{Latency: 100 * time.Millisecond}, func(v *virtual) {
		v.csv("email\n" + login(0) + "\n" + login(1) + "\n")
		code := v.reset("--dry-run", "--enroll", "email:OKTA")
		t.Log(code, v.stderr)
		v.args = []string{v.path("users.plan.csv")}
		code = v.reset("--enroll", "email:OKTA", confirm(2))
		t.Log(code, v.stderr)
		if code != 0 {
			t.Errorf("the command that the dry run printed ends with %d", code)
		}
	})
}

func TestNoAddress(t *testing.T) {
	virtually(t, 3, oktatest.Config{Latency: 100 * time.Millisecond}, func(v *virtual) {
		v.csv("userId,email\n" + v.ids[0] + ",\n" + v.ids[1] + ",not an address\n" + v.ids[2] + "," + login(2) + "\n")
		code := v.reset("--enroll", "email:OKTA", "--activate", confirm(3))
		t.Log(code, v.table(), v.stderr)
		for i := range 2 {
			if v.org.Did(v.ids[i]).Resets > 0 {
				t.Errorf("user %d was reset, and can't be enrolled", i)
			}
		}
	})
}

func TestExcludedWithoutPhone(t *testing.T) {
	virtually(t, 3, oktatest.Config{Latency: 100 * time.Millisecond}, func(v *virtual) {
		v.csv("userId,phoneNumber\n" + v.ids[0] + ",\n" + v.ids[1] + ",+15550000002\n")
		code := v.reset(with(enrollFlags, confirm(2), v.exclusions("vips.csv", v.ids[0]))...)
		if r := v.table()[0]; r[4] != "skipped" || code != 0 {
			t.Errorf("exit code %d: %q", code, r)
		}
	})
}

func TestTwoPhonesOfOneUser(t *testing.T) {
	got := map[string]string{}
	for _, workers := range []string{"1", "32", "plan"} {
		virtually(t, 8, oktatest.Config{Latency: 100 * time.Millisecond}, func(v *virtual) {
			v.csv("login,phoneNumber\n" + login(0) + ",+15550000001\n" + login(1) + ",+15550000002\n" + login(2) + ",+15550000003\n" + login(3) + ",+15550000004\n" + v.ids[0] + ",+15559999999\n")
			if workers == "plan" {
				v.reset("--enroll", "sms:OKTA", "--dry-run", "--workers", "1")
				b, _ := os.ReadFile(v.path("users.plan.csv"))
				for _, l := range strings.Split(string(b), "\n") {
					if strings.Contains(l, v.ids[0]) && strings.Contains(l, "would_reset") {
						got["plan, 1 worker"] = l[strings.LastIndex(l, ",")+1:]
					}
				}
				return
			}
			code := v.reset(with(enrollFlags, confirm(5), "--workers", workers)...)
			if n := v.statuses(); code != fault.ExitRows || n["invalid/profile"] != 1 || n["reset"] != 4 {
				t.Errorf("%s workers: exit code %d, %v; want the other row of the user to be invalid", workers, code, n)
			}
			u, _ := v.org.User(v.ids[0])
			for _, f := range u.Factors {
				if f.Type == "sms" {
					got[workers] = f.Profile["phoneNumber"]
				}
			}
		})
	}
	t.Log("phone of user0 by workers: ", got)
}

func TestProfileColumns(t *testing.T) {
	virtually(t, 2, oktatest.Config{Latency: 100 * time.Millisecond}, func(v *virtual) {
		v.csv("userId,profile.login,profile.firstName,profile.phoneNumber\n" + v.ids[0] + ",a@b.c,Al,+15550000001\n")
		var sent string
		v.tampered = func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
			if strings.HasSuffix(r.URL.Path, "/factors") && r.Method == "POST" {
				b, _ := io.ReadAll(r.Body)
				sent = string(b)
				r.Body = io.NopCloser(bytes.NewReader(b))
			}
			return next.RoundTrip(r)
		}
		if code := v.reset(with(enrollFlags, confirm(1))...); code != 0 || strings.Contains(sent, "firstName") || !strings.Contains(sent, "+15550000001") {
			t.Errorf("exit code %d, sent %s\n%s", code, sent, v.stderr)
		}
	})
}
