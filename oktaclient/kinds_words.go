package oktaclient

import "strings"

// factorWords are what people call the factors that Okta documents, by TYPE:PROVIDER.
var factorWords = map[string]string{ //nolint:gosec // names of factors, and no secret
	"push:OKTA":                  "Okta Verify push",
	"signed_nonce:OKTA":          "Okta FastPass",
	"token:software:totp:OKTA":   "Okta Verify code",
	"token:software:totp:GOOGLE": "Google Authenticator",
	"token:software:totp":        "authenticator code", // whoever provides it
	"sms:OKTA":                   "text message",
	"call:OKTA":                  "phone call",
	"webauthn:FIDO":              "security key or biometric",
	"u2f:FIDO":                   "U2F key",
	"token:RSA":                  "RSA token",
	"token:SYMANTEC":             "Symantec VIP",
	"token:hardware:YUBICO":      "YubiKey",
	"token:hotp:CUSTOM":          "custom token",
	"email:OKTA":                 "email",
	"question:OKTA":              "security question",
	"web:DUO":                    "Duo",
	"web":                        "Duo", // no other provider is known
}

// Words returns what people call the factor, "" if that isn't known.
func (f Factor) Words() string {
	return factorWords[strings.TrimSuffix(f.Type+":"+f.Provider, ":")]
}
