package challenge

import (
	"slices"
	"testing"

	"oktareset/oktaclient"
	"oktareset/runner/steps"
)

// A factor is lost with those on the same device: all of Okta Verify, and all that reaches one
// phone number.
func TestLost(t *testing.T) {
	t.Parallel()
	phone := func(number string) map[string]any { return map[string]any{"phoneNumber": number} }
	listed := []oktaclient.Factor{
		{ID: "push", Type: "push", Provider: "OKTA"},
		{ID: "totp", Type: "token:software:totp", Provider: "OKTA"},
		{ID: "google", Type: "token:software:totp", Provider: "GOOGLE"},
		{ID: "sms", Type: "sms", Provider: "OKTA", Profile: phone("+1555")},
		{ID: "call", Type: "call", Provider: "OKTA", Profile: phone("+1555")},
		{ID: "email", Type: "email", Provider: "OKTA"},
	}
	other := slices.Concat(listed[:4], []oktaclient.Factor{{ID: "call", Type: "call", Provider: "OKTA", Profile: phone("+1556")}})
	unknown := []oktaclient.Factor{{ID: "sms", Type: "sms", Provider: "OKTA"}, {ID: "call", Type: "call", Provider: "OKTA"}}
	for _, tt := range []struct {
		by     string
		named  steps.FactorType
		listed []oktaclient.Factor
		with   string // the factor named as lost; "": it isn't lost
	}{
		{"sms", steps.FactorType{Type: "sms"}, listed, "sms"},
		{"sms", steps.FactorType{Type: "call"}, listed, "call"},
		{"sms", steps.FactorType{Type: "call"}, other, ""},
		{"sms", steps.FactorType{Type: "call"}, unknown, ""},
		{"sms", steps.FactorType{Type: "push"}, listed, ""},
		{"totp", steps.FactorType{Type: "push"}, listed, "push"},
		{"push", steps.FactorType{Type: "token:software:totp", Provider: "OKTA"}, listed, "totp"},
		{"push", steps.FactorType{Type: "token:software:totp", Provider: "GOOGLE"}, listed, ""},
		{"google", steps.FactorType{Type: "token:software:totp"}, listed, "google"},
		{"email", steps.FactorType{Type: "sms"}, listed, ""},
	} {
		for _, f := range tt.listed {
			if f.ID != tt.by {
				continue
			}
			if g, lost := Lost(f, tt.listed, []steps.FactorType{tt.named}); lost != (tt.with != "") || g.ID != tt.with {
				t.Errorf("%s, with %s named as lost: %q, %v; want %q", tt.by, tt.named, g.ID, lost, tt.with)
			}
		}
	}
}
