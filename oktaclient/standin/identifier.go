package standin

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// minLogin and maxLogin are how long Okta's user schema lets a login be, in characters.
const minLogin, maxLogin = 5, 100

// madeSuffix ends the IDs that the org makes up, as the IDs of one real org end alike.
const madeSuffix = "kQs5d7"

const digits62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

// isUserID reports whether s has the form of a user ID: 00u and 17 letters or digits.
func isUserID(s string) bool {
	if len(s) != 20 || s[:3] != "00u" {
		return false
	}
	for _, c := range []byte(s[3:]) {
		if strings.IndexByte(digits62, c) < 0 {
			return false
		}
	}
	return true
}

// isLogin reports whether some org may have s as a login. Which characters it may have is the org's
// own choice. But no org has a person's name together with an address, a link, or a piece of an ID.
func isLogin(s string) bool {
	n := utf8.RuneCountInString(s)
	odd := strings.ContainsFunc(s, func(r rune) bool { return unicode.IsControl(r) || unicode.IsSpace(r) || strings.ContainsRune(`<>"`, r) })
	link := strings.HasPrefix(strings.ToLower(s), "mailto:") || strings.Contains(s, "://")
	return utf8.ValidString(s) && n >= minLogin && n <= maxLogin && !odd && !link && !pieceOfID(s)
}

// pieceOfID reports whether s is what is left of a user ID that was cut, or that lost its case.
func pieceOfID(s string) bool {
	return strings.HasPrefix(strings.ToLower(s), "00u") && !strings.ContainsFunc(s, func(r rune) bool {
		return (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
	})
}

// hash is FNV-1a, mixed. It is the same in every process, which maphash is not.
func hash(s string) uint64 {
	h := uint64(14695981039346656037)
	for i := range len(s) {
		h = (h ^ uint64(s[i])) * 1099511628211
	}
	return mix(h)
}

// mix is the finalizer of SplitMix64: every bit of the result depends on every bit of x.
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// base62 writes x in the 11 digits that 64 bits take.
func base62(x uint64) string {
	var b [11]byte
	for i := len(b) - 1; i >= 0; i-- {
		b[i] = digits62[x%62]
		x /= 62
	}
	return string(b[:])
}

// madeID is the ID of the user whose login has this hash.
func madeID(key uint64) string { return "00u" + base62(key) + madeSuffix }

// keyOfMadeID is the inverse of madeID.
func keyOfMadeID(id string) (uint64, bool) {
	digits, ok := strings.CutSuffix(id[3:], madeSuffix)
	if !ok {
		return 0, false
	}
	var key uint64
	for _, c := range []byte(digits) {
		key = key*62 + uint64(strings.IndexByte(digits62, c))
	}
	return key, true
}

// keyOfMadeLogin is the hash of the ID that the login was made for: first.last.HASH@example.com.
func keyOfMadeLogin(login string) (uint64, bool) {
	short, ok := strings.CutSuffix(login, "@example.com")
	if !ok {
		return 0, false
	}
	key, err := strconv.ParseUint(short[strings.LastIndexByte(short, '.')+1:], 36, 64)
	return key, err == nil
}

// fold returns what two logins that Okta takes for one have in common: case doesn't count, and
// neither do diacritics.
func (d *directory) fold(login string) string {
	login = strings.ToLower(login)
	if d.exact || isASCII(login) {
		return login
	}
	return plain(login)
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// plain takes the diacritics off lower-case Latin letters, composed or not.
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Mn, r) {
			return -1
		}
		if p, ok := plainLetters[r]; ok {
			return p
		}
		return r
	}, s)
}

var plainLetters = func() map[rune]rune {
	m := make(map[rune]rune)
	for base, accented := range map[rune]string{
		'a': "àáâãäåāăą", 'c': "çćčĉ", 'd': "ďđ", 'e': "èéêëēęě", 'g': "ğģ", 'i': "ìíîïīį", 'l': "łľļ", 'n': "ñńňņ",
		'o': "òóôõöøōő", 'r': "řŕ", 's': "śšşș", 't': "ťţț", 'u': "ùúûüūůűų", 'y': "ýÿ", 'z': "źżž",
	} {
		for _, r := range accented {
			m[r] = base
		}
	}
	return m
}()
