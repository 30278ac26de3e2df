package evidence_test

import (
	"strings"
	"testing"

	"oktareset/runner/evidence"
)

// The parts of an Okta Verify are one factor.
func TestSeveral(t *testing.T) {
	t.Parallel()
	for factors, want := range map[string]bool{
		"": false, "SMS_FACTOR": false, "SMS_FACTOR SMS_FACTOR": false, "OKTA_SOFT_TOKEN": false, "SIGNED_NONCE OKTA_VERIFY_PUSH OKTA_SOFT_TOKEN": false,
		"SMS_FACTOR CALL_FACTOR": true, "SIGNED_NONCE SMS_FACTOR": true, "SMS_FACTOR OKTA_SOFT_TOKEN OKTA_VERIFY_PUSH": true,
		"OKTA_SOFT_TOKEN GOOGLE_AUTHENTICATOR": true, "NEW_FACTOR SMS_FACTOR": true,
	} {
		if got := evidence.Several(strings.Fields(factors)); got != want {
			t.Errorf("%q are several: %v, want %v", factors, got, want)
		}
	}
}
