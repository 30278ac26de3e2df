package access

import (
	"fmt"
	"time"

	"golang.org/x/time/rate"

	"oktareset/oktaclient"
)

// Estimate says how long so many calls in the resets' bucket take, with at most ceiling of them
// a second unless it is 0: whole windows of 61 s, the last one spent in seconds. If the limit
// isn't known, it is what unknown says.
func Estimate(c *oktaclient.Client, calls int, ceiling rate.Limit, unknown string) string {
	limit, usable, ok := c.Allowance(oktaclient.BucketUsers)
	if !ok {
		return unknown
	}
	d := time.Duration(max(0, calls-1)/usable) * oktaclient.Window
	if ceiling > 0 {
		d = max(d, time.Duration(float64(calls)/float64(ceiling)*float64(time.Second)))
	}
	text := "about " + d.Round(time.Second).String()
	if d < time.Minute {
		text = "less than a minute"
	}
	return fmt.Sprintf("%s (%d of the %d calls a minute that this token is allowed)", text, usable, limit)
}
