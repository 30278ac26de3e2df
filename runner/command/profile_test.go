package command

import (
	"bytes"
	"io"
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"oktareset/oktaclient/standin"
	"oktareset/runner/fault"
)

// A user of whom one row has no usable phone number isn't reset for the other row, by no later run
// either.
func TestDuplicateOfInvalidProfile(t *testing.T) {
	t.Parallel()
	virtually(t, 3, standin.Config{Latency: 100 * time.Millisecond}, func(v *virtual) {
		v.csv("userId,phoneNumber\n" + v.ids[0] + ",12\n" + v.ids[0] + ",+15550000002\n" + v.ids[1] + ",+15550000003\n")
		want := map[string]int{"invalid/profile": 2, "reset": 1}
		for _, flags := range [][]string{{confirm(2)}, {"--resume"}} {
			if code := v.reset(with(enrollFlags, flags...)...); code != fault.ExitRows || !maps.Equal(v.statuses(), want) {
				t.Errorf("%v: exit code %d, %v\n%s", flags, code, v.statuses(), v.stderr)
			}
		}
		if v.org.Did(v.ids[0]).Resets != 0 {
			t.Error("a user was reset whose row is invalid")
		}
	})
}

// The command that a dry run proposes works where the address to enroll is the login.
func TestPlanByEmail(t *testing.T) {
	t.Parallel()
	virtually(t, 3, standin.Config{Latency: 100 * time.Millisecond}, func(v *virtual) {
		v.csv("email\n" + login(0) + "\n" + login(1) + "\n")
		if code := v.reset("--dry-run", "--enroll", "email:OKTA"); code != fault.ExitOK {
			t.Errorf("the dry run ends with %d\n%s", code, v.stderr)
		}
		v.args = []string{v.path("users.plan.csv")}
		if code := v.reset("--enroll", "email:OKTA", confirm(2)); code != fault.ExitOK {
			t.Errorf("the command that the dry run printed ends with %d\n%s", code, v.stderr)
		}
	})
}

// Nobody is reset whose address can't be enrolled.
func TestNoAddress(t *testing.T) {
	t.Parallel()
	virtually(t, 3, standin.Config{Latency: 100 * time.Millisecond}, func(v *virtual) {
		v.csv("userId,email\n" + v.ids[0] + ",\n" + v.ids[1] + ",not an address\n" + v.ids[2] + "," + login(2) + "\n")
		want := map[string]int{"invalid/profile": 2, "reset": 1}
		if code := v.reset("--enroll", "email:OKTA", "--activate", confirm(3)); code != fault.ExitRows || !maps.Equal(v.statuses(), want) {
			t.Errorf("exit code %d, %v\n%s", code, v.statuses(), v.stderr)
		}
		for i := range 2 {
			if v.org.Did(v.ids[i]).Resets > 0 {
				t.Errorf("user %d was reset, and can't be enrolled", i)
			}
		}
	})
}

// Whoever is excluded needs no phone number.
func TestExcludedWithoutPhone(t *testing.T) {
	t.Parallel()
	virtually(t, 3, standin.Config{Latency: 100 * time.Millisecond}, func(v *virtual) {
		v.csv("userId,phoneNumber\n" + v.ids[0] + ",\n" + v.ids[1] + ",+15550000002\n")
		code := v.reset(with(enrollFlags, confirm(2), v.exclusions("vips.csv", v.ids[0]))...)
		if r := v.table()[0]; r[4] != "skipped" || code != fault.ExitOK {
			t.Errorf("exit code %d: %q", code, r)
		}
	})
}

// Two rows of one user with different numbers: one of them is invalid, however many workers there
// are, and the user gets one number.
func TestTwoPhonesOfOneUser(t *testing.T) {
	t.Parallel()
	for _, workers := range []string{"1", "32"} {
		virtually(t, 8, standin.Config{Latency: 100 * time.Millisecond}, func(v *virtual) {
			v.csv("login,phoneNumber\n" + login(0) + ",+15550000001\n" + login(1) + ",+15550000002\n" + login(2) + ",+15550000003\n" +
				login(3) + ",+15550000004\n" + v.ids[0] + ",+15559999999\n")
			code := v.reset(with(enrollFlags, confirm(5), "--workers", workers)...)
			if n := v.statuses(); code != fault.ExitRows || n["invalid/profile"] != 1 || n["reset"] != 4 {
				t.Errorf("%s workers: exit code %d, %v; want the other row of the user to be invalid", workers, code, n)
			}
			if d := v.org.Did(v.ids[0]); d.Resets != 1 || d.Enrolls != 1 {
				t.Errorf("%s workers: %+v", workers, d)
			}
		})
	}
}

// Of an export's profile columns, only those of the factor are sent.
func TestProfileColumns(t *testing.T) {
	t.Parallel()
	virtually(t, 2, standin.Config{Latency: 100 * time.Millisecond}, func(v *virtual) {
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
