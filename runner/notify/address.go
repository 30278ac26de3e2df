package notify

import (
	"errors"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"oktareset/runner"
)

// The reasons why a cell is no address to send to.
var (
	errNoAddress  = errors.New("there is no mail address")
	errNotAddress = errors.New("it isn't a plain mail address, as name@example.com")
)

const (
	maxAddress = 254 // RFC 5321
	maxLocal   = 64
	maxLabel   = 63
)

// parseAddress returns the mail address in a cell. It accepts only the form that every program
// understands alike: no display name, no quotes, no list, ASCII alone. A domain with other letters
// has an ASCII form, xn--: two that look alike may belong to two owners.
func parseAddress(cell string) (string, error) {
	s := strings.TrimSpace(cell)
	if s == "" {
		return "", errNoAddress
	}
	at := strings.LastIndexByte(s, '@')
	if len(s) > maxAddress || at < 0 || !isLocal(s[:at]) || !isDomain(s[at+1:]) {
		return "", errNotAddress
	}
	return s, nil
}

// isLocal reports whether s is the part of an address before the @: words with dots between. A
// leading dash could be a flag of a program that the server runs.
func isLocal(s string) bool {
	if len(s) > maxLocal || strings.HasPrefix(s, "-") {
		return false
	}
	for word := range strings.SplitSeq(s, ".") {
		if word == "" {
			return false
		}
		for _, c := range word {
			if !isAlnum(c) && !strings.ContainsRune("!#$%&'*+-/=?^_`{|}~", c) {
				return false
			}
		}
	}
	return true
}

// isDomain reports whether s is a domain's full name. A number as its last label would make it an
// IP address.
func isDomain(s string) bool {
	labels := strings.Split(s, ".")
	for _, label := range labels {
		if label == "" || len(label) > maxLabel || strings.HasPrefix(label, "-") || strings.HasSuffix(label, "-") {
			return false
		}
		if strings.ContainsFunc(label, func(c rune) bool { return !isAlnum(c) && c != '-' }) {
			return false
		}
	}
	last := labels[len(labels)-1]
	return len(labels) > 1 && strings.Trim(last, "0123456789") != ""
}

func isAlnum(c rune) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
}

// maxCell is the length of a text from outside that gets into a mail, in characters.
const maxCell = 200

// oneLine returns a foreign text as one line of printable text with a bounded length. A mail program
// would decode what follows =? in a header, and show anything.
func oneLine(s string, most int) string {
	s = strings.Map(func(r rune) rune {
		if r == utf8.RuneError || unicode.IsSpace(r) || unicode.IsControl(r) {
			return ' '
		}
		if !runner.Printable(r) {
			return -1
		}
		return r
	}, s)
	s = strings.Join(strings.Fields(strings.ReplaceAll(s, "=?", "= ?")), " ")
	if runes := []rune(s); len(runes) > most {
		s = strings.TrimSpace(string(runes[:most-1])) + "…"
	}
	return s
}

// A name with more characters or words could be a message.
const (
	maxName      = 50
	maxNameWords = 6
)

// titles are the short words that have a dot in a name, besides initials.
var titles = []string{"capt", "col", "dipl", "dr", "gen", "hon", "ing", "jr", "jur", "lt", "mag", "med", "mr", "mrs", "ms", "mx", "ph", "phil", "prof", "rev", "sr", "st"}

// nameOf returns a person's name as a mail may have it, or "". People may choose theirs: a text that
// a mail program would turn into a link, a number to call, or a sentence is no name.
func nameOf(cell string) string {
	name := foldDots(oneLine(cell, maxCell))
	if utf8.RuneCountInString(name) > maxName || len(strings.Fields(name)) > maxNameWords {
		return ""
	}
	if strings.ContainsAny(name, ":/\\@<>") || strings.ContainsFunc(name, unicode.IsNumber) {
		return ""
	}
	for i, r := range name {
		if r == '.' && (!takesDot(lastWord(name[:i])) || !mayFollowDot(name[i+1:])) {
			return ""
		}
	}
	return name
}

// foldDots returns a text with a dot for each character that a mail program, or a browser, takes for
// one.
func foldDots(s string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune("\u3002\uff0e\uff61\u2024\ufe52", r) {
			return '.'
		}
		return r
	}, s)
}

// lastWord returns the word in which a text ends, as J of "Ewing, J".
func lastWord(text string) string {
	return text[strings.LastIndexFunc(text, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsMark(r) })+1:]
}

// takesDot reports whether a word of a name may have a dot: an initial, or a title.
func takesDot(word string) bool {
	return isInitial(word) || slices.Contains(titles, strings.ToLower(word))
}

// mayFollowDot reports whether a text may follow a dot in a name: nothing, a space, or another
// initial, as R in J.R. Ewing.
func mayFollowDot(text string) bool {
	if text == "" || text[0] == ' ' {
		return true
	}
	end := strings.IndexAny(text, " .")
	if end < 0 {
		end = len(text)
	}
	return isInitial(text[:end])
}

func isInitial(word string) bool {
	letters := []rune(norm.NFC.String(word))
	return len(letters) == 1 && unicode.IsLetter(letters[0])
}

// bareLink matches a host's name, which a mail program turns into a link.
var bareLink = regexp.MustCompile(`[\pL\pN]\.\pL{2}`)

// hasLink reports whether a mail program would turn a part of a text into a link to a page. Mail
// addresses are none.
func hasLink(text string) bool {
	text = foldDots(text)
	if strings.Contains(text, "://") || strings.Contains(strings.ToLower(text), "www.") {
		return true
	}
	words := strings.FieldsFunc(text, func(r rune) bool { return unicode.IsSpace(r) || strings.ContainsRune(",;:()<>\"", r) })
	return slices.ContainsFunc(words, func(word string) bool {
		_, err := parseAddress(strings.TrimRight(word, ".!?"))
		return err != nil && bareLink.MatchString(word)
	})
}
