package oktaclient

import (
	"encoding/json"
	"time"
)

// Activation is what a user needs to activate a factor that was enrolled, as far as Okta said so.
type Activation struct {
	QRCode       string    // address of a picture to scan; "": none
	SharedSecret string    // to type in place of scanning, in base 32; "": none. Whoever has it can make passcodes
	TimeStep     int       // seconds that a passcode counts
	KeyLength    int       // of the shared secret, as Okta says
	ExpiresAt    time.Time // by the server's clock; zero: not said
}

type qrLinks struct {
	QRCode struct {
		Href string `json:"href"`
	} `json:"qrcode"`
}

// ReadActivation returns what stands in f for the user. ok is false when there is nothing.
func ReadActivation(f Factor) (a Activation, ok bool) {
	var doc struct {
		ExpiresAt time.Time `json:"expiresAt"` // of a push whose activation began anew: it stands alone, without the factor
		Links     qrLinks   `json:"_links"`
		Embedded  struct {
			Activation *struct {
				SharedSecret string    `json:"sharedSecret"`
				TimeStep     int       `json:"timeStep"`
				KeyLength    int       `json:"keyLength"`
				ExpiresAt    time.Time `json:"expiresAt"`
				Links        qrLinks   `json:"_links"`
			} `json:"activation"`
			Links qrLinks `json:"_links"` // where one of Okta's examples has it
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
