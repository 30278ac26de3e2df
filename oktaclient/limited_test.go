package oktaclient_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"oktareset/oktaclient"
	"oktareset/oktaclient/standin"
)

// A user for whom Okta always answers 429, although the bucket has calls left, is given up after
// a few tries, and delays nobody else.
func TestUsersWithLimitsOfTheirOwn(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		users []int
		most  time.Duration // beyond the least time of the run
	}{
		{"the first", []int{0}, 3 * time.Second},
		{"one", []int{100}, 3 * time.Second},
		{"the last", []int{299}, 3 * time.Second},
		{"two in a row, which may be the bucket's limit once", []int{100, 101}, oktaclient.Window + 3*time.Second},
		{"several", []int{3, 90, 91, 92, 200, 298, 299}, 3*oktaclient.Window + 3*time.Second}, // two for the three, one for the last two
		{"all that is left", []int{295, 296, 297, 298, 299}, 3 * oktaclient.Window},
	} {
		for _, workers := range []int{1, 8, 30} {
			virtually(t, fmt.Sprintf("%s, %d workers", tt.name, workers), func(t *testing.T) {
				const latency = 50 * time.Millisecond
				w := newWorld(t, 300, standin.Config{Limits: limits(2000), Latency: latency}, oktaclient.Options{})
				for _, n := range tt.users {
					w.org.Script(standin.Fault{Kind: standin.TooManyUser, Op: standin.OpResetFactors, UserID: w.ids[n]})
				}
				start := time.Now()
				failed := w.resetAll(t.Context(), workers)
				if took, least := time.Since(start), time.Duration(300/min(workers, 8))*latency; took > least+tt.most {
					t.Errorf("took %v, want at most %v more than %v", took, tt.most, least)
				}
				for _, n := range tt.users {
					err := failed[w.ids[n]]
					if !errors.Is(err, oktaclient.ErrOwnLimit) || oktaclient.FateOf(err) != oktaclient.Limited || w.org.Did(w.ids[n]).Resets != 0 {
						t.Errorf("user %d: %v, want a limit of its own", n, err)
					}
					delete(failed, w.ids[n])
				}
				if len(failed) > 0 {
					t.Errorf("%d others failed: %v", len(failed), failed)
				}
				if s := w.org.Stats(); s.ResetsApplied != 300-len(tt.users) || s.UsersResetTwice > 0 || s.TooMany > 8*len(tt.users) {
					t.Errorf("%d resets, %d 429s", s.ResetsApplied, s.TooMany)
				}
			})
		}
	}
}

// Others spend the org's bucket, which the token's numbers don't show, while there is one row at
// a time: that isn't the row's own limit, whatever the numbers say.
func TestOrgsLimitIsNobodysOwn(t *testing.T) {
	t.Parallel()
	for _, workers := range []int{1, 2, 8} {
		virtually(t, fmt.Sprint(workers), func(t *testing.T) {
			w := newWorld(t, 60, standin.Config{Limits: limits(600), TokenShare: 100, Latency: 100 * time.Millisecond}, oktaclient.Options{})
			for at := range 4 {
				time.AfterFunc(time.Duration(at)*time.Minute+time.Second, func() { w.org.Consume(standin.BucketUsers, 600) })
			}
			if failed := w.resetAll(t.Context(), workers); len(failed) > 0 {
				t.Errorf("%d rows lost: %v", len(failed), failed)
			}
			w.onceEach(t)
			if n := w.org.Stats().TooMany; n > 4*(workers+1) {
				t.Errorf("%d 429s in four windows that others had spent", n)
			}
		})
	}
}
