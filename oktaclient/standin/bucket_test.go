package standin_test

import (
	"net/http"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"oktareset/oktaclient/standin"
)

// shown returns the rate-limit headers, the reset as seconds after the reply's Date.
func shown(t *testing.T, a answer) (limit, remaining, seconds int) {
	t.Helper()
	numbers := make([]int, 3)
	for i, name := range []string{"X-Rate-Limit-Limit", "X-Rate-Limit-Remaining", "X-Rate-Limit-Reset"} {
		n, err := strconv.Atoi(a.header.Get(name))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		numbers[i] = n
	}
	date, err := http.ParseTime(a.header.Get("Date"))
	if err != nil {
		t.Fatalf("Date: %v", err)
	}
	return numbers[0], numbers[1], numbers[2] - int(date.Unix())
}

func TestWindow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := standin.New(standin.Config{Limits: map[string]int{standin.BucketUsers: 20}, ClockSkew: -3 * time.Hour})
		o.Add(standin.User{ID: bob, Login: "bob@example.com"})
		pause(17*time.Second + 300*time.Millisecond) // the window opens at the first request, wherever the minute is

		for i := range 10 { // 50 % of 20; a 404 counts like everything else
			path := []string{resetPath(bob), resetPath("nobody@example.com")}[i%2]
			a := call(t, o, "POST", path)
			limit, remaining, seconds := shown(t, a)
			if limit != 10 || remaining != 9-i || seconds != 60-5*i {
				t.Errorf("call %d: limit %d, remaining %d, reset in %d s; want 10, %d, %d", i, limit, remaining, seconds, 9-i, 60-5*i)
			}
			pause(5 * time.Second)
		}
		for range 3 {
			a := call(t, o, "POST", resetPath(bob))
			want(t, a, 429, "E0000047")
			if _, remaining, seconds := shown(t, a); remaining != 0 || seconds != 10 || a.header.Get("Cache-Control") != "" {
				t.Errorf("429: remaining %d, reset in %d s, header %v; want 0, 10", remaining, seconds, a.header)
			}
		}
		// Another bucket isn't concerned.
		if limit, remaining, _ := shown(t, call(t, o, "GET", "/api/v1/users/"+bob)); limit != 1000 || remaining != 999 {
			t.Errorf("GET one user: limit %d, remaining %d, want 1000 and 999", limit, remaining)
		}
		pause(10*time.Second - time.Millisecond)
		a := call(t, o, "POST", resetPath(bob)) // the reset is cut to seconds: the old window is still in force
		if _, _, seconds := shown(t, a); a.status != 429 || seconds != 0 {
			t.Errorf("in the window's last part of a second: %d, reset in %d s; want 429 and 0", a.status, seconds)
		}
		pause(time.Millisecond)
		a = call(t, o, "POST", resetPath(bob))
		if _, remaining, seconds := shown(t, a); a.status != 200 || remaining != 9 || seconds != 60 {
			t.Errorf("after the window: %d, remaining %d, reset in %d s; want 200, 9, 60", a.status, remaining, seconds)
		}
		if s := o.Stats(); s.TooMany != 4 || s.ByOp[standin.OpResetFactors] != 15 || o.Did(bob).ResetCalls != 6 {
			t.Errorf("stats %+v, deeds %+v", s, o.Did(bob))
		}
	})
}

func TestDefaultLimits(t *testing.T) {
	t.Parallel()
	o := standin.New(standin.Config{})
	o.Add(standin.User{ID: bob, Login: "bob@example.com"})
	for path, want := range map[string]int{
		"/api/v1/users": 300, "/api/v1/users/" + bob + "/factors": 300, "/api/v1/users/" + bob + "/roles": 300,
		"/api/v1/users/" + bob: 1000, "/api/v1/users/me": 600, "/api/v1/logs": 60, "/api/v1/iam/assignees/users": 600, "/api/v1/org": 600,
	} {
		if limit, _, _ := shown(t, call(t, o, "GET", path)); limit != want {
			t.Errorf("GET %s: limit %d, want %d", path, limit, want)
		}
	}
}

func TestCompetitor(t *testing.T) {
	for _, orgNumbers := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			o := standin.New(standin.Config{Limits: map[string]int{standin.BucketUsers: 20}, OrgNumbers: orgNumbers})
			o.Consume(standin.BucketUsers, 16)
			pause(30 * time.Second)
			for range 4 {
				want(t, call(t, o, "GET", "/api/v1/users"), 200, "")
			}
			a := call(t, o, "GET", "/api/v1/users")
			want(t, a, 429, "E0000047")
			limit, remaining, seconds := shown(t, a)
			if got, want := [3]int{limit, remaining, seconds}, map[bool][3]int{false: {10, 6, 60}, true: {20, 0, 30}}[orgNumbers]; got != want {
				t.Errorf("OrgNumbers %v: limit, remaining, seconds = %v, want %v", orgNumbers, got, want)
			}
			pause(30 * time.Second) // the org's window ends, the token's goes on
			if _, remaining, seconds := shown(t, call(t, o, "GET", "/api/v1/users")); remaining != 5 || seconds != 30 {
				t.Errorf("after the org's window: remaining %d, reset in %d s; want 5 and 30", remaining, seconds)
			}
		})
	}
}

func TestConcurrency(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := standin.New(standin.Config{Concurrency: 7, Latency: time.Second, LatencyJitter: time.Second})
		var mu sync.Mutex
		statuses := map[int]int{}
		var wg sync.WaitGroup
		for range 5 {
			wg.Go(func() {
				a, err := send(t.Context(), o, "GET", "/api/v1/users")
				if err != nil {
					t.Error(err)
					return
				}
				if a.status == 429 && (a.header.Get("X-Rate-Limit-Limit") != "0" || a.header.Get("X-Rate-Limit-Remaining") != "0") {
					t.Errorf("concurrency 429 shows %v", a.header)
				}
				mu.Lock()
				defer mu.Unlock()
				statuses[a.status]++
			})
		}
		wg.Wait()
		if statuses[200] != 3 || statuses[429] != 2 {
			t.Errorf("statuses %v, want 3 × 200 and 2 × 429", statuses)
		}
		s := o.Stats()
		if s.ConcurrencyTooMany != 2 || s.TooMany != 0 || s.MaxInFlight < 4 {
			t.Errorf("stats %+v", s)
		}
		want(t, call(t, o, "GET", "/api/v1/users"), 200, "") // they have left
	})
}

func TestUnlimited(t *testing.T) {
	t.Parallel()
	o := standin.New(standin.Config{Unlimited: true, Limits: map[string]int{standin.BucketUsers: 1}})
	for range 1000 {
		want(t, call(t, o, "GET", "/api/v1/users?limit=1"), 200, "")
	}
}
