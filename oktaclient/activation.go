package oktaclient

import (
	"cmp"
	"encoding/json"
	"strings"
	"time"
)

// Activation is what a user needs to activate an enrolled factor, as far as Okta names it.
type Activation struct {
	QRCode string // address of a picture to scan; "": none
	// base 32, to type in instead of scanning; "": none. Whoever has it can make passcodes
	SharedSecret string
	TimeStep     int       // seconds that a passcode is valid
	KeyLength    int       // of the shared secret, as Okta says
	ExpiresAt    time.Time // by the server's clock; zero: unknown
	Sends        []Send    // how Okta can send the user a link instead
}

// Send is a way by which Okta sends a user the link that activates a factor.
type Send string

// The ways that Okta documents. A link by SMS goes to a number that the caller names, one by email
// to the user's primary address.
const (
	SendEmail Send = "email"
	SendSMS   Send = "sms"
)

type activationLinks struct {
	QRCode struct {
		Href string `json:"href"`
	} `json:"qrcode"`
	Send []struct {
		Name Send   `json:"name"`
		Href string `json:"href"`
	} `json:"send"`
}

// sends returns the ways whose links lead where Okta documents that they do: nothing else is ever
// called.
func (l *activationLinks) sends() []Send {
	var all []Send
	for _, s := range l.Send {
		if s.Name != "" && strings.HasSuffix(s.Href, "/lifecycle/activate/"+string(s.Name)) {
			all = append(all, s.Name)
		}
	}
	return all
}

// ReadActivation returns what f says for the user's activation. ok is false if it has nothing to
// scan or to type.
func ReadActivation(f Factor) (a Activation, ok bool) {
	var doc struct {
		// of a push whose activation was restarted: that reply has no factor around it
		ExpiresAt time.Time       `json:"expiresAt"`
		Links     activationLinks `json:"_links"`
		Embedded  struct {
			Activation *struct {
				SharedSecret string          `json:"sharedSecret"`
				TimeStep     int             `json:"timeStep"`
				KeyLength    int             `json:"keyLength"`
				ExpiresAt    time.Time       `json:"expiresAt"`
				Links        activationLinks `json:"_links"`
			} `json:"activation"`
			Links activationLinks `json:"_links"` // one of Okta's examples has it here
		} `json:"_embedded"`
	}
	if json.Unmarshal(f.Raw, &doc) != nil {
		return Activation{}, false
	}
	a = Activation{QRCode: doc.Links.QRCode.Href, ExpiresAt: doc.ExpiresAt, Sends: doc.Links.sends()}
	if found := doc.Embedded.Activation; found != nil {
		a = Activation{
			QRCode: found.Links.QRCode.Href, SharedSecret: found.SharedSecret, TimeStep: found.TimeStep, KeyLength: found.KeyLength,
			ExpiresAt: found.ExpiresAt, Sends: found.Links.sends(),
		}
	}
	a.QRCode = cmp.Or(a.QRCode, doc.Embedded.Links.QRCode.Href)
	if len(a.Sends) == 0 {
		a.Sends = doc.Embedded.Links.sends()
	}
	return a, a.QRCode != "" || a.SharedSecret != ""
}
