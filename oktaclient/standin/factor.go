package standin

import (
	"maps"
	"slices"
	"time"
)

// Factor is an enrolled factor.
type Factor struct {
	ID       string            `json:"id"`
	Type     string            `json:"factorType"` // as sms, token:software:totp
	Provider string            `json:"provider"`   // as OKTA, GOOGLE
	Status   string            `json:"status"`     // "" means ACTIVE
	Created  time.Time         `json:"created"`
	Updated  time.Time         `json:"updated"` // zero: as Created
	Profile  map[string]string `json:"profile,omitempty"`

	// Hidden omits the factor from the API's lists, as an enrollment policy does. It can still be
	// reset.
	Hidden bool `json:"hidden,omitempty"`

	// Stays keeps the factor through resets: it stays listed, and can be used. See
	// [Config.Stays].
	Stays bool `json:"stays,omitempty"`
}

// kind describes a factor type.
type kind struct {
	typ, provider string
	prefix        string // of its IDs
	event         string // its name in the System Log
	percent       uint64 // of users that have it
	profile       func(login string, h uint64) map[string]string
}

// catalog lists the factor types that Okta's API knows. The last entry is for every type that a
// test makes up.
var catalog = []kind{
	{"push", "OKTA", "opf", "OKTA_VERIFY_PUSH", 60, deviceProfile},
	{"signed_nonce", "OKTA", "pfd", "SIGNED_NONCE", 50, deviceProfile},
	{"token:software:totp", "OKTA", "ost", "OKTA_SOFT_TOKEN", 60, credentialProfile},
	{"token:software:totp", "GOOGLE", "uft", "GOOGLE_AUTHENTICATOR", 15, credentialProfile},
	{"sms", "OKTA", "mbl", "SMS_FACTOR", 40, phoneProfile},
	{"call", "OKTA", "clf", "CALL_FACTOR", 10, phoneProfile},
	{"webauthn", "FIDO", "fwf", "FIDO_WEBAUTHN", 20, authenticatorProfile},
	{"u2f", "FIDO", "fuf", "FIDO_U2F", 2, credentialProfile},
	{"question", "OKTA", "ufs", "SECURITY_QUESTION", 25, questionProfile},
	{"email", "OKTA", "emf", "EMAIL_FACTOR", 0, emailProfile},
	{"token", "RSA", "rsf", "RSA_TOKEN", 2, credentialProfile},
	{"token", "SYMANTEC", "svf", "SYMANTEC_VIP", 2, credentialProfile},
	{"token:hardware", "YUBICO", "ykf", "YUBIKEY_TOKEN", 5, credentialProfile},
	{"token:hotp", "CUSTOM", "chf", "CUSTOM_HOTP", 2, credentialProfile},
	{"web", "DUO", "dwf", "DUO_SECURITY", 2, credentialProfile},
	{"", "", "ufx", "CUSTOM_FACTOR", 0, credentialProfile},
}

// okVerifyKinds is how many of the first kinds belong to Okta Verify.
const okVerifyKinds = 3

const (
	pushKind     = 0
	questionKind = 8
	emailKind    = 9
)

// kindOf returns the factor's place in the catalog.
func kindOf(f Factor) int {
	for i, k := range catalog {
		if k.typ == f.Type && k.provider == f.Provider {
			return i
		}
	}
	return len(catalog) - 1
}

func hasFactor(list []Factor, typ, provider string) bool {
	return slices.ContainsFunc(list, func(f Factor) bool { return f.Type == typ && f.Provider == provider })
}

// deviceProfile returns the profile of the phone with Okta Verify. All factors of a user on the
// phone have the same one.
func deviceProfile(login string, _ uint64) map[string]string {
	name := pick([]string{"iPhone", "Pixel 9", "Galaxy S25"}, hash(login))
	p := map[string]string{"credentialId": login, "deviceType": "SmartPhone_Android", "name": name, "platform": "ANDROID", "version": "9.27.0"}
	if name == "iPhone" {
		p["deviceType"], p["platform"] = "SmartPhone_IPhone", "IOS"
	}
	return p
}

func credentialProfile(login string, _ uint64) map[string]string {
	return map[string]string{"credentialId": login}
}

func phoneProfile(_ string, h uint64) map[string]string {
	return map[string]string{"phoneNumber": "+1555" + base10(h, 7)}
}

func authenticatorProfile(login string, h uint64) map[string]string {
	return map[string]string{"credentialId": login, "authenticatorName": pick([]string{"MacBook Touch ID", "YubiKey 5C"}, h)}
}

func questionProfile(string, uint64) map[string]string {
	return map[string]string{"question": "favorite_art_piece", "questionText": "What is your favorite piece of art?"}
}

func emailProfile(login string, _ uint64) map[string]string { return map[string]string{"email": login} }

// base10 returns the last n decimal digits of x.
func base10(x uint64, n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte('0' + x%10)
		x /= 10
	}
	return string(b)
}

// filled completes a factor that was given in part. Its profile contains login. The values that
// filled makes up depend on h.
func (f Factor) filled(login string, h uint64, created time.Time) Factor {
	k := catalog[kindOf(f)]
	if f.ID == "" {
		f.ID = k.prefix + base62(h) + madeSuffix
	}
	if f.Status == "" {
		f.Status = "ACTIVE"
	}
	if f.Created.IsZero() {
		f.Created = created
	}
	if f.Updated.IsZero() {
		f.Updated = f.Created
	}
	if f.Profile == nil {
		f.Profile = k.profile(login, h)
	}
	return f
}

// typicalFactors returns the factors of a user with hash h: at least one.
func typicalFactors(login string, h uint64, start time.Time) []Factor {
	var list []Factor
	for i, k := range catalog {
		fh := mix(h + uint64(i) + 1)
		if fh%100 < k.percent {
			f := Factor{Type: k.typ, Provider: k.provider}
			list = append(list, f.filled(login, fh, dateBack(start, fh>>8, 2, 300)))
		}
	}
	if len(list) == 0 {
		list = append(list, Factor{Type: "push", Provider: "OKTA"}.filled(login, h, dateBack(start, h>>8, 2, 300)))
	}
	return list
}

// factors returns what the user at pos has enrolled now, and whether the forgot-password
// question is set. u is the user as it was added.
func (d *directory) factors(pos int, u User) (list []Factor, question bool) {
	a := &d.accounts[pos]
	st := state{}
	if a.state != nil {
		st = *a.state
	}
	h := hash(u.ID)
	given := u.Factors
	if a.given == nil && (st.deeds.Resets == 0 || d.engine == Classic || len(d.stays) > 0) {
		given = typicalFactors(u.Login, h, d.start)
	}
	for _, f := range given {
		if !st.gone[f.ID] && (st.deeds.Resets == 0 || d.outlasts(f)) {
			list = append(list, f)
		}
	}
	list = append(list, st.enrolled...)
	if d.engine == Classic {
		return list, u.RecoveryQuestion
	}
	recovery := Factor{Type: "question", Provider: "OKTA"}.filled(u.Email, mix(h+questionKind), u.Created)
	question = u.RecoveryQuestion && st.deeds.Resets < 2 && !st.gone[recovery.ID]
	if question && !hasFactor(list, "question", "OKTA") {
		list = append(list, recovery)
	}
	if u.Status != StatusStaged && !hasFactor(list, "email", "OKTA") {
		list = append(list, Factor{Type: "email", Provider: "OKTA"}.filled(u.Email, mix(h+emailKind), u.Created))
	}
	return list, question
}

// enrolledItself reports whether a factor of the user at pos is the email that Identity Engine
// enrolls by itself.
func (d *directory) enrolledItself(pos int, factorID string) bool {
	list, _ := d.factors(pos, d.base(pos))
	return d.engine == Identity && slices.ContainsFunc(list, func(f Factor) bool { return f.ID == factorID && f.Type == "email" })
}

// outlasts reports whether the user has the factor after a reset: on Identity Engine a verified
// primary email enrolls itself, and some factors stay.
func (d *directory) outlasts(f Factor) bool {
	return d.engine == Identity && f.Type == "email" || d.stay(f)
}

func (d *directory) stay(f Factor) bool { return f.Stays || slices.Contains(d.stays, f.Type) }

// reset does what reset_factors does to the user at pos and returns the set of catalog kinds
// that it unenrolled.
func (d *directory) reset(pos int) uint32 {
	all, _ := d.factors(pos, d.base(pos))
	before := kindsOf(all)
	d.keepPhones(pos, slices.DeleteFunc(slices.Clone(all), d.outlasts))
	st := d.change(pos)
	st.deeds.Resets++
	st.pushes = nil
	st.enrolled = slices.DeleteFunc(slices.Clone(st.enrolled), func(f Factor) bool { return !d.outlasts(f) })
	if len(st.devices) > 0 {
		left, _ := d.factors(pos, d.base(pos))
		maps.DeleteFunc(st.devices, func(id string, _ *device) bool {
			return !slices.ContainsFunc(left, func(f Factor) bool { return f.ID == id })
		})
	}
	return before &^ d.kinds(pos)
}

// resetPart resets the first n factors, and breaks off. It returns the set of catalog kinds that it
// unenrolled.
func (d *directory) resetPart(pos, n int) uint32 {
	before := d.kinds(pos)
	list, _ := d.factors(pos, d.base(pos))
	list = slices.DeleteFunc(slices.Clone(list), d.outlasts)
	d.keepPhones(pos, list[:min(n, len(list))])
	for _, f := range list[:min(n, len(list))] {
		d.forget(pos, f.ID)
	}
	d.change(pos).deeds.PartResets++
	return before &^ d.kinds(pos)
}

// kinds returns the set of catalog kinds that the user at pos has enrolled.
func (d *directory) kinds(pos int) uint32 {
	list, _ := d.factors(pos, d.base(pos))
	return kindsOf(list)
}

// kindsOf returns the set of catalog kinds of some factors.
func kindsOf(list []Factor) uint32 {
	set := uint32(0)
	for _, f := range list {
		set |= 1 << kindOf(f)
	}
	return set
}

// unenroll removes one factor, and with push or signed_nonce everything else that belongs to
// Okta Verify. It returns the factor, the set of catalog kinds removed, and false when the user
// doesn't have the factor.
func (d *directory) unenroll(pos int, factorID string) (Factor, uint32, bool) {
	list, _ := d.factors(pos, d.base(pos))
	i := slices.IndexFunc(list, func(f Factor) bool { return f.ID == factorID && !f.Hidden })
	if i < 0 {
		return Factor{}, 0, false
	}
	set, verify := uint32(0), kindOf(list[i]) < 2
	for _, f := range list {
		if f.ID != factorID && (!verify || kindOf(f) >= okVerifyKinds) {
			continue
		}
		d.keepPhones(pos, []Factor{f})
		d.forget(pos, f.ID)
		set |= 1 << kindOf(f)
	}
	d.change(pos).deeds.Unenrolls++
	return list[i], set, true
}

// forget removes one factor of the user at pos.
func (d *directory) forget(pos int, factorID string) {
	st := d.change(pos)
	if st.gone == nil {
		st.gone = make(map[string]bool)
	}
	st.gone[factorID] = true
	delete(st.devices, factorID)
	st.enrolled = slices.DeleteFunc(slices.Clone(st.enrolled), func(e Factor) bool { return e.ID == factorID })
}
