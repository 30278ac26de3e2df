package oktaclient

import (
	"net/http"
	"strconv"
	"testing"
	"time"
)

var noon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)

func header(limit, remaining, reset, date string) http.Header {
	h := http.Header{}
	for k, v := range map[string]string{
		"X-Rate-Limit-Limit": limit, "X-Rate-Limit-Remaining": remaining, "X-Rate-Limit-Reset": reset, "Date": date,
	} {
		if v != "" {
			h.Set(k, v)
		}
	}
	return h
}

func says(limit, remaining int, reset, date time.Time) rateLimit {
	return parseRateLimit(header(strconv.Itoa(limit), strconv.Itoa(remaining), strconv.FormatInt(reset.Unix(), 10),
		date.UTC().Format(http.TimeFormat)))
}

func TestRateLimitWait(t *testing.T) {
	t.Parallel()
	at := func(d time.Duration) string { return strconv.FormatInt(noon.Add(d).Unix(), 10) }
	date := noon.Format(http.TimeFormat)
	tests := []struct {
		name, reset, date string
		want              time.Duration
		ok                bool
	}{
		{"48 s after Date", at(48 * time.Second), date, 49 * time.Second, true},
		{"in the second of Date", at(0), date, time.Second, true},
		{"in the past", at(-time.Second), date, 0, false},
		{"missing", "", date, 0, false},
		{"not a number", "soon", date, 0, false},
		{"zero", "0", date, 0, false},
		{"in milliseconds", at(48*time.Second) + "000", date, 0, false},
		{"an hour ahead", at(time.Hour), date, 0, false},
		{"no Date: this machine's clock", at(48 * time.Second), "", 49*time.Second - 500*time.Millisecond, true},
		{"Date isn't one", at(48 * time.Second), "yesterday", 49*time.Second - 500*time.Millisecond, true},
	}
	for _, tt := range tests {
		r := parseRateLimit(header("50", "0", tt.reset, tt.date))
		if got, ok := r.wait(noon.Add(500 * time.Millisecond)); got != tt.want || ok != tt.ok {
			t.Errorf("%s: wait = %v, %v; want %v, %v", tt.name, got, ok, tt.want, tt.ok)
		}
	}
}

func TestParseRateLimitNonsense(t *testing.T) {
	t.Parallel()
	for _, h := range []http.Header{
		header("", "", "", ""), header("NaN", "1", "", ""), header("50", "", "", ""), header("50", "-1", "", ""),
		header("-50", "1", "", ""), header("1e9", "1", "", ""), header("99999999999999999999", "1", "", ""),
	} {
		if r := parseRateLimit(h); r.known {
			t.Errorf("parseRateLimit(%v) = %+v, want unknown", h, r)
		}
	}
	if r := parseRateLimit(header("50", "70", "", "")); r.remaining != 50 {
		t.Errorf("remaining above the limit = %d, want 50", r.remaining)
	}
}

func TestWindowLearn(t *testing.T) {
	t.Parallel()
	end := noon.Add(40 * time.Second)
	next := end.Add(60 * time.Second)
	tests := []struct {
		name      string
		replies   []rateLimit
		remaining int
		ends      time.Time
	}{
		{"first", []rateLimit{says(300, 299, end, noon)}, 299, noon.Add(41 * time.Second)},
		{"the same window keeps the smaller remaining", []rateLimit{says(300, 290, end, noon), says(300, 295, end, noon)}, 290, noon.Add(41 * time.Second)},
		{"an older window is ignored", []rateLimit{says(300, 290, next, noon), says(300, 5, end, noon)}, 290, noon.Add(101 * time.Second)},
		{"a newer window replaces", []rateLimit{says(300, 5, end, noon), says(300, 290, next, noon)}, 290, noon.Add(101 * time.Second)},
		{"the earliest end counts", []rateLimit{says(300, 290, end, noon.Add(-time.Second)), says(300, 289, end, noon)}, 289, noon.Add(41 * time.Second)},
		{"the concurrency limit's numbers don't count", []rateLimit{says(300, 290, end, noon), says(0, 0, next, noon)}, 290, noon.Add(41 * time.Second)},
		{"an impossible reset doesn't blind", []rateLimit{says(300, 0, noon.Add(9*time.Minute), noon), says(300, 280, end, noon)}, 280, noon.Add(41 * time.Second)},
	}
	for _, tt := range tests {
		var w window
		for _, r := range tt.replies {
			w.learn(r, noon)
		}
		if w.remaining != tt.remaining || !w.ends.Equal(tt.ends) {
			t.Errorf("%s: remaining %d until %v, want %d until %v", tt.name, w.remaining, w.ends, tt.remaining, tt.ends)
		}
	}
}

// In some recorded replies the reset equals Date and the old window still counts.
func TestWindowStillCountingAfterItsEnd(t *testing.T) {
	t.Parallel()
	var w window
	w.learn(says(50, 0, noon, noon.Add(-10*time.Second)), noon.Add(-10*time.Second))
	later := noon.Add(2 * time.Second)
	w.learn(says(50, 0, noon, noon), later)
	if want := later.Add(time.Second); !w.ends.Equal(want) {
		t.Errorf("ends %v, want a second after the reply, %v", w.ends, want)
	}
}

func TestWindowLeft(t *testing.T) {
	t.Parallel()
	tests := []struct{ limit, remaining, capacity, inFlight, want int }{
		{300, 300, 100, 0, 300},
		{300, 300, 90, 0, 270},
		{300, 100, 90, 10, 60}, // 200 used by anybody, 10 under way
		{300, 20, 90, 0, -10},
		{1, 1, 10, 0, 1}, // a share below one request could never be used
		{50, 2, 100, 2, 0},
	}
	for _, tt := range tests {
		w := window{limit: tt.limit, remaining: tt.remaining}
		if got := w.left(tt.capacity, tt.inFlight); got != tt.want {
			t.Errorf("left of %+v = %d, want %d", tt, got, tt.want)
		}
	}
}

func FuzzWindow(f *testing.F) {
	f.Add("50", "48", "1767355200", "Fri, 02 Jan 2026 12:00:00 GMT", int64(0))
	f.Add("0", "0", "-5", "", int64(1e18))
	f.Fuzz(func(t *testing.T, limit, remaining, reset, date string, ahead int64) {
		r := parseRateLimit(header(limit, remaining, reset, date))
		now := noon.Add(time.Duration(ahead % int64(time.Hour)))
		var w window
		w.learn(r, now)
		w.learn(says(50, 20, noon.Add(30*time.Second), noon), noon)
		w.spend(3)
		if w.remaining < 0 || w.remaining > w.limit {
			t.Errorf("remaining %d of %d", w.remaining, w.limit)
		}
		if longest := max(now.Sub(noon), 0) + maxWindow + time.Second; w.ends.Sub(noon) > longest {
			t.Errorf("the window ends %v ahead", w.ends.Sub(noon))
		}
	})
}
