package standin_test

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"oktareset/oktaclient/standin"
)

func TestLimitChanges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		limits := map[string]int{standin.BucketUsers: 20}
		o := standin.New(standin.Config{Limits: limits})
		limits[standin.BucketUsers] = 1 // the caller's own
		for _, tt := range []struct{ set, status, limit, remaining int }{
			{0, 200, 10, 9}, {4, 200, 2, 0}, {4, 429, 2, 0}, {200, 200, 100, 97},
		} {
			if tt.set > 0 {
				o.SetLimit(standin.BucketUsers, tt.set)
			}
			a := call(t, o, "GET", "/api/v1/users")
			if limit, remaining, _ := shown(t, a); a.status != tt.status || limit != tt.limit || remaining != tt.remaining {
				t.Errorf("at %d a minute: %d, limit %d, remaining %d; want %+v", tt.set, a.status, limit, remaining, tt)
			}
		}
		other := standin.New(standin.Config{})
		other.SetLimit(standin.BucketUsers, 6)
		if limit, _, _ := shown(t, call(t, other, "GET", "/api/v1/users")); limit != 3 {
			t.Errorf("limit %d, want 3", limit)
		}
	})
}

// A refusal takes as long as any other answer, and isn't one of the calls at the same time.
func TestRefusalsTakeTheirTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := standin.New(standin.Config{Limits: map[string]int{standin.BucketUsers: 100}, Latency: time.Minute})
		o.SetLatency(2 * time.Second)
		o.SetConcurrency(2) // 1 for the token
		var calls sync.WaitGroup
		statuses, took := make([]int, 3), make([]time.Duration, 3)
		for i := range 3 {
			calls.Go(func() {
				start := time.Now()
				a, err := send(t.Context(), o, "GET", "/api/v1/users")
				if err != nil {
					t.Error(err)
					return
				}
				statuses[i], took[i] = a.status, time.Since(start)
			})
			pause(time.Duration(i+1) * time.Second) // at 0, 1 and 3 s: the second is refused, and under way at 3 s no more than the first
			synctest.Wait()
		}
		calls.Wait()
		for i, want := range []int{200, 429, 200} {
			if statuses[i] != want || took[i] != 2*time.Second {
				t.Errorf("call %d: %d after %v, want %d after 2 s", i, statuses[i], took[i], want)
			}
		}
		o.SetConcurrency(2000)
		o.SetLimit(standin.BucketUsers, 2)
		start := time.Now()
		if a := call(t, o, "GET", "/api/v1/users"); a.status != 429 || time.Since(start) != 2*time.Second {
			t.Errorf("refused by the bucket: %d after %v, want 429 after 2 s", a.status, time.Since(start))
		}
	})
}

// A server whose clock is set forgets none of its windows.
func TestClockIsSet(t *testing.T) {
	for _, jump := range []time.Duration{time.Hour, -time.Hour} {
		synctest.Test(t, func(t *testing.T) {
			o := standin.New(standin.Config{Limits: map[string]int{standin.BucketUsers: 2}})
			want(t, call(t, o, "GET", "/api/v1/users"), 200, "")
			pause(20 * time.Second)
			o.SetClockSkew(jump)
			a := call(t, o, "GET", "/api/v1/users")
			if _, _, seconds := shown(t, a); a.status != 429 || seconds != 40 {
				t.Errorf("after a jump by %v: %d, reset in %d s; want 429 and 40", jump, a.status, seconds)
			}
			pause(40 * time.Second)
			want(t, call(t, o, "GET", "/api/v1/users"), 200, "")
		})
	}
}
