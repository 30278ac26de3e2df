package console

import (
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
