package runner

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// maxLogin is the longest login that Okta's user schema allows, in characters.
const maxLogin = 100

// Kind distinguishes an Okta user ID from a login.
type Kind int

// The kinds of identifier.
const (
	KindID    Kind = iota + 1 // 00u and 17 letters or digits: used in the call as it is
	KindLogin                 // anything else: has to be looked up
)

// Identifier is a cell that may be sent to Okta.
type Identifier struct {
	Kind  Kind
	Value string
}

// ParseIdentifier classifies a cell. The reason is "" for a usable identifier. Otherwise it says
// why the cell must not get into a URL: [ReasonEmpty]; [ReasonReserved] for "me" (Okta's word for
// the caller), "." and ".." (which URL handling drops); [ReasonMalformed] for control characters,
// invalid UTF-8, U+FFFD in its place, and anything longer than a login can be.
func ParseIdentifier(cell string) (Identifier, Reason) {
	s := strings.TrimFunc(cell, unicode.IsSpace)
	switch {
	case s == "":
		return Identifier{}, ReasonEmpty
	case isUserID(s):
		return Identifier{Kind: KindID, Value: s}, ""
	case !isPlain(s) && (foreign(s) || strings.ContainsFunc(s, Invisible) || utf8.RuneCountInString(s) > maxLogin):
		return Identifier{}, ReasonMalformed
	case s == ".", s == "..", len(s) == 2 && strings.EqualFold(s, "me"):
		return Identifier{}, ReasonReserved
	}
	return Identifier{Kind: KindLogin, Value: s}, ""
}

// foreign reports whether a text isn't UTF-8, or has U+FFFD where a letter was that wasn't.
func foreign(s string) bool { return strings.ContainsRune(s, utf8.RuneError) }

// WhyNobody says why a cell names nobody, for the reason that [ParseIdentifier] has given.
func WhyNobody(cell string, r Reason) string {
	switch r {
	case ReasonEmpty:
		return "the cell is empty"
	case ReasonReserved:
		return "a reserved word, which would name somebody else"
	}
	return "neither an Okta user ID nor a login: " + whyMalformed(strings.TrimFunc(cell, unicode.IsSpace))
}

func whyMalformed(s string) string {
	switch i := strings.IndexFunc(s, Invisible); {
	case foreign(s):
		return "a letter in it isn't UTF-8; save the file as CSV UTF-8"
	case i >= 0:
		r, _ := utf8.DecodeRuneInString(s[i:])
		return fmt.Sprintf("it contains the invisible character %U", r)
	}
	return fmt.Sprintf("it is longer than %d characters", maxLogin)
}

// isPlain is the quick check that a login can't be malformed: a survey checks a million.
func isPlain(s string) bool {
	if len(s) > maxLogin {
		return false
	}
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// isUserID reports whether s has the form of every user ID in Okta's documentation and in
// recorded replies: 00u and 17 letters or digits.
func isUserID(s string) bool {
	if len(s) != 20 || s[:3] != "00u" {
		return false
	}
	for i := 3; i < len(s); i++ {
		if digit62(s[i]) < 0 {
			return false
		}
	}
	return true
}

func digit62(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'A' && c <= 'Z':
		return int(c-'A') + 10
	case c >= 'a' && c <= 'z':
		return int(c-'a') + 36
	}
	return -1
}

// SameLogin reports whether two logins name the same user: case doesn't matter in Okta's logins,
// and a character may have more than one Unicode form. Diacritics do matter, although Okta's own
// search ignores them: a wrong user is worse than none.
func SameLogin(a, b string) bool {
	var foldedA, foldedB [maxLogin]byte
	return bytes.Equal(appendFolded(foldedA[:0], a), appendFolded(foldedB[:0], b))
}

// appendFolded appends a login to dst in the form for comparisons. ASCII logins, nearly all, take
// no memory besides dst.
func appendFolded(dst []byte, s string) []byte {
	begin := len(dst)
	for i := range len(s) {
		c := s[i]
		switch {
		case c >= utf8.RuneSelf:
			return append(dst[:begin], norm.NFC.String(strings.Map(foldRune, norm.NFC.String(s)))...)
		case c >= 'A' && c <= 'Z':
			c += 'a' - 'A'
		}
		dst = append(dst, c)
	}
	return dst
}

// foldRune is Unicode's simple case folding, one character for one. Full folding would treat
// straße@ and strasse@ as one user.
func foldRune(r rune) rune {
	least := r
	for next := unicode.SimpleFold(r); next != r; next = unicode.SimpleFold(next) {
		least = min(least, next)
	}
	return unicode.ToLower(least)
}

// Key identifies a user in 16 bytes, so that a million keys fit into memory: an ID losslessly (17
// digits of base 62 need 102 bits), a login by 127 bits of a SHA-256.
type Key [16]byte

// Key returns the identifier's key, which is equal for two identifiers of the same user if both
// are IDs or both are logins. An ID and a login never have the same key.
func (i Identifier) Key() Key {
	if i.Kind == KindID && isUserID(i.Value) {
		return idKey(i.Value)
	}
	var folded [maxLogin]byte
	sum := sha256.Sum256(appendFolded(folded[:0], i.Value))
	k := Key(sum[:16])
	k[0] |= 0x80
	return k
}

func idKey(id string) Key {
	var hi, lo uint64 // hi holds 8 digits, lo holds 9: both stay below 2^54
	for _, c := range []byte(id[3:11]) {
		hi = hi*62 + uint64(digit62(c))
	}
	for _, c := range []byte(id[11:20]) {
		lo = lo*62 + uint64(digit62(c))
	}
	var k Key
	for i := range 8 {
		k[i] = byte(hi >> (56 - 8*i))
		k[8+i] = byte(lo >> (56 - 8*i))
	}
	return k
}
