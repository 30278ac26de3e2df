package access

import (
	"testing"
	"time"
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
