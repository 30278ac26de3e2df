package command

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"oktareset/oktaclient/standin"
	"oktareset/runner/fault"
)

// exclusions writes a file of logins to leave alone, and returns the flag for it.
func (v *virtual) exclusions(name string, cells ...string) string {
	v.t.Helper()
	if err := os.WriteFile(v.path(name), []byte("login\n"+strings.Join(cells, "\n")+"\n"), 0o600); err != nil {
		v.t.Fatal(err)
	}
	return "--exclude=" + v.path(name)
}

// files returns the names in the run's folder.
func (v *virtual) files() (names []string) {
	v.eachFile(func(name string) { names = append(names, name) })
	return names
}

// logins returns the logins of the first n users.
func logins(n int) (cells []string) {
	for i := range n {
		cells = append(cells, fmt.Sprintf("user%d@example.com", i))
	}
	return cells
}

// A signal during the look-ups of excluded users changes nothing and leaves no file, whether the
// bucket is on hold or not.
func TestExcludeInterrupted(t *testing.T) {
	t.Parallel()
	for _, after := range []time.Duration{50 * time.Millisecond, 30 * time.Second} {
		virtually(t, 20, standin.Config{Limits: map[string]int{standin.BucketUser: 20}, Latency: 100 * time.Millisecond}, func(v *virtual) {
			flag := v.exclusions("vips.csv", logins(20)...)
			ctx, cancel := context.WithCancelCause(v.t.Context())
			defer cancel(nil)
			timer := time.AfterFunc(after, func() { cancel(fault.Signal{Signal: os.Interrupt}) })
			defer timer.Stop()
			if code := v.resetIn(ctx, confirm(20), flag); code != 128+int(syscall.SIGINT) {
				v.t.Errorf("exit code %d, want 130\n%s", code, v.stderr)
			}
			if got := v.files(); !slices.Equal(got, []string{"users.csv", "vips.csv"}) {
				v.t.Errorf("left behind: %q\n%s", got, v.stderr)
			}
			v.resets(map[int]int{0: 20})
		})
	}
}

// Limits and passing faults don't change who is left alone.
func TestExcludeWaits(t *testing.T) {
	t.Parallel()
	cfg := standin.Config{Limits: map[string]int{standin.BucketUser: 40}}
	virtually(t, 200, cfg, func(v *virtual) {
		faults := []string{"500:get_user:every=7", "429_bare:get_user:every=11", "429_concurrency:get_user:every=13", "drop:get_user:every=17"}
		for _, s := range faults {
			f, err := standin.ParseFault(s)
			if err != nil {
				v.t.Fatal(err)
			}
			v.org.Script(f)
		}
		code := v.reset(confirm(200), v.exclusions("vips.csv", logins(100)...))
		v.want(code, fault.ExitOK, map[string]int{"reset": 100, "skipped/excluded": 100})
		v.resets(map[int]int{0: 100, 1: 100})
		if !strings.Contains(v.stderr, "progress: look up who is excluded 100/100 (100%)") {
			v.t.Errorf("nothing says how far it is:\n%s", v.stderr)
		}
	})
}

// If the next run excludes a user whose reset is in doubt, the reset isn't sent again, whether it
// was done or not.
func TestExcludeInDoubt(t *testing.T) {
	t.Parallel()
	for _, trouble := range []string{"drop_after:reset_factors:user=", "drop_before:reset_factors:user="} {
		virtually(t, 3, standin.Config{ResetEvents: standin.NoEvents}, func(v *virtual) {
			f, err := standin.ParseFault(trouble + v.ids[0])
			if err != nil {
				v.t.Fatal(err)
			}
			v.org.Script(f)
			v.mustCrash(20*time.Second, confirm(3)) // while it waits for proof
			v.org.Clear()
			before := v.org.Did(v.ids[0]).ResetCalls
			flag := v.exclusions("vips.csv", "user0@example.com")
			code := v.reset("--resume", flag)
			want := map[string]int{"reset": 2, "unknown/unverified": 1}
			v.want(code, fault.ExitRows, want)
			v.want(v.reset("--retry", "unknown", flag, confirm(1)), fault.ExitRows, want)
			text, _ := os.ReadFile(v.path("users.results.csv"))
			if !strings.Contains(string(text), "not sent again: skipped: excluded by ") {
				v.t.Errorf("nothing says why:\n%s", text)
			}
			if after := v.org.Did(v.ids[0]).ResetCalls; after != before {
				v.t.Errorf("sent %d times more", after-before)
			}
			v.once(1, 2)
		})
	}
}

// Exclusion comes before --retry.
func TestExcludeRetry(t *testing.T) {
	t.Parallel()
	virtually(t, 3, standin.Config{}, func(v *virtual) {
		f, err := standin.ParseFault("403:reset_factors:times=1:user=" + v.ids[0])
		if err != nil {
			v.t.Fatal(err)
		}
		v.org.Script(f)
		v.want(v.reset(confirm(3)), fault.ExitRows, map[string]int{"reset": 2, "forbidden": 1})
		code := v.reset("--retry", "forbidden", v.exclusions("vips.csv", "user0@example.com"))
		v.want(code, fault.ExitOK, map[string]int{"reset": 2, "skipped/excluded": 1})
		v.resets(map[int]int{0: 1, 1: 2})
	})
}

// Without the permission to read roles, nobody is reset. With it, no admin is reset, whatever
// fails.
func TestSkipAdminsUnderFaults(t *testing.T) {
	t.Parallel()
	virtually(t, 40, standin.Config{Limits: map[string]int{standin.BucketUsers: 60}}, func(v *virtual) {
		admins := 0
		for i := range 40 {
			u := standin.User{ID: fmt.Sprintf("00u9%016d", i), Login: fmt.Sprintf("admin%d@example.com", i)}
			if i%3 == 0 {
				u.GroupRoles = []string{"SUPER_ADMIN"}
				admins++
			}
			v.org.Add(u)
			v.ids[i] = u.ID
		}
		if err := os.WriteFile(v.path("users.csv"), []byte("userId\n"+strings.Join(v.ids, "\n")+"\n"), 0o600); err != nil {
			v.t.Fatal(err)
		}
		for _, s := range []string{"500:list_roles:every=7", "429_bare:list_roles:every=11", "drop:list_roles:every=5", "504:list_roles:every=13"} {
			f, err := standin.ParseFault(s)
			if err != nil {
				v.t.Fatal(err)
			}
			v.org.Script(f)
		}
		code := v.reset(confirm(40), "--skip-admins")
		v.want(code, fault.ExitOK, map[string]int{"reset": 40 - admins, "skipped/admin": admins})
		for i, id := range v.ids {
			want := 1
			if i%3 == 0 {
				want = 0
			}
			if n := v.org.Did(id).ResetCalls; n != want {
				v.t.Errorf("user %d was reset %d times, want %d", i, n, want)
			}
		}
	})
}

// A look-up counts for a day. After that the login is looked up again, and whoever was protected
// before stays protected, because the login may be somebody else's by then.
func TestExcludeCountsForADay(t *testing.T) {
	t.Parallel()
	virtually(t, 12, standin.Config{}, func(v *virtual) {
		lookUps := func() int { return v.org.Stats().ByOp[standin.OpGetUser] }
		limit := []string{"--limit", "1", "--workers", "1"}
		v.reset(append(limit, confirm(12), v.exclusions("vips.csv", logins(6)...))...)
		if n := lookUps(); n != 6 || !strings.Contains(v.stderr, "vips.csv: 6 users to leave alone, 6 rows of the input") {
			t.Errorf("%d look-ups, want 6\n%s", n, v.stderr)
		}
		if err := os.Remove(v.path("vips.csv")); err != nil {
			t.Fatal(err)
		}
		<-time.After(23 * time.Hour)
		v.reset(append(limit, "--resume")...)
		if n := lookUps(); n != 6 {
			t.Errorf("%d look-ups within a day, want 6\n%s", n, v.stderr)
		}
		v.becomes(login(0), 0, 11)
		<-time.After(2 * time.Hour)
		code := v.reset("--resume")
		if n := lookUps(); n != 12 {
			t.Errorf("%d look-ups after a day, want 12\n%s", n, v.stderr)
		}
		v.want(code, fault.ExitOK, map[string]int{"reset": 5, "skipped/excluded": 7})
		v.resets(map[int]int{0: 7, 1: 5})
		for _, i := range []int{0, 11} {
			if n := v.org.Did(v.ids[i]).ResetCalls; n != 0 {
				t.Errorf("user %d was reset %d times", i, n)
			}
		}
		if slices.Contains(v.files(), "users.results.exclude.json") {
			t.Errorf("left behind: %q", v.files())
		}
	})
}

// A run leaves ten thousand users alone. Its resume gets no list of them, and resets none of them.
func TestExcludeTenThousand(t *testing.T) {
	t.Parallel()
	virtually(t, 400, standin.Config{Unlimited: true}, func(v *virtual) {
		var lines []string
		for i := range 10_000 {
			id := fmt.Sprintf("00u8%016d", i)
			line := fmt.Sprintf("%s,vip%d@example.com", id, i)
			if i < 200 { // by ID, by login, by both
				v.org.Add(standin.User{ID: id, Login: fmt.Sprintf("vip%d@example.com", i)})
				line = []string{v.ids[i] + ",", fmt.Sprintf(",USER%d@example.com", i), fmt.Sprintf("%s,user%d@example.com", v.ids[i], i)}[i%3]
			} else {
				v.org.Add(standin.User{ID: id, Login: fmt.Sprintf("vip%d@example.com", i)})
			}
			lines = append(lines, line)
		}
		if err := os.WriteFile(v.path("vips.csv"), []byte("userId,login\n"+strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		v.reset(confirm(400), "--limit", "50", "--exclude="+v.path("vips.csv"))
		for _, want := range []string{"progress: look up who is excluded ", "vips.csv: 10000 users to leave alone, 200 rows of the input"} {
			if !strings.Contains(v.stderr, want) {
				t.Errorf("nothing says %q:\n%s", want, v.stderr)
			}
		}
		before := v.org.Stats().ByOp[standin.OpGetUser]
		code := v.reset("--resume")
		v.want(code, fault.ExitOK, map[string]int{"reset": 200, "skipped/excluded": 200})
		v.resets(map[int]int{0: 200, 1: 200})
		if n := v.org.Stats().ByOp[standin.OpGetUser] - before; n != 0 {
			t.Errorf("%d look-ups by the resume, want none", n)
		}
		for i := range 200 {
			if n := v.org.Did(v.ids[i]).ResetCalls; n != 0 {
				t.Errorf("user %d was reset %d times", i, n)
			}
		}
	})
}
