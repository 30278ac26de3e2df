package notify

import (
	"errors"
	"strings"
	"unicode"
	"unicode/utf8"

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

// nameOf returns a person's name as a mail may have it, or "". A text that a mail program would
// turn into a link is no name: people may choose theirs.
func nameOf(cell string) string {
	name := oneLine(cell, maxCell)
	if strings.ContainsAny(name, ":/\\@<>") {
		return ""
	}
	for i, r := range name {
		next, _ := utf8.DecodeRuneInString(name[i+utf8.RuneLen(r):])
		if r == '.' && i > 0 && name[i-1] != ' ' && unicode.IsLetter(next) && !initial(name[:i]) {
			return ""
		}
	}
	return name
}

// initial reports whether a text ends in a single letter, as J of J.R. Ewing.
func initial(text string) bool {
	last := text[strings.LastIndexAny(text, " .-")+1:]
	return utf8.RuneCountInString(last) == 1
}
