package watch

import (
	"testing"
	"time"
)

// A watch begins at a time, or so long ago.
func TestParseSince(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 28, 4, 0, 0, 0, time.UTC)
	for text, ago := range map[string]time.Duration{
		"": 0, "2h": 2 * time.Hour, "2d": 48 * time.Hour, "1d12h": 36 * time.Hour, "90d": 90 * 24 * time.Hour, "2026-11-28T03:00:00Z": time.Hour, "0s": 0,
		"2026-11-28T06:30:00+03:00": 30 * time.Minute,
	} {
		if got, err := ParseSince(text, now); err != nil || !got.Equal(now.Add(-ago)) {
			t.Errorf("%q: %v, %v, want %s ago", text, got, err, ago)
		}
	}
	for _, text := range []string{"yesterday", "2", "d", "-2d", "-2h", "91d", "2026-11-28", "2026-11-28T05:00:00Z", "2026-01-01T00:00:00Z"} {
		if got, err := ParseSince(text, now); err == nil {
			t.Errorf("%q: %v, want an error", text, got)
		}
	}
}
