package fault

import (
	"time"

	"oktareset/oktaclient"
)

// Held is what to add to a message if it was a rate limit that took the time, or "".
func Held(c *oktaclient.Client) string {
	until, why := c.Hold()
	if until.IsZero() || why != oktaclient.WhyLimit {
		return ""
	}
	return ", because a rate limit holds requests up (429, too many requests) until " + until.UTC().Format(time.RFC3339)
}
