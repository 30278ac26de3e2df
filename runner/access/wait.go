package access

import (
	"errors"

	"oktareset/oktaclient"
	"oktareset/runner/evidence"
)

// MayPass reports whether a reading that failed may succeed if the command waits. Okta must have
// answered the command before: else the address is more likely to be wrong. A client that has given
// up for good is replaced.
func (c *Connection) MayPass(err error) bool {
	c.met = c.met || c.Client.MetOkta()
	if !c.met || !evidence.MayPass(err) {
		return false
	}
	if errors.Is(err, oktaclient.ErrOutage) || errors.Is(err, oktaclient.ErrLimited) {
		c.Renew()
	}
	return true
}
