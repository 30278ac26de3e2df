package fault

import (
	"time"

	"oktareset/oktaclient"
)

// Held returns what to add to a message if a rate limit caused the delay, or "".
func Held(c *oktaclient.Client) string {
	until, why := c.Hold()
	if until.IsZero() || why != oktaclient.WhyLimit {
		return ""
	}
	return ", because a rate limit holds requests up (429, too many requests) until " + until.UTC().Format(time.RFC3339)
}
