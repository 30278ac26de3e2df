package progress

import (
	"testing"
	"time"
)

func TestSampleText(t *testing.T) {
	t.Parallel()
	now := time.Date(2025, 3, 1, 12, 2, 39, 0, time.UTC)
	hold := State{Hold: now.Add(41 * time.Second), Why: "rate limit"}
	until := local(hold.Hold)
	tests := []struct {
		name     string
		s        sample
		text     string
		endText  string
		withHold string
	}{
		{
			"under way",
			sample{elapsed: 61 * time.Second, done: 300, total: 1500, notOK: 2},
			"300/1500 (20%), 295/min, 4m04s left, 2 need attention",
			"300/1500 (20%), 295/min, in 1m01s, 2 need attention",
			"300/1500 (20%), rate limit until " + until,
		},
		{
			"only read, of nobody knows how many",
			sample{elapsed: 61 * time.Second, done: 300, reads: true},
			"300, 295/min",
			"300, 295/min, in 1m01s",
			"300, rate limit until " + until,
		},
		{
			"nothing yet",
			sample{elapsed: time.Minute, total: 10},
			"0/10 (0%)",
			"0/10 (0%), in 1m00s",
			"0/10 (0%), rate limit until " + until,
		},
		{
			"too early for a rate",
			sample{elapsed: minElapsed - 1, done: 3, total: 10},
			"3/10 (30%)",
			"3/10 (30%), in 1 s",
			"3/10 (30%), rate limit until " + until,
		},
		{
			"percent is rounded down",
			sample{elapsed: 0, done: 1999, total: 2000},
			"1999/2000 (99%)",
			"1999/2000 (99%), in 0 s",
			"1999/2000 (99%), rate limit until " + until,
		},
		{
			"slow",
			sample{elapsed: 10 * time.Minute, done: 4, total: 6},
			"4/6 (66%), 0.4/min, 5m00s left",
			"4/6 (66%), 0.4/min, in 10m00s",
			"4/6 (66%), rate limit until " + until,
		},
		{
			"hopeless",
			sample{elapsed: time.Hour, done: 1, total: 1_000_000_000_000},
			"1/1000000000000 (0%), 0.0/min, over 99h00m left",
			"1/1000000000000 (0%), 0.0/min, in 1h00m",
			"1/1000000000000 (0%), rate limit until " + until,
		},
		{
			"unknown total",
			sample{elapsed: time.Minute, done: 30, notOK: 30},
			"30, 30/min, 30 need attention",
			"30, 30/min, in 1m00s, 30 need attention",
			"30, rate limit until " + until,
		},
		{
			"beyond the total",
			sample{elapsed: time.Minute, done: 12, total: 10},
			"12/10 (100%), 12/min",
			"12/10 (100%), 12/min, in 1m00s",
			"12/10 (100%), rate limit until " + until,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.s.now = now
			tt.s.state = State{Hold: now, Why: "over by now"}
			if got := tt.s.text(); got != tt.text {
				t.Errorf("text() = %q, want %q", got, tt.text)
			}
			if got := tt.s.endText(); got != tt.endText {
				t.Errorf("endText() = %q, want %q", got, tt.endText)
			}
			tt.s.state = hold
			if got := tt.s.texts()[4]; got != tt.withHold {
				t.Errorf("a short text = %q, want %q", got, tt.withHold)
			}
		})
	}
}

// The first seconds may be faster than the limit allows for long.
func TestRateWithinTheLimit(t *testing.T) {
	t.Parallel()
	s := sample{elapsed: 2 * time.Second, done: 42, total: 300, state: State{PerWindow: 61, Window: 61 * time.Second}}
	if got := s.rate(); got != "60/min" {
		t.Errorf("while it goes on: %s", got)
	}
	if got := s.endText(); got != "42/300 (14%), 1260/min, in 2 s" {
		t.Errorf("at its end: %s", got)
	}
}

func TestHoldIsRoundedUp(t *testing.T) {
	t.Parallel()
	now := time.Date(2025, 3, 1, 23, 59, 59, 0, time.FixedZone("", 3600))
	s := sample{now: now, state: State{Hold: now.Add(1100 * time.Millisecond), Why: "concurrency limit"}}
	const want = "concurrency limit: waiting 2 s, until 23:00:01Z"
	if got := s.holdText(utc); got != want {
		t.Errorf("holdText() = %q, want %q", got, want)
	}
}

func TestDuration(t *testing.T) {
	t.Parallel()
	tests := []struct {
		d    time.Duration
		want string
	}{
		{0, "0 s"},
		{59*time.Second + 499*time.Millisecond, "59 s"},
		{59*time.Second + 500*time.Millisecond, "1m00s"},
		{4*time.Minute + 5*time.Second, "4m05s"},
		{time.Hour - time.Second, "59m59s"},
		{2*time.Hour + 4*time.Minute + 59*time.Second, "2h04m"},
		{maxLeft, "99h00m"},
	}
	for _, tt := range tests {
		if got := duration(tt.d); got != tt.want {
			t.Errorf("duration(%v) = %q, want %q", tt.d, got, tt.want)
		}
	}
}

// A count that grows by itself has no pace.
func TestUnpacedText(t *testing.T) {
	s := sample{now: time.Unix(3600, 0), elapsed: time.Hour, done: 30, total: 40, reads: true, unpaced: true}
	if got := s.text(); got != "30/40 (75%)" {
		t.Errorf("%q", got)
	}
}
