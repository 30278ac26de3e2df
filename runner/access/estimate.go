package access

import (
	"fmt"
	"time"

	"golang.org/x/time/rate"

	"oktareset/oktaclient"
	"oktareset/runner/console"
)

// Estimate says how long this many calls in the resets' bucket take, with at most ceiling of them
// a second unless it is 0: whole windows of 61 s, the last one spent in seconds. If the limit
// isn't known, it returns unknown.
func Estimate(c *oktaclient.Client, calls int, ceiling rate.Limit, unknown string) string {
	limit, usable, ok := c.Allowance(oktaclient.BucketUsers)
	if !ok {
		return unknown
	}
	d := time.Duration(max(0, calls-1)/usable) * oktaclient.Window
	if ceiling > 0 {
		d = max(d, time.Duration(float64(calls)/float64(ceiling)*float64(time.Second)))
	}
	return fmt.Sprintf("%s (%d of the %d calls a minute that this token is allowed)", aboutText(d), usable, limit)
}

// aboutText returns a time as people plan with it: about 3 minutes, about 2 h 05 min, about 3
// days.
func aboutText(d time.Duration) string {
	switch minutes := int(d.Round(time.Minute) / time.Minute); {
	case d < time.Minute:
		return "less than a minute"
	case minutes < 100:
		return "about " + console.Plural(minutes, "minute")
	case minutes < 48*60:
		return fmt.Sprintf("about %d h %02d min", minutes/60, minutes%60)
	}
	return "about " + console.Plural(int(d.Round(24*time.Hour)/(24*time.Hour)), "day")
}

// TooManyText says how often Okta answered 429, and which limit was meant; "" for 0 times.
func TooManyText(times, atOnce int) string {
	text := "Okta answered 429 (too many requests) " + console.Plural(times, "time")
	switch {
	case times == 0:
		return ""
	case atOnce == 0:
		return text + ", by a rate limit"
	case atOnce == times:
		return text + ", by the concurrency limit (requests at the same time)"
	}
	return fmt.Sprintf("%s: %d by a rate limit, %d by the concurrency limit (requests at the same time)", text, times-atOnce, atOnce)
}
