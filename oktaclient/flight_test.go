package oktaclient

import (
	"testing"
	"time"
)

// concurrency is an org that accepts this many requests at the same time, and a client that
// always has more to send: a round of requests under way is answered at once, in the order in
// which they were sent.
type concurrency struct {
	limit  int
	flight flight
}

// rounds plays this many rounds and returns the refused and the accepted calls.
func (c *concurrency) rounds(n int) (refused, accepted int) {
	for range n {
		under := c.flight.cap
		for i := range under {
			if i < c.limit {
				c.flight.accept(under)
				accepted++
			} else {
				c.flight.refuse(under)
				refused++
			}
		}
	}
	return refused, accepted
}

func TestFlightFindsTheLimit(t *testing.T) {
	t.Parallel()
	for _, limit := range []int{1, 2, 3, 17, 31, 37} {
		c := concurrency{limit: limit, flight: newFlight(32)}
		c.rounds(20)
		refused, accepted := c.rounds(1000)
		if most := min(limit, 32); accepted < 95*1000*most/100 {
			t.Errorf("limit %d: %d calls in 1000 rounds, want nearly %d", limit, accepted, 1000*most)
		}
		if refused*50 > accepted {
			t.Errorf("limit %d: %d refused of %d, want at most 1 in 50", limit, refused, accepted)
		}
	}
}

func TestFlightFollowsTheLimit(t *testing.T) {
	t.Parallel()
	c := concurrency{limit: 37, flight: newFlight(32)}
	for _, tt := range []struct{ limit, rounds, want int }{
		{37, 5, 32}, {17, 1, 17}, {3, 2, 3}, {37, 250, 32}, {1, 2, 1}, {37, 300, 32},
	} {
		c.limit = tt.limit
		c.rounds(tt.rounds)
		if got := c.flight.cap; got < tt.want || got > tt.want+1 { // one more may be on trial
			t.Errorf("%d rounds after the limit became %d: cap %d, want %d", tt.rounds, tt.limit, got, tt.want)
		}
	}
}

// A reply to a request that didn't need the cap says nothing about the cap, but a refusal with
// few requests under way does.
func TestFlightOfFew(t *testing.T) {
	t.Parallel()
	f := newFlight(32)
	for range 100 {
		f.accept(3)
	}
	if f.cap != startInFlight {
		t.Errorf("with 3 under way the cap became %d, want %d", f.cap, startInFlight)
	}
	for f.cap < 32 {
		f.accept(f.cap)
	}
	if d := f.refuse(4); f.cap != 3 || d != 0 {
		t.Errorf("refused beside 4 of 32: cap %d, pause %v; want 3 and none", f.cap, d)
	}
}

// If not even one request is accepted, the pool pauses, longer each time.
func TestFlightBlocked(t *testing.T) {
	t.Parallel()
	f := newFlight(1)
	for _, most := range []time.Duration{1, 2, 4, 8, 8} {
		if d := f.refuse(1); d < most*time.Second/2 || d > most*time.Second || f.cap != 1 {
			t.Errorf("pause %v with a cap of %d, want %v to %v and 1", d, f.cap, most*time.Second/2, most*time.Second)
		}
	}
	f.accept(1)
	if d := f.refuse(1); d > time.Second {
		t.Errorf("pause %v after one that got through, want at most a second", d)
	}
}
