package console

import (
	"fmt"
	"testing"
	"time"
)

func TestPeriod(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]time.Duration{
		"24h": 24 * time.Hour, "2d": 48 * time.Hour, "1d12h": 36 * time.Hour, "90m": 90 * time.Minute, "0": 0, "1h30m": 90 * time.Minute,
	} {
		var p Period
		if err := p.Set(text); err != nil || p.Get() != want {
			t.Errorf("Set(%q): %v, %v; want %v", text, p.Get(), err, want)
		}
		if again, err := time.ParseDuration(p.String()); err != nil || again != want {
			t.Errorf("%q is %q as text: %v, %v", text, p.String(), again, err)
		}
	}
	for text, want := range map[string]string{
		"2": "has no unit", "1.5": "has no unit", "": "isn't a time", "d": "isn't a time", "tomorrow": "isn't a time", "2dx": "isn't a time", "1.5d": "isn't a time",
	} {
		var p Period
		if err := p.Set(text); err == nil || err.Error() != want {
			t.Errorf("Set(%q): %v, want %q", text, err, want)
		}
	}
}

func TestPeriodText(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]time.Duration{
		"24h": 24 * time.Hour, "2d": 48 * time.Hour, "1d12h": 36 * time.Hour, "90m": 90 * time.Minute, "0d": 0,
	} {
		got, err := ParsePeriod(text)
		if err != nil || got != want {
			t.Errorf("parsePeriod(%q) = %s, %v", text, got, err)
		}
		if again, err := ParsePeriod(PeriodText(got)); err != nil || again != got {
			t.Errorf("PeriodText(%s) = %q, which is %s, %v", got, PeriodText(got), again, err)
		}
	}
	for _, text := range []string{"", "d", "2", "-1d", "1.5d", "2dx", "9999999d", "yesterday", "1d-1h-"} {
		if d, err := ParsePeriod(text); err == nil {
			t.Errorf("parsePeriod(%q) = %s", text, d)
		}
	}
	for d, want := range map[time.Duration]string{10 * time.Minute: "10m", 24 * time.Hour: "24h", 90 * time.Minute: "1h30m", 90 * time.Second: "1m30s"} {
		if got := PeriodText(d); got != want {
			t.Errorf("PeriodText(%s) = %q", fmt.Sprint(d), got)
		}
	}
}
