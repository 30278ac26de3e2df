package standin

import (
	"encoding/base64"
	"time"
)

// wirePending adds to a factor what its activation needs.
func (f Factor) wirePending(j *factorJSON, self string) {
	post := &hints{Allow: []string{"POST"}}
	if f.Type == "push" {
		j.Links["poll"] = link{Href: self + "/lifecycle/activate/poll", Hints: post}
	} else {
		j.Links["activate"] = link{Href: self + "/lifecycle/activate", Hints: post}
	}
	switch f.Type {
	case "sms", "call", "email":
		// The one link that is a list.
		j.Links["resend"] = []map[string]any{{"name": f.Type, "href": self + "/resend", "hints": post}}
	case "token:software:totp":
		j.Embedded = map[string]any{"activation": map[string]any{
			"timeStep": int(timeStep / time.Second), "sharedSecret": sharedSecret(f.ID), "encoding": "base32", "keyLength": 16,
			"_links": map[string]any{"qrcode": qrCode(self, f.ID)},
		}}
	case "push":
		j.Embedded = map[string]any{"activation": map[string]any{
			"expiresAt": timestamp(f.Updated.Add(activationLifetime)), "factorResult": "WAITING", "_links": pushLinks(self, f.ID),
		}}
	case "webauthn", "u2f":
		challenge := base64.RawURLEncoding.EncodeToString(factorSecret(f.ID))
		j.Embedded = map[string]any{"activation": map[string]any{
			"challenge": challenge, "nonce": challenge, "attestation": "direct", "rp": map[string]string{"name": "Stand-in Org"},
		}}
	}
}

// wirePush is how far the activation of a push is: an object without the factor.
func (f Factor) wirePush(user string, now time.Time) map[string]any {
	self := user + "/factors/" + f.ID
	post, ends := &hints{Allow: []string{"POST"}}, f.Updated.Add(activationLifetime)
	if !now.Before(ends) { // its QR code and its messages are no longer good
		return map[string]any{"factorResult": "TIMEOUT", "_links": map[string]any{"activate": link{Href: self + "/lifecycle/activate", Hints: post}}}
	}
	links := pushLinks(self, f.ID)
	links["poll"] = link{Href: self + "/lifecycle/activate/poll", Hints: post}
	return map[string]any{"expiresAt": timestamp(ends), "factorResult": "WAITING", "_links": links}
}

func pushLinks(self, factorID string) map[string]any {
	send := []map[string]any{}
	for _, by := range []string{"email", "sms"} {
		send = append(send, map[string]any{
			"name": by, "href": self + "/lifecycle/activate/" + by, "hints": &hints{Allow: []string{"POST"}},
		})
	}
	return map[string]any{"send": send, "qrcode": qrCode(self, factorID)}
}

func qrCode(self, factorID string) map[string]any {
	return map[string]any{"href": self + "/qr/" + qrSecret(factorID), "type": "image/png"}
}

// qrSecret is the end of the address of a factor's QR code.
func qrSecret(factorID string) string { return "00" + base62(hash("qr"+factorID)) }

// wireTransaction is how far the verification of a push is.
func (f Factor) wireTransaction(user, id string, p push, result string) map[string]any {
	self := user + "/factors/" + f.ID
	v := map[string]any{"factorResult": result}
	switch result {
	case "SUCCESS":
		return v
	case "WAITING":
		at := self + "/transactions/" + id
		v["expiresAt"] = timestamp(p.expires)
		v["_links"] = map[string]any{
			"poll":   link{Href: at, Hints: &hints{Allow: []string{"GET"}}},
			"cancel": link{Href: at, Hints: &hints{Allow: []string{"DELETE"}}},
		}
		if p.number > 0 {
			v["_embedded"] = map[string]any{"challenge": map[string]any{"correctAnswer": p.number}}
		}
	default:
		v["_links"] = f.againLinks(self)
	}
	v["profile"] = map[string]any{"credentialId": f.Profile["credentialId"]}
	return v
}

// againLinks lead from a verification to the factor and to another attempt.
func (f Factor) againLinks(self string) map[string]any {
	return map[string]any{
		"verify": link{Href: self + "/verify", Hints: &hints{Allow: []string{"POST"}}},
		"factor": link{Href: self, Hints: &hints{Allow: []string{"GET", "DELETE"}}},
	}
}
