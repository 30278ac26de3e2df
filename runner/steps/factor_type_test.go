package steps

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"oktareset/oktaclient"
	"oktareset/runner/command/help"
	"oktareset/runner/fault"
)

// A type that Okta doesn't have is refused, and the hint suggests what was meant. A name that looks
// as if it came from Okta's API passes with a warning.
func TestParseFactorTypes(t *testing.T) {
	t.Parallel()
	for value, tt := range map[string]struct {
		want         string // "": refused
		undocumented bool
		hint         string // how it begins
	}{
		"sms": {want: "sms"}, "SMS": {want: "sms"}, "push:OKTA": {want: "push:OKTA"}, "Push:okta": {want: "push:OKTA"},
		"token:rsa": {want: "token:RSA"}, "TOKEN:HARDWARE": {want: "token:hardware"}, "token:hardware:yubico": {want: "token:hardware:YUBICO"},
		"token:software:totp:GOOGLE": {want: "token:software:totp:GOOGLE"}, "web:DUO": {want: "web:DUO"},
		"token:xyz": {want: "token:xyz", undocumented: true}, "claims_provider": {want: "claims_provider", undocumented: true},
		"assertion:saml2": {want: "assertion:saml2", undocumented: true}, "sms:GOOGLE": {want: "sms:GOOGLE", undocumented: true},

		"yubikey": {hint: "in Okta's API it is token:hardware:YUBICO or webauthn"}, "FastPass": {hint: "in Okta's API it is signed_nonce"},
		"okta verify":          {hint: "in Okta's API it is push, signed_nonce or token:software:totp:OKTA"},
		"okta_verify":          {hint: "in Okta's API it is push"},
		"Google Authenticator": {hint: "in Okta's API it is token:software:totp:GOOGLE"},
		"authenticator":        {hint: "in Okta's API it is token:software:totp:GOOGLE or token:software:totp:OKTA"},
		"phone":                {hint: "in Okta's API it is sms or call"}, "biometric": {hint: "in Okta's API it is webauthn or signed_nonce"},
		"phone:OKTA": {hint: "did you mean sms or call? it has call, email,"}, "webautn": {hint: "did you mean webauthn? it has call, email,"},
		"smss": {hint: "did you mean sms?"}, "carrier-pigeon": {hint: "it has call, email,"}, "push:OKTAA": {hint: "the provider of push is OKTA"},
		"token:software:totp:APPLE": {hint: "the provider of token:software:totp is GOOGLE or OKTA"},
		"push:":                     {hint: "as --factor sms"}, "": {hint: "as --factor sms"}, "x y": {hint: "as --factor sms"},
	} {
		got, err := ParseFactorTypes("factor", []string{value})
		switch {
		case tt.want == "":
			if fault.Code(err) != fault.ExitUsage || !strings.HasPrefix(fault.Hint(err), tt.hint) || !strings.Contains(err.Error(), fmt.Sprintf("--factor %q", value)) {
				t.Errorf("%q: %v, %v, hint %q", value, got, err, fault.Hint(err))
			}
		case err != nil || len(got) != 1 || got[0].String() != tt.want || (Undocumented(got) != "") != tt.undocumented:
			t.Errorf("%q: %v, %v, undocumented %q", value, got, err, Undocumented(got))
		}
	}
	if got, err := ParseFactorTypes("factor", []string{"sms", "push", "SMS"}); err != nil || fmt.Sprint(got) != "[sms push]" {
		t.Errorf("%v, %v", got, err)
	}
}

// The help topic on steps names the types that are accepted.
func TestTopicNamesTheTypes(t *testing.T) {
	t.Parallel()
	topic, _ := help.Find("steps")
	for _, name := range oktaclient.FactorTypes() {
		if !strings.Contains(topic.Text, "`"+name+"`") {
			t.Errorf("the topic doesn't have %s", name)
		}
	}
}

// Every name that people use for factors leads to types that Okta has.
func TestCalledFactors(t *testing.T) {
	t.Parallel()
	for word, factors := range oktaclient.CalledFactors() {
		if got, err := ParseFactorTypes("factor", factors); err != nil || Undocumented(got) != "" || slices.Contains(oktaclient.FactorTypes(), word) {
			t.Errorf("%s: %v, %v", word, factors, err)
		}
	}
}
