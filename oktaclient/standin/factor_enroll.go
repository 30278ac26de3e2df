package standin

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The statuses of a factor that its life leads through.
const (
	active  = "ACTIVE"
	pending = "PENDING_ACTIVATION"
)

// activationLifetime is how long the QR code of a push can be scanned.
const activationLifetime = 10 * time.Minute

// enrollment is the body of a request that enrolls a factor.
type enrollment struct {
	Type            string         `json:"factorType"`
	Provider        string         `json:"provider"`
	Profile         map[string]any `json:"profile"`
	FactorProfileID string         `json:"factorProfileId"`
	Verify          map[string]any `json:"verify"`
}

// text is a field of the profile, "" when it isn't there.
func (e enrollment) text(field string) string {
	if v, ok := e.Profile[field]; ok && v != nil {
		return fmt.Sprint(v)
	}
	return ""
}

func badEnroll(cause string) *failure {
	return &failure{status: 400, code: "E0000001", summary: "Api validation failed: factorEnrollRequest", causes: []string{cause}}
}

var phone = regexp.MustCompile(`^\+[1-9][0-9]{1,14}$`)

// profile returns the profile that a factor gets, or what is wrong with the request.
func (e enrollment) profile(u User) (map[string]string, *failure) {
	switch e.Type {
	case "sms", "call":
		number := strings.NewReplacer(" ", "", "-", "", ".", "", "(", "", ")", "").Replace(e.text("phoneNumber"))
		if !phone.MatchString(number) {
			return nil, &badPhone
		}
		p := map[string]string{"phoneNumber": number}
		if ext := e.text("phoneExtension"); e.Type == "call" && ext != "" {
			p["phoneExtension"] = ext
		}
		return p, nil
	case "email":
		if to := e.text("email"); to != "" && !strings.EqualFold(to, u.Email) {
			return nil, badEnroll("The email address isn't one of the user's.")
		}
		return map[string]string{"email": u.Email}, nil
	case "question":
		i := slices.IndexFunc(questions, func(q question) bool { return q.Key == e.text("question") })
		if i < 0 || len([]rune(e.text("answer"))) < 4 {
			return nil, badEnroll("The question isn't supported, or the answer is too short.")
		}
		return map[string]string{"question": questions[i].Key, "questionText": questions[i].Text}, nil
	case "token:hotp":
		if e.FactorProfileID == "" || e.text("sharedSecret") == "" {
			return nil, badEnroll("factorProfileId and sharedSecret are required.")
		}
	case "token", "token:hardware":
		if e.Verify["passCode"] == nil || e.Provider == "SYMANTEC" && e.Verify["nextPassCode"] == nil {
			return nil, badEnroll("The passcode is required.")
		}
		if id := e.text("credentialId"); id != "" {
			return map[string]string{"credentialId": id}, nil
		}
	case "push", "webauthn", "u2f":
		return map[string]string{}, nil // known once the device is
	}
	return map[string]string{"credentialId": u.Login}, nil
}

// enroll enrolls a factor of the user, or says why not. The caller holds the mutex.
func (o *Org) enroll(c *call, u User, e enrollment, q url.Values) (Factor, *failure) {
	k := kindOf(Factor{Type: e.Type, Provider: e.Provider})
	if k == len(catalog)-1 || e.Type == "signed_nonce" || !u.mayEnroll(e.Type, e.Provider) {
		return Factor{}, badEnroll("The factor type " + e.Type + " of " + e.Provider + " can't be enrolled.")
	}
	kept := o.dir.verified(c.pos, e.Type)
	e.usePhone(kept)
	profile, refused := e.profile(u)
	if refused != nil {
		return Factor{}, refused
	}
	lifetime, ok := messageLifetime(q)
	if !ok {
		return Factor{}, badEnroll("tokenLifetimeSeconds: must be from 1 to 86400")
	}
	old, refused := e.replaces(u.Factors, profile["phoneNumber"], kept, q.Get("updatePhone") == "true")
	if refused != nil {
		return Factor{}, refused
	}
	f := Factor{Type: e.Type, Provider: e.Provider, Profile: profile, Created: o.now(), Status: e.status(q)}
	if byMessage(e.Type) && old.ID != "" {
		f.ID, f.Created = old.ID, old.Created
	}
	if kept != "" && kept == profile["phoneNumber"] { // it was verified before
		f.Status = active
	}
	f.Updated = o.now()
	f = f.filled(u.Login, o.rng.Uint64(), f.Created)
	if byMessage(e.Type) && f.Status == pending {
		if refused = o.message(c.pos, f, lifetime); refused != nil {
			return Factor{}, refused
		}
	}
	if old.ID != "" {
		o.dir.drop(c.pos, old.ID)
	}
	o.dir.replace(c.pos, f)
	o.dir.own(c.pos, f, e)
	o.dir.change(c.pos).deeds.Enrolls++
	if f.Status == active {
		o.record(c, 1<<k|activatedEvent)
	}
	if f.Type == "token:hotp" && o.cfg.Engine == Identity {
		o.withOktaVerify(c, u)
	}
	return f, nil
}

// replaces returns the factor of the user that an enrollment takes the place of, or why it can't; one
// without an ID is none.
func (e enrollment) replaces(list []Factor, number, kept string, update bool) (old Factor, refused *failure) {
	i := slices.IndexFunc(list, func(f Factor) bool { return f.Type == e.Type && f.Provider == e.Provider })
	if i >= 0 && e.Type != "webauthn" {
		old = list[i]
	}
	switch {
	case old.Status == active:
		return old, badEnroll("A factor of this type is already set up.")
	case update, kept == number && kept != "":
	case kept != "", old.ID != "" && byMessage(e.Type) && old.Profile["phoneNumber"] != number:
		return old, otherPhone(e.Type)
	}
	return old, nil
}

// status is that of a factor that was just enrolled.
func (e enrollment) status(q url.Values) string {
	switch {
	case e.Type == "question", e.Type == "token", e.Type == "token:hardware", e.Type == "token:hotp":
		return active
	case byMessage(e.Type) && q.Get("activate") == "true":
		return active
	}
	return pending
}

// messageLifetime reads how long a passcode that is sent shall count.
func messageLifetime(q url.Values) (time.Duration, bool) {
	s := q.Get("tokenLifetimeSeconds")
	if s == "" {
		return defaultLifetime, true
	}
	n, err := strconv.Atoi(s)
	return time.Duration(n) * time.Second, err == nil && n >= 1 && n <= 86400
}

// own gives the user at pos what belongs to a factor that was enrolled with it.
func (d *directory) own(pos int, f Factor, e enrollment) {
	switch dev := d.device(pos, f); f.Type {
	case "question":
		dev.answer = e.text("answer")
	case "token:hotp":
		dev.secret = givenSecret(e.text("sharedSecret"))
	}
}

// withOktaVerify adds what comes with an Okta Verify app that isn't there yet. The caller holds
// the mutex.
func (o *Org) withOktaVerify(c *call, u User) {
	for k, kind := range catalog[:okVerifyKinds] {
		if kind.typ == "signed_nonce" && o.cfg.Engine == Classic || hasFactor(u.Factors, kind.typ, kind.provider) {
			continue
		}
		o.dir.replace(c.pos, Factor{Type: kind.typ, Provider: kind.provider}.filled(u.Login, o.rng.Uint64(), o.now()))
		o.record(c, 1<<k|activatedEvent)
	}
}

// replace puts a factor in the place of the one with its ID, or adds it.
func (d *directory) replace(pos int, f Factor) {
	d.drop(pos, f.ID)
	st := d.change(pos)
	st.enrolled = append(slices.Clip(st.enrolled), f)
}

// drop takes the factor with this ID away.
func (d *directory) drop(pos int, id string) {
	st := d.change(pos)
	if st.gone == nil {
		st.gone = make(map[string]bool)
	}
	st.gone[id] = true
	st.enrolled = slices.DeleteFunc(slices.Clone(st.enrolled), func(f Factor) bool { return f.ID == id })
}
