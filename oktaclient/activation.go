package oktaclient

import (
	"encoding/json"
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
}

type qrLinks struct {
	QRCode struct {
		Href string `json:"href"`
	} `json:"qrcode"`
}

// ReadActivation returns what f says for the user's activation. ok is false if it says nothing.
func ReadActivation(f Factor) (a Activation, ok bool) {
	var doc struct {
		// of a push whose activation was restarted: that reply has no factor around it
		ExpiresAt time.Time `json:"expiresAt"`
		Links     qrLinks   `json:"_links"`
		Embedded  struct {
			Activation *struct {
				SharedSecret string    `json:"sharedSecret"`
				TimeStep     int       `json:"timeStep"`
				KeyLength    int       `json:"keyLength"`
				ExpiresAt    time.Time `json:"expiresAt"`
				Links        qrLinks   `json:"_links"`
			} `json:"activation"`
			Links qrLinks `json:"_links"` // one of Okta's examples has it here
		} `json:"_embedded"`
	}
	if json.Unmarshal(f.Raw, &doc) != nil {
		return Activation{}, false
	}
	a = Activation{QRCode: doc.Links.QRCode.Href, ExpiresAt: doc.ExpiresAt}
	if found := doc.Embedded.Activation; found != nil {
		a = Activation{
			QRCode: found.Links.QRCode.Href, SharedSecret: found.SharedSecret, TimeStep: found.TimeStep, KeyLength: found.KeyLength,
			ExpiresAt: found.ExpiresAt,
		}
	}
	if a.QRCode == "" {
		a.QRCode = doc.Embedded.Links.QRCode.Href
	}
	return a, a.QRCode != "" || a.SharedSecret != ""
}
