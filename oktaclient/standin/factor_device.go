package standin

import (
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // RFC 6238's own hash: what every authenticator app computes
	"encoding/base32"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"
)

const (
	// timeStep is how long a passcode that a clock makes counts (RFC 6238). Okta also takes the
	// one before and the one after.
	timeStep = 30 * time.Second
	// maxAttempts in attemptsPeriod is Okta's limit on activating and on failing to verify one
	// factor.
	maxAttempts    = 5
	attemptsPeriod = 5 * time.Minute
	// messagePeriod and emailPeriod pass between two messages to one phone or address.
	messagePeriod = 30 * time.Second
	emailPeriod   = 5 * time.Second
	// defaultLifetime is that of a passcode that was sent.
	defaultLifetime = 5 * time.Minute
	// defaultAnswer is what everybody answers whose security question the org made up.
	defaultAnswer = "mayonnaise"
)

// device is what a user has or knows for one factor, and what Okta remembers of its use.
type device struct {
	answer   string      // to the security question
	secret   []byte      // of the passcodes that a clock makes
	message  string      // the passcode that was sent last
	expires  time.Time   // when message does
	attempts []time.Time // to activate
	failures []time.Time // to verify
	used     int64       // time step of the last passcode that counted
	reached  time.Time   // of a push: when its code or its link came to somebody; zero: to nobody yet
}

// device returns the device of a factor of the user at pos.
func (d *directory) device(pos int, f Factor) *device {
	st := d.change(pos)
	if st.devices[f.ID] == nil {
		if st.devices == nil {
			st.devices = make(map[string]*device)
		}
		st.devices[f.ID] = &device{answer: defaultAnswer, secret: factorSecret(f.ID)}
	}
	return st.devices[f.ID]
}

// factorSecret is the secret that Okta made up for a factor: 16 letters of base 32.
func factorSecret(factorID string) []byte {
	b := binary.BigEndian.AppendUint64(nil, hash("secret"+factorID))
	return append(b, byte(len(factorID)), factorID[len(factorID)-1])
}

// sharedSecret is how people type it in.
func sharedSecret(factorID string) string {
	return base32.StdEncoding.EncodeToString(factorSecret(factorID))
}

// givenSecret reads the secret of a hardware token that an admin enrolls.
func givenSecret(s string) []byte {
	if b, err := hex.DecodeString(s); err == nil {
		return b
	}
	return []byte(s)
}

func stepAt(t time.Time) int64 { return t.Unix() / int64(timeStep/time.Second) }

// clockCode is the passcode of a time step: six digits, by RFC 4226 and RFC 6238.
func clockCode(secret []byte, step int64) string {
	mac := hmac.New(sha1.New, secret)
	mac.Write(binary.BigEndian.AppendUint64(nil, uint64(step)))
	sum := mac.Sum(nil)
	at := sum[len(sum)-1] & 0x0f
	return fmt.Sprintf("%06d", (binary.BigEndian.Uint32(sum[at:at+4])&0x7fffffff)%1_000_000)
}

// byMessage reports whether Okta sends the passcodes of a factor type, byClock whether a clock
// makes them.
func byMessage(typ string) bool { return typ == "sms" || typ == "call" || typ == "email" }
func byClock(typ string) bool   { return strings.HasPrefix(typ, "token") }

// check returns what is wrong with a passcode, and takes note that it was used.
func (d *device) check(typ, code string, now time.Time) *failure {
	if byMessage(typ) {
		switch {
		case d.message == "" || code != d.message:
			return &wrongPasscode
		case !now.Before(d.expires):
			return &latePasscode
		}
		d.message = ""
		return nil
	}
	for _, step := range []int64{stepAt(now), stepAt(now) - 1, stepAt(now) + 1} {
		if code != clockCode(d.secret, step) {
			continue
		}
		if step <= d.used {
			return &usedPasscode
		}
		d.used = step
		return nil
	}
	return &wrongPasscode
}

// recent drops what is too old to count against a limit.
func recent(times []time.Time, now time.Time) []time.Time {
	return slices.DeleteFunc(times, func(t time.Time) bool { return !t.After(now.Add(-attemptsPeriod)) })
}

// Passcode returns what the user of a factor sees or knows now: the passcode of the last
// message, the one that the clock makes, the answer to the question. ok is false for a factor
// without, or when no message is there.
func (o *Org) Passcode(userID, factorID string) (code string, ok bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	pos := o.dir.find(userID)
	if pos < 0 {
		return "", false
	}
	list, _ := o.dir.factors(pos, o.dir.base(pos))
	i := slices.IndexFunc(list, func(f Factor) bool { return f.ID == factorID })
	if i < 0 {
		return "", false
	}
	f, dev := list[i], o.dir.device(pos, list[i])
	switch {
	case byMessage(f.Type):
		return dev.message, dev.message != ""
	case byClock(f.Type):
		return clockCode(dev.secret, stepAt(o.now())), true
	case f.Type == "question":
		return dev.answer, true
	}
	return "", false
}

// passcodes are those of all factors of a user, by ID.
func (o *Org) passcodes(u User) map[string]string {
	codes := make(map[string]string)
	for _, f := range u.Factors {
		if code, ok := o.Passcode(u.ID, f.ID); ok {
			codes[f.ID] = code
		}
	}
	return codes
}

// reach counts a message of a kind to a phone or an address of the user at pos, or says why it
// can't be sent yet. The caller holds the mutex.
func (o *Org) reach(pos int, kind, to string) *failure {
	st, now := o.dir.change(pos), o.now()
	period, refused := messagePeriod, &smsTooSoon
	switch kind {
	case "call":
		refused = &callTooSoon
	case "email":
		period, refused = emailPeriod, &emailTooSoon
	}
	to = kind + " " + to
	if last, ok := st.sent[to]; ok && now.Before(last.Add(period)) {
		return refused
	}
	if st.sent == nil {
		st.sent = make(map[string]time.Time)
	}
	st.sent[to] = now
	return nil
}

// message sends a passcode to the user at pos, or says why not yet. The caller holds the mutex.
func (o *Org) message(pos int, f Factor, lifetime time.Duration) *failure {
	if refused := o.reach(pos, f.Type, f.Profile["phoneNumber"]+f.Profile["email"]); refused != nil {
		return refused
	}
	st, now := o.dir.change(pos), o.now()
	dev := o.dir.device(pos, f)
	dev.message, dev.expires = base10(o.rng.Uint64(), 6), now.Add(lifetime)
	st.deeds.Messages++
	return nil
}
