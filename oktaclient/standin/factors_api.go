package standin

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"slices"
)

// factorJSON is a factor on the wire.
type factorJSON struct {
	ID          string         `json:"id"`
	Type        string         `json:"factorType"`
	Provider    string         `json:"provider"`
	Vendor      string         `json:"vendorName"`
	Status      string         `json:"status"`
	Created     string         `json:"created"`
	LastUpdated string         `json:"lastUpdated"`
	Profile     map[string]any `json:"profile,omitempty"`
	Links       map[string]any `json:"_links"`
	Embedded    map[string]any `json:"_embedded,omitempty"`
}

// wire returns f as the API shows it.
func (f Factor) wire(user string) factorJSON {
	self := user + "/factors/" + f.ID
	j := factorJSON{
		ID: f.ID, Type: f.Type, Provider: f.Provider, Vendor: f.Provider, Status: f.Status,
		Created: timestamp(f.Created), LastUpdated: timestamp(f.Updated), Profile: f.wireProfile(),
		Links: map[string]any{
			"self": link{Href: self, Hints: &hints{Allow: []string{"GET", "DELETE"}}},
			"user": link{Href: user, Hints: &hints{Allow: []string{"GET"}}},
		},
	}
	post := &hints{Allow: []string{"POST"}}
	switch {
	case f.Status == pending:
		j.Links["self"] = link{Href: self, Hints: &hints{Allow: []string{"GET"}}}
		f.wirePending(&j, self)
	case f.Type == "question":
		j.Links["questions"] = link{Href: user + "/factors/questions", Hints: &hints{Allow: []string{"GET"}}}
	case f.Type == "signed_nonce": // it proves its user to apps alone
	default:
		j.Links["verify"] = link{Href: self + "/verify", Hints: post}
	}
	return j
}

// wireProfile is the profile as the API shows it: that of a signed_nonce has the device's keys.
func (f Factor) wireProfile() map[string]any {
	p := make(map[string]any, len(f.Profile)+1)
	for name, value := range f.Profile {
		p[name] = value
	}
	if f.Type == "signed_nonce" {
		half := func(of string) string {
			sum := sha256.Sum256([]byte(of + f.ID))
			return base64.RawURLEncoding.EncodeToString(sum[:])
		}
		p["keys"] = []map[string]string{{"kty": "EC", "use": "sig", "kid": "default", "jwkType": "proofOfPossession", "crv": "P-256", "x": half("x"), "y": half("y")}}
	}
	return p
}

// enrolled returns the user's factors that the API shows, or answers 404: for a deactivated
// user the factors' part of Okta knows no user.
func (c *call) enrolled() (list []Factor, user string, ok bool) {
	c.o.answerPushes(c.pos)
	u, ok := c.found()
	if !ok {
		return nil, "", false
	}
	if u.Status == StatusDeprovisioned {
		c.fail(notFound(u.ID, "User"))
		return nil, "", false
	}
	shown := slices.DeleteFunc(u.Factors, func(f Factor) bool { return f.Hidden })
	return shown, c.base() + "/api/v1/users/" + u.ID, true
}

func (c *call) listFactors() {
	list, user, ok := c.enrolled()
	if !ok {
		return
	}
	page := make([]factorJSON, 0, len(list))
	for _, f := range list {
		page = append(page, f.wire(user))
	}
	c.json(page)
}

func (c *call) getFactor() {
	list, user, ok := c.enrolled()
	if !ok {
		return
	}
	i := slices.IndexFunc(list, func(f Factor) bool { return f.ID == c.arg })
	if i < 0 {
		c.fail(notFound(c.arg, "UserFactor"))
		return
	}
	c.json(list[i].wire(user))
}

func (c *call) unenroll() {
	if _, _, ok := c.enrolled(); !ok {
		return
	}
	if c.r.URL.Query().Has("removeEnrollmentRecovery") {
		c.o.noteSurprise("removeEnrollmentRecovery is a misspelling that Okta ignores")
	}
	c.o.mu.Lock()
	if c.o.cfg.RefuseEmail && c.o.dir.enrolledItself(c.pos, c.arg) {
		c.o.mu.Unlock()
		c.fail(forbidden)
		return
	}
	f, kinds, ok := c.o.dir.unenroll(c.pos, c.arg)
	if ok {
		if c.r.URL.Query().Get("removeRecoveryEnrollment") == "true" {
			st := c.o.dir.change(c.pos)
			st.deeds.RecoveryRemoved++
			if kept := st.phones.of(f.Type); kept != nil {
				*kept = ""
			}
		}
		c.o.record(c, kinds)
	}
	c.o.mu.Unlock()
	if !ok {
		c.fail(notFound(c.arg, "UserFactor"))
		return
	}
	c.noContent()
}

// resetFactors is the call that all this is about. It isn't idempotent.
func (c *call) resetFactors() {
	if c.pos < 0 {
		c.fail(notFound(c.name, "User"))
		return
	}
	c.o.mu.Lock()
	reply := c.o.cfg.resetReply(c.o.dir.status(c.pos))
	id := c.o.dir.id(uint32(c.pos))
	if reply == http.StatusOK {
		c.o.reset(c)
	}
	c.o.mu.Unlock()
	switch reply {
	case http.StatusOK:
		c.raw([]byte("{}"))
	case http.StatusNotFound:
		c.fail(notFound(id, "User"))
	default:
		c.fail(wrongStatus)
	}
}

// reset changes the user, counts it and writes the events. The caller holds the mutex.
func (o *Org) reset(c *call) {
	if c.part > 0 {
		o.resetPart(c)
		return
	}
	kinds := o.dir.reset(c.pos)
	if o.cfg.StayEvents {
		list, _ := o.dir.factors(c.pos, o.dir.base(c.pos))
		kinds |= kindsOf(slices.DeleteFunc(slices.Clone(list), func(f Factor) bool { return !o.dir.stay(f) }))
	}
	now := o.now()
	o.stats.ResetsApplied++
	switch o.dir.change(c.pos).deeds.Resets {
	case 1:
		o.stats.UsersReset++
	case 2:
		o.stats.UsersResetTwice++
	}
	if o.stats.FirstReset.IsZero() {
		o.stats.FirstReset = now
	}
	o.stats.LastReset = now
	o.comeBack(c.pos)
	switch o.cfg.ResetEvents {
	case ResetAllOnly:
		kinds = resetAllEvent
	case NoEvents:
		kinds = 0
	case DeactivateOnly:
	case DefaultEvents:
		if o.cfg.Engine == Classic {
			kinds = 0
		}
		kinds |= resetAllEvent
	}
	o.record(c, kinds)
}

// resetPart does the first factors' part of a reset, with their events: what speaks for a whole one
// isn't written. The caller holds the mutex.
func (o *Org) resetPart(c *call) {
	kinds := o.dir.resetPart(c.pos, c.part)
	if o.cfg.Engine == Identity && (o.cfg.ResetEvents == DefaultEvents || o.cfg.ResetEvents == DeactivateOnly) {
		o.record(c, kinds)
	}
}
