package protect

import (
	"fmt"
	"testing"
	"time"

	"oktareset/runner/console"
)

func TestPeriodText(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]time.Duration{
		"24h": 24 * time.Hour, "2d": 48 * time.Hour, "1d12h": 36 * time.Hour, "90m": 90 * time.Minute, "0d": 0,
	} {
		got, err := console.ParsePeriod(text)
		if err != nil || got != want {
			t.Errorf("parsePeriod(%q) = %s, %v", text, got, err)
		}
		if again, err := console.ParsePeriod(periodText(got)); err != nil || again != got {
			t.Errorf("periodText(%s) = %q, which is %s, %v", got, periodText(got), again, err)
		}
	}
	for _, text := range []string{"", "d", "2", "-1d", "1.5d", "2dx", "9999999d", "yesterday", "1d-1h-"} {
		if d, err := console.ParsePeriod(text); err == nil {
			t.Errorf("parsePeriod(%q) = %s", text, d)
		}
	}
	for d, want := range map[time.Duration]string{10 * time.Minute: "10m", 24 * time.Hour: "24h", 90 * time.Minute: "1h30m", 90 * time.Second: "1m30s"} {
		if got := periodText(d); got != want {
			t.Errorf("periodText(%s) = %q", fmt.Sprint(d), got)
		}
	}
}
