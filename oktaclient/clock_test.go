package oktaclient

import (
	"net/http"
	"testing"
	"time"
)

// saying returns a reply with a Date and a window's end, both as the time since noon.
func saying(date, reset time.Duration) rateLimit {
	noon := time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)
	return rateLimit{limit: 600, remaining: 599, known: true, date: noon.Add(date), reset: noon.Add(reset).Unix()}
}

func TestVouches(t *testing.T) {
	t.Parallel()
	const s = time.Second
	concurrency, bare, dateless, timeless := saying(0, 30*s), saying(0, 30*s), saying(0, 30*s), saying(0, 30*s)
	concurrency.limit, bare.known, dateless.date, timeless.reset = 0, false, time.Time{}, 0
	for _, tt := range []struct {
		name string
		r    rateLimit
		want bool
	}{
		{"in the window", saying(0, 30*s), true},
		{"at its end", saying(0, 0), true},
		{"at its beginning", saying(0, 60*s), true},
		{"five seconds before it", saying(0, 65*s), true},
		{"five seconds behind it", saying(5*s, 0), true},
		{"six seconds before it", saying(0, 66*s), false},
		{"six seconds behind it", saying(6*s, 0), false},
		{"an hour ahead", saying(time.Hour, 30*s), false},
		{"an hour behind", saying(-time.Hour, 30*s), false},
		{"a limit of nothing", concurrency, false},
		{"no headers", bare, false},
		{"no Date", dateless, false},
		{"no end", timeless, false},
	} {
		if got := tt.r.vouches(); got != tt.want {
			t.Errorf("%s: %v", tt.name, got)
		}
		if got := (Reply{RequestID: "a", limit: tt.r}).Vouched(); got != tt.want {
			t.Errorf("%s, reply: %v", tt.name, got)
		}
	}
	if (Reply{limit: saying(0, 30*s)}).Vouched() {
		t.Error("a reply that isn't Okta's is vouched for")
	}
}

// Whatever time a proxy writes, the earliest time isn't later than Okta's clock.
func TestEarliestIsNotLater(t *testing.T) {
	t.Parallel()
	const s = time.Second
	start := time.Now()
	noon := time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		name    string
		replies []rateLimit // one a second, from noon
		least   time.Duration
	}{
		{"true", []rateLimit{saying(0, 30*s), saying(s, 30*s)}, 0},
		{"one is an hour ahead", []rateLimit{saying(0, 30*s), saying(time.Hour, 30*s)}, -31 * s},
		{"all are an hour ahead", []rateLimit{saying(time.Hour, 30*s), saying(time.Hour+s, 30*s)}, -31 * s},
		{"one is an hour behind", []rateLimit{saying(0, 30*s), saying(-time.Hour, 30*s)}, -time.Hour - s},
		{"a reset that is no time", []rateLimit{saying(0, 30*s), saying(s, -50*365*24*time.Hour)}, 0},
	} {
		c := New(OrgURL{}, Options{})
		for i, r := range tt.replies {
			c.meet(r, start.Add(time.Duration(i)*s), true)
		}
		at := start.Add(2 * s)
		got := min(c.clock.ahead.when(at).Sub(noon), c.clock.least.when(at).Sub(noon))
		if got > 2*s || got < tt.least {
			t.Errorf("%s: earliest is noon %+v after two seconds, want between %v and 2s", tt.name, got, tt.least)
		}
	}
}

// Between replies the elapsed time counts, from the reply on; a reply that isn't Okta's doesn't
// count.
func TestClockGoesOn(t *testing.T) {
	t.Parallel()
	c := New(OrgURL{}, Options{})
	if d := time.Since(c.Now()); d < -time.Second || d > time.Second || c.Vouched() != 0 || c.lead() != 0 {
		t.Errorf("before any reply it is %v ago", d)
	}
	c.meet(saying(0, 30*time.Second), time.Now(), false)
	if c.Vouched() != 0 || c.MetOkta() {
		t.Error("a proxy's reply counts")
	}
	c.meet(saying(0, 30*time.Second), time.Now().Add(-10*time.Second), true)
	want := saying(10*time.Second, 0).date
	for _, got := range []time.Time{c.Now(), c.Earliest()} {
		if d := got.Sub(want); d < 0 || d > 5*time.Second {
			t.Errorf("ten seconds later it is %v, want %v", got, want)
		}
	}
	if c.Vouched() != 1 || !c.MetOkta() {
		t.Errorf("%d replies vouched for, met %v", c.Vouched(), c.MetOkta())
	}
	h := http.Header{}
	c.meet(parseRateLimit(h), time.Now(), true)
	if c.Vouched() != 1 {
		t.Error("a reply without a time is vouched for")
	}
}

// A reply that its own window contradicts doesn't move a clock that others confirm.
func TestOneWrongDateMovesNothing(t *testing.T) {
	t.Parallel()
	const s = time.Second
	noon := time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)
	for _, wrong := range []time.Duration{time.Hour, -time.Hour, 25 * time.Hour, -70 * s} {
		c := New(OrgURL{}, Options{})
		start := time.Now()
		c.meet(saying(wrong, 50*s), start, true)
		c.meet(saying(s, 50*s), start.Add(s), true)
		c.meet(saying(wrong, 50*s), start.Add(2*s), true)
		if got := c.clock.ahead.when(start.Add(2 * s)).Sub(noon); got != 2*s {
			t.Errorf("%v off: it is noon %+v, want 2s", wrong, got)
		}
	}
}
