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
