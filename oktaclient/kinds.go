package oktaclient

import (
	"slices"
	"strings"
)

// kind is what the program knows about a type of factor.
type kind struct {
	typ, provider string
	event         string // its name in the System Log's deactivations
	taken         bool   // by every reset of all factors
	use           use
}

// use is how a user gets the factor, and what a sign-in with it needs.
type use uint8

const (
	phone  use = 1 << iota // a passcode is sent to a phone number
	mail                   // a passcode is sent to an address
	atOnce                 // the API can activate it without the user
	secret                 // enrolling it takes a secret that only the user or a device knows
	device                 // only the user's own device can enroll and verify it
	byLink                 // the user's app activates it, by a QR code or by a link that Okta sends
	shown                  // the user's app needs a secret that only the answer to its enrollment shows
)

// is reports whether factors of a type have this use.
func is(factorType string, u use) bool {
	return slices.ContainsFunc(kinds, func(k kind) bool { return k.typ == factorType && k.use&u != 0 })
}

// ByPhone reports whether factors of a type send a passcode to a phone number.
func ByPhone(factorType string) bool { return is(factorType, phone) }

// ByMail reports whether factors of a type send a passcode to an address.
func ByMail(factorType string) bool { return is(factorType, mail) }

// AtOnce reports whether the API can activate factors of a type without the user.
func AtOnce(factorType string) bool { return is(factorType, atOnce) }

// ByLink reports whether Okta sends a link by which the user's app activates factors of a type.
func ByLink(factorType string) bool { return is(factorType, byLink) }

// ShownOnce reports whether factors of a type need a secret that is shown to whoever enrolls them,
// and that Okta sends to nobody.
func ShownOnce(factorType string) bool { return is(factorType, shown) }

// TakesSecret reports whether enrolling factors of a type takes a secret of each user.
func TakesSecret(factorType string) bool { return is(factorType, secret) }

// OnlyProvider returns the provider of types that have only one, otherwise "". It returns "" for
// a web factor too: that has no name in the log, and its caller has to name the provider.
func OnlyProvider(factorType string) string {
	provider := ""
	for _, k := range kinds {
		switch {
		case k.typ != factorType, k.event == "":
		case provider != "":
			return ""
		default:
			provider = k.provider
		}
	}
	return provider
}

// Enrollable returns what the API can enroll, as TYPE:PROVIDER. Types that need no secret from
// each user come first.
func Enrollable() []string {
	var without, with []string
	for _, k := range kinds {
		name := k.typ + ":" + k.provider
		switch {
		case k.use&device != 0:
		case k.use&secret != 0:
			with = append(with, name)
		default:
			without = append(without, name)
		}
	}
	return append(without, with...)
}

// kinds are the known types of factor. A reset always takes those marked so. Not email, which
// stays enrolled on Identity Engine, and not question, which may be the one for a forgotten
// password.
var kinds = []kind{
	{"push", "OKTA", "OKTA_VERIFY_PUSH", true, byLink},
	{"signed_nonce", "OKTA", "SIGNED_NONCE", true, device},
	{"token:software:totp", "OKTA", "OKTA_SOFT_TOKEN", true, shown},
	{"token:software:totp", "GOOGLE", "GOOGLE_AUTHENTICATOR", true, shown},
	{"sms", "OKTA", "SMS_FACTOR", true, phone | atOnce},
	{"call", "OKTA", "CALL_FACTOR", true, phone | atOnce},
	{"webauthn", "FIDO", "FIDO_WEBAUTHN", true, device},
	{"u2f", "FIDO", "FIDO_U2F", true, device},
	{"token", "RSA", "RSA_TOKEN", true, secret},
	{"token", "SYMANTEC", "SYMANTEC_VIP", true, secret},
	{"token:hardware", "YUBICO", "YUBIKEY_TOKEN", true, secret},
	{"token:hotp", "CUSTOM", "CUSTOM_HOTP", true, atOnce | secret},
	{"email", "OKTA", "EMAIL_FACTOR", false, mail | atOnce},
	{"question", "OKTA", "SECURITY_QUESTION", false, secret},
	{"web", "DUO", "", false, device},
}

// FactorTypes returns the types of factor that Okta documents, sorted. The set is open: an org
// may have others.
func FactorTypes() []string {
	types := make([]string, 0, len(kinds))
	for _, k := range kinds {
		types = append(types, k.typ)
	}
	slices.Sort(types)
	return slices.Compact(types)
}

// Providers returns the providers of a type of factor that Okta documents, in order; with "", of all
// types.
func Providers(factorType string) []string {
	var providers []string
	for _, k := range kinds {
		if factorType == "" || k.typ == factorType {
			providers = append(providers, k.provider)
		}
	}
	slices.Sort(providers)
	return slices.Compact(providers)
}

// CalledFactors returns what people call factors, in small letters without spaces and dashes, and
// which factors they may mean, as TYPE or TYPE:PROVIDER.
func CalledFactors() map[string][]string {
	const google, okta = "token:software:totp:GOOGLE", "token:software:totp:OKTA"
	called := make(map[string][]string)
	for _, c := range []struct{ words, factors string }{
		{"oktaverify verify", "push signed_nonce " + okta},
		{"fastpass oktafastpass", "signed_nonce"},
		{"googleauthenticator googleauth google", google},
		{"authenticator authenticatorapp app totp otp softtoken", google + " " + okta},
		{"phone", "sms call"},
		{"text textmessage", "sms"},
		{"voice voicecall", "call"},
		{"mail", "email"},
		{"biometric biometrics touchid faceid windowshello", "webauthn signed_nonce"},
		{"passkey passkeys fido fido2 securitykey", "webauthn u2f"},
		{"yubikey yubico", "token:hardware:YUBICO webauthn"},
		{"hardwaretoken", "token:hardware token"},
		{"securityquestion", "question"},
		{"duo", "web:DUO"},
		{"rsa securid", "token:RSA"},
		{"symantec vip symantecvip", "token:SYMANTEC"},
	} {
		for word := range strings.FieldsSeq(c.words) {
			called[word] = strings.Fields(c.factors)
		}
	}
	return called
}

// ParseFactor parses TYPE:PROVIDER, as [Factor.String] writes it.
func ParseFactor(s string) Factor {
	i := max(strings.LastIndexByte(s, ':'), 0)
	return Factor{Type: s[:i], Provider: strings.TrimPrefix(s[i:], ":")}
}

// ResetTakes reports whether a reset of all factors always takes a factor of this type.
func (f Factor) ResetTakes() bool {
	return slices.ContainsFunc(kinds, func(k kind) bool { return k.typ == f.Type && k.taken })
}

// LogName returns the factor's name in the System Log's deactivations, as in [LogEvent.Factor];
// "" if it isn't known.
func (f Factor) LogName() string {
	for _, k := range kinds {
		if k.typ == f.Type && k.provider == f.Provider {
			return k.event
		}
	}
	return ""
}

// StaysListed reports whether Okta is known to list a factor of this kind after it was taken:
// when an Okta Verify was removed, its push may stay listed without its passcodes.
func (f Factor) StaysListed() bool { return f.OktaVerify() && f.Type != verifyCodes }

// VerifyCodes reports whether the factor is the passcodes of an Okta Verify, which are enrolled
// together with the rest of it.
func (f Factor) VerifyCodes() bool { return f.OktaVerify() && f.Type == verifyCodes }

const verifyCodes = "token:software:totp"

// OktaVerifyEvent reports whether a deactivation with this [LogEvent.Factor] took one of Okta
// Verify's factors.
func OktaVerifyEvent(name string) bool {
	return slices.ContainsFunc(kinds, func(k kind) bool {
		return k.event == name && Factor{Type: k.typ, Provider: k.provider}.OktaVerify()
	})
}

// TakesVerify reports whether a deactivation with this [LogEvent.Factor] took a whole Okta Verify:
// that of its push or FastPass does, that of its passcodes alone doesn't.
func TakesVerify(name string) bool {
	return OktaVerifyEvent(name) && EventFactorType(name) != verifyCodes
}

// EventFactorType returns the type of factor that a deactivation with this [LogEvent.Factor] took, ""
// if it isn't known.
func EventFactorType(name string) string {
	for _, k := range kinds {
		if k.event == name {
			return k.typ
		}
	}
	return ""
}
