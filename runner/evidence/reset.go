package evidence

import "oktareset/oktaclient"

// ResetKey returns a key that is the same for all events of one reset: one user, one request. An
// event without a request has a key of its own.
func ResetKey(e *oktaclient.LogEvent, userID string) string {
	if id := e.RequestID(); id != "" {
		return userID + " " + id
	}
	return userID + " event " + e.UUID
}

// Several reports whether factors that went together, in the log's words, are more than one. The
// parts of an Okta Verify come and go as one, and a factor of which there are two events is one.
func Several(factors []string) bool {
	one := ""
	for _, f := range factors {
		if oktaclient.OktaVerifyEvent(f) {
			f = "Okta Verify"
		}
		if one != "" && f != one {
			return true
		}
		one = f
	}
	return false
}
