package oktaclient

import (
	"slices"
	"strings"
)

// kind is what is known of a type of factor.
type kind struct {
	typ, provider string
	event         string // its name in the System Log's deactivations
	taken         bool   // by every reset of all factors
}

// kinds are the types of factor that are known. A reset always takes those that say so: not email,
// which stays enrolled on Identity Engine, nor a question, which may be the one for a forgotten
// password.
var kinds = []kind{
	{"push", "OKTA", "OKTA_VERIFY_PUSH", true},
	{"signed_nonce", "OKTA", "SIGNED_NONCE", true},
	{"token:software:totp", "OKTA", "OKTA_SOFT_TOKEN", true},
	{"token:software:totp", "GOOGLE", "GOOGLE_AUTHENTICATOR", true},
	{"sms", "OKTA", "SMS_FACTOR", true},
	{"call", "OKTA", "CALL_FACTOR", true},
	{"webauthn", "FIDO", "FIDO_WEBAUTHN", true},
	{"u2f", "FIDO", "FIDO_U2F", true},
	{"token", "RSA", "RSA_TOKEN", true},
	{"token", "SYMANTEC", "SYMANTEC_VIP", true},
	{"token:hardware", "YUBICO", "YUBIKEY_TOKEN", true},
	{"token:hotp", "CUSTOM", "CUSTOM_HOTP", true},
	{"email", "OKTA", "EMAIL_FACTOR", false},
	{"question", "OKTA", "SECURITY_QUESTION", false},
	{"web", "DUO", "", false},
}

// FactorTypes returns the types of factor that Okta documents, in order. The set is open: an org may
// have others.
func FactorTypes() []string {
	types := make([]string, 0, len(kinds))
	for _, k := range kinds {
		types = append(types, k.typ)
	}
	slices.Sort(types)
	return slices.Compact(types)
}

// ParseFactor returns the factor that TYPE:PROVIDER, as [Factor.String] writes it, names.
func ParseFactor(s string) Factor {
	i := max(strings.LastIndexByte(s, ':'), 0)
	return Factor{Type: s[:i], Provider: strings.TrimPrefix(s[i:], ":")}
}

// ResetTakes reports whether a reset of all factors always takes a factor of this type.
func (f Factor) ResetTakes() bool {
	return slices.ContainsFunc(kinds, func(k kind) bool { return k.typ == f.Type && k.taken })
}

// LogName is what the System Log calls the factor when it is deactivated, as in [LogEvent.Factor];
// "" if that isn't known.
func (f Factor) LogName() string {
	for _, k := range kinds {
		if k.typ == f.Type && k.provider == f.Provider {
			return k.event
		}
	}
	return ""
}

// StaysListed reports whether Okta is known to list a factor of this kind although it was taken:
// after an Okta Verify was removed, its push may stay there without its passcodes.
func (f Factor) StaysListed() bool { return f.OktaVerify() && f.Type != verifyCodes }

// VerifyCodes reports whether the factor is the passcodes of an Okta Verify, which it enrolls
// together with the rest.
func (f Factor) VerifyCodes() bool { return f.OktaVerify() && f.Type == verifyCodes }

const verifyCodes = "token:software:totp"

// OktaVerifyEvent reports whether a deactivation with this [LogEvent.Factor] took one of an Okta
// Verify's factors.
func OktaVerifyEvent(name string) bool {
	return slices.ContainsFunc(kinds, func(k kind) bool {
		return k.event == name && Factor{Type: k.typ, Provider: k.provider}.OktaVerify()
	})
}
