package oktaclient

import (
	"bytes"
	"regexp"
)

// minSecret is the length below which a secret isn't looked for in an answer's data, in bytes: six digits may stand in any number. minPasscode is
// the same for texts.
const (
	minSecret   = 8
	minPasscode = 4
)

// redact takes the credentials, and what the request itself held, out of a reply: an echo must not get into a file or onto a screen.
func (c *Client) redact(r *request, body []byte) []byte {
	for _, s := range r.secrets {
		body = without(body, string(s), minSecret)
	}
	if r.noToken { // it may be the one that brings an access token
		return body
	}
	for _, s := range c.auth.secrets() {
		body = without(body, s(), minSecret)
	}
	return body
}

// jwtLike is what an assertion, a proof and an access token look like.
var jwtLike = regexp.MustCompile(`eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*`)

var jwtBegins = []byte("eyJ")

// redactText does so with text for a person, where every proof and assertion goes, too.
func (c *Client) redactText(b []byte) []byte {
	for _, s := range c.auth.secrets() {
		b = without(b, s(), 1)
	}
	for _, s := range c.proxy.secrets() {
		b = without(b, s, minPasscode)
	}
	if !bytes.Contains(b, jwtBegins) { // every reply passes here, and nearly none has one
		return b
	}
	return jwtLike.ReplaceAll(b, []byte(redacted))
}

// redact takes the request's secrets out of the texts of a reply to it.
func (e *APIError) redact(secrets []Passcode) {
	texts := []*string{&e.Summary, &e.OAuth, &e.Scope}
	for i := range e.Causes {
		texts = append(texts, &e.Causes[i])
	}
	for _, s := range secrets {
		for _, text := range texts {
			*text = string(without([]byte(*text), string(s), minPasscode))
		}
	}
}

func without(b []byte, secret string, shortest int) []byte {
	if len(secret) < shortest || !bytes.Contains(b, []byte(secret)) {
		return b
	}
	return bytes.ReplaceAll(b, []byte(secret), []byte(redacted))
}

// tamed is an error with another text.
type tamed struct {
	error
	text string
}

func (e *tamed) Error() string { return e.text }

func (e *tamed) Unwrap() error { return e.error }

// tame cuts the text of an error that repeats what came over the wire, and takes secrets out of it: net/http quotes whole lines, encoding/json
// whole values.
func (c *Client) tame(err error) error {
	if err == nil {
		return nil
	}
	text := cut(string(c.redactText([]byte(err.Error()))), maxSummary)
	if text == err.Error() {
		return err
	}
	return &tamed{err, text}
}
