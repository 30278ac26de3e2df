package oktaclient

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// The shortest secrets that are looked for inside longer texts, in bytes. In an answer's data,
// six digits may be part of any number or ID; an error's text may well quote the wrong passcode.
// A value that consists of a secret alone is redacted however short it is.
const (
	minSecret   = 8
	minPasscode = 4
)

// filter takes secrets out of one attempt's reply, headers, body and transport error, and limits
// the length of its texts. [Client.send] passes everything through it before any other code reads
// it, so that no field, old or new, is left out.
type filter struct {
	known   []string  // the client's credentials, earlier ones too
	typed   []string  // passcodes and answers: this request's, and long ones from earlier requests
	numbers []float64 // those of this request that are numbers
	inside  int       // the shortest secret that is looked for inside longer texts
	most    int       // bytes of a text at most
	keep    string    // the member with an access token: neither redacted nor cut; "": none
}

// filter makes the filter for a reply with this status, or for an error without a reply (0).
func (c *Client) filter(r *request, status int) *filter {
	f := &filter{inside: minPasscode, most: maxSummary}
	if status >= 200 && status <= 299 {
		f.inside, f.most = minSecret, maxText
		if r.texts > 0 {
			f.most = r.texts
		}
		if r.oauth {
			f.keep = memberToken
		}
	}
	for _, s := range c.auth.secrets() {
		if s() != "" {
			f.known = append(f.known, s())
		}
	}
	for _, s := range c.typed.all() {
		f.typed = append(f.typed, s())
	}
	for _, s := range c.proxy.secrets() {
		if len(s) >= minPasscode && !slices.Contains(ordinary, s) {
			f.known = append(f.known, s)
		}
	}
	for _, s := range r.secrets {
		if s == "" || slices.Contains(ordinary, string(s)) {
			continue
		}
		c.typed.add(string(s))
		f.typed = append(f.typed, string(s))
		if n, err := strconv.ParseFloat(string(s), 64); err == nil && len(s) >= minPasscode {
			f.numbers = append(f.numbers, n)
		}
	}
	return f
}

// typedSecrets are the secrets in earlier requests: a server may send them back later too. Short
// ones aren't kept: a later answer may contain them by chance.
type typedSecrets struct {
	mu   sync.Mutex
	kept []hidden[string]
}

// maxTyped is more than one person types.
const maxTyped = 32

func (t *typedSecrets) add(secret string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(secret) < minSecret || slices.ContainsFunc(t.kept, func(s hidden[string]) bool { return s() == secret }) {
		return
	}
	if len(t.kept) == maxTyped {
		t.kept = slices.Clone(t.kept[1:])
	}
	t.kept = append(t.kept, hide(secret))
}

func (t *typedSecrets) all() []hidden[string] {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.kept
}

// ordinary are words that answers contain anyhow. Somebody may have chosen one as the answer to a
// security question. If it were redacted, the program couldn't understand Okta's replies; showing
// it tells nobody anything.
var ordinary = ordinaryWords()

func ordinaryWords() []string {
	words := []string{
		ResultChallenge, ResultWaiting, ResultSuccess, ResultRejected, ResultTimeout, FactorActive, FactorPending,
		"id", "factorType", "provider", "vendorName", "status", "created", "lastUpdated", "profile", "question", "questionText", "answer",
		"factorResult", "factorMessage", "expiresAt", "challenge", "activation", "_links", "_embedded",
		"errorCode", "errorId", "errorSummary", "errorCauses", "error", "scope",
	}
	for _, k := range kinds {
		words = append(words, k.typ, k.provider)
	}
	return words
}

// jwtLike matches an assertion, a proof or an access token. Only an answer with an access token
// contains one on purpose.
var jwtLike = regexp.MustCompile(jwtBegins + `[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*`)

const jwtBegins = "eyJ"

// text redacts the secrets in a text, also those with characters escaped as in a URL: parts of
// addresses are decoded.
func (f *filter) text(s string) string { return f.redact(s, f.inside) }

// name is text for the name of a member. A short secret isn't looked for inside it: a part of a
// name is only a word.
func (f *filter) name(s string) string { return f.redact(s, minSecret) }

func (f *filter) redact(s string, inside int) string {
	if slices.Contains(f.known, s) || slices.Contains(f.typed, s) {
		return redacted
	}
	s = f.replace(s, inside)
	if !f.escapes(s, inside) {
		return s
	}
	// The words beside it may decide what an error means: keep them.
	words := inWords.ReplaceAllStringFunc(s, func(word string) string {
		if f.escapes(word, inside) {
			return redacted
		}
		return word
	})
	if f.escapes(words, inside) {
		return redacted
	}
	return words
}

// escapes reports whether a text contains a secret with characters escaped as in a URL.
func (f *filter) escapes(s string, inside int) bool {
	if !strings.Contains(s, "%") {
		return false
	}
	plain := unescape(s)
	return plain != f.replace(plain, inside) || slices.Contains(f.known, plain) || slices.Contains(f.typed, plain)
}

var inWords = regexp.MustCompile(`[^\s"'<>,;(){}\[\]]+`)

func (f *filter) replace(s string, inside int) string {
	jwts := strings.Contains(s, jwtBegins) // few texts contain one, and most access tokens are one
	for _, secret := range f.known {
		if len(secret) >= inside && (jwts || !strings.HasPrefix(secret, jwtBegins)) {
			s = without(s, secret)
		}
	}
	for _, secret := range f.typed {
		if len(secret) >= inside {
			s = strings.ReplaceAll(s, secret, redacted)
		}
	}
	if !jwts {
		return s
	}
	return jwtLike.ReplaceAllString(s, redacted)
}

// tellTale is how many of a long credential's first bytes give it away: whoever quotes it may
// have cut it.
const tellTale = 12

// without redacts a credential and, if it is a long one, any part that begins like it.
func without(s, secret string) string {
	least := len(secret)
	// The beginning of a JWT is no secret.
	if least >= 2*tellTale && !strings.HasPrefix(secret, jwtBegins) {
		least = tellTale
	}
	if !strings.Contains(s, secret[:least]) {
		return s
	}
	var b strings.Builder
	for {
		i := strings.Index(s, secret[:least])
		if i < 0 {
			return b.String() + s
		}
		n := least
		for n < len(secret) && i+n < len(s) && s[i+n] == secret[n] {
			n++
		}
		b.WriteString(s[:i] + redacted)
		s = s[i+n:]
	}
}

// unescape decodes each %XX and leaves everything else.
func unescape(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) {
			if n, err := strconv.ParseUint(s[i+1:i+3], 16, 8); err == nil {
				b.WriteByte(byte(n))
				i += 2
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// tamed is an error with another text.
type tamed struct {
	error
	text string
}

func (e *tamed) Error() string { return e.text }

func (e *tamed) Unwrap() error { return e.error }

// tame cuts the text of an error that repeats bytes from the wire, and redacts secrets in it:
// net/http quotes whole lines, encoding/json whole values.
func (c *Client) tame(r *request, err error) error {
	if err == nil {
		return nil
	}
	f := c.filter(r, 0)
	for _, s := range f.typed {
		if quoted := strconv.Quote(s); quoted != `"`+s+`"` {
			f.typed = append(f.typed, quoted[1:len(quoted)-1])
		}
	}
	text := cut(f.text(strings.ToValidUTF8(err.Error(), "\ufffd")), maxSummary)
	if text == err.Error() {
		return err
	}
	return &tamed{err, text}
}
