package evidence

import "oktareset/oktaclient"

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
