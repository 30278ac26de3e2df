package access

import (
	"testing"
	"time"

	"golang.org/x/time/rate"
)

func TestAboutText(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{
		0:                              "less than a minute",
		59 * time.Second:               "less than a minute",
		61 * time.Second:               "about 1 minute",
		3*time.Minute + 3*time.Second:  "about 3 minutes",
		99*time.Minute + time.Second:   "about 99 minutes",
		125 * time.Minute:              "about 2 h 05 min",
		47*time.Hour + 59*time.Minute:  "about 47 h 59 min",
		10*24*time.Hour + 11*time.Hour: "about 10 days",
	} {
		if got := aboutText(d); got != want {
			t.Errorf("aboutText(%v) = %q, want %q", d, got, want)
		}
	}
}

// A long run says who is reset by when, on the clock of whoever reads it if it begins now.
func TestSchedule(t *testing.T) {
	t.Parallel()
	nine := time.Date(2026, 11, 30, 9, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		users  int
		anHour float64
		start  time.Time
		want   string
	}{
		{3000, 200, nine, "200 users an hour: 200 reset by 10:00 UTC, 800 by 13:00 UTC, 1600 by 17:00 UTC, all 3000 by 00:00 UTC tomorrow"},
		{3000, 200, time.Time{}, "200 users an hour: 200 reset after 1 h, 800 after 4 h, 1600 after 8 h, all 3000 after 15 h"},
		{10000, 200, nine, "200 users an hour: 200 reset by 10:00 UTC, 800 by 13:00 UTC, 1600 by 17:00 UTC, 4800 by 09:00 UTC tomorrow, all 10000 by 11:00 UTC on 2 Dec"},
		{300, 200, time.Time{}, "200 users an hour: 200 reset after 1 h, all 300 after 1 h 30 min"},
		{10, 4.5, time.Time{}, "4 users an hour: 4 reset after 1 h, all 10 after 2 h 13 min"},
		{200, 200, nine, ""},
		{3, 0.5, nine, ""},
		{3, 0, nine, ""},
	} {
		if got := Schedule(tt.users, tt.anHour, tt.start); got != tt.want {
			t.Errorf("%d users, %v an hour: %q, want %q", tt.users, tt.anHour, got, tt.want)
		}
	}
}

// A ceiling that decides is named as somebody gives it.
func TestRateText(t *testing.T) {
	t.Parallel()
	for given, want := range map[rate.Limit]string{2: "2/s", 0.5: "30/m", 60.0 / 3600: "60/h", 200.0 / 3600: "200/h", 1.5 / 3600: "1.50/h"} {
		if got := rateText(given); got != want {
			t.Errorf("rateText(%v) = %q, want %q", given, got, want)
		}
	}
}

func TestTooManyText(t *testing.T) {
	t.Parallel()
	for n, want := range map[[2]int]string{
		{0, 0}: "",
		{1, 0}: "Okta answered 429 (too many requests) 1 time, by a rate limit",
		{8, 8}: "Okta answered 429 (too many requests) 8 times, by the concurrency limit (requests at the same time)",
		{8, 5}: "Okta answered 429 (too many requests) 8 times: 3 by a rate limit, 5 by the concurrency limit (requests at the same time)",
	} {
		if got := TooManyText(n[0], n[1]); got != want {
			t.Errorf("%v: %q, want %q", n, got, want)
		}
	}
}
