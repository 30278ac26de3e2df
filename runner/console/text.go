package console

import (
	"fmt"
	"time"
)

// BytesText returns a size as "12 MB".
func BytesText(n uint64) string {
	units := []string{"bytes", "kB", "MB", "GB", "TB"}
	value, unit := float64(n), 0
	for value >= 1000 && unit < len(units)-1 {
		value, unit = value/1000, unit+1
	}
	if unit == 0 || value >= 10 {
		return fmt.Sprintf("%.0f %s", value, units[unit])
	}
	return fmt.Sprintf("%.1f %s", value, units[unit])
}

// Ago returns a time as "3 days ago".
func Ago(d time.Duration) string {
	switch {
	case d < -time.Minute:
		return "in the future, by this machine's clock"
	case d < time.Minute:
		return "less than a minute ago"
	case d < time.Hour:
		return Plural(int(d/time.Minute), "minute") + " ago"
	case d < 48*time.Hour:
		return Plural(int(d/time.Hour), "hour") + " ago"
	}
	return Plural(int(d/(24*time.Hour)), "day") + " ago"
}
