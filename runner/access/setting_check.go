package access

import (
	"regexp"
	"strings"

	"oktareset/oktaclient"
	"oktareset/runner/fault"
)

// This file recognises a setting that was pasted with too much around it, or into the wrong
// place. It repairs nothing: the value is sent as it is, or not at all. No message repeats a
// value, because any of them may be a secret.

// assignment matches the beginning of NAME=value, as in a file of variables.
var assignment = regexp.MustCompile(`^(?:export\s+|set\s+|\$env:)?[A-Za-z_][A-Za-z0-9_]*\s*=`)

// around says what surrounds a value that has to be alone, or "".
func around(value string) (what, remedy string) {
	first, last := value[:min(1, len(value))], value[max(0, len(value)-1):]
	scheme, _, _ := strings.Cut(value, " ")
	switch {
	case first == `"` || first == `'` || first == "`" || last == `"` || last == `'`:
		return "has quotes around it", "give it without them: a shell removes quotes, but docker --env-file and many .env files keep them"
	case assignment.MatchString(value):
		return "contains NAME=value", "give the value alone, without NAME= before it"
	case strings.EqualFold(scheme, "SSWS"), strings.EqualFold(scheme, "Bearer"), strings.EqualFold(scheme, "DPoP"),
		strings.HasPrefix(strings.ToLower(value), "authorization:"):
		return "includes the scheme of an Authorization header", "give the token alone, without " + scheme + " before it"
	}
	return "", ""
}

// alone refuses a setting with something around it. what is the setting's name for people.
func alone(s setting, what string) error {
	value := strings.TrimSpace(s.Value)
	if oktaclient.LooksLikeKey(value) { // in a key, quotes and = are normal
		return nil
	}
	if found, remedy := around(value); found != "" {
		return fault.Usage(remedy, "the %s in %s %s; nothing was sent", what, s.Source, found)
	}
	return nil
}

// wordSecret matches API tokens, access tokens and keys in one word, which are longer than names
// that people give to files.
var wordSecret = regexp.MustCompile(`^(?:[A-Za-z0-9_-]{30,}|eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_.-]+)$`)

// looksSecret reports whether a text in place of a file's name may be the secret itself.
func looksSecret(s string) bool {
	_, remedy := around(s)
	return remedy != "" || wordSecret.MatchString(s) || strings.HasPrefix(s, "{") || strings.Contains(s, "-----BEGIN") || strings.Contains(s, "\n")
}
