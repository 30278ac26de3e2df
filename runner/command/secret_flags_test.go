package command

import (
	"slices"
	"strings"
	"testing"
)

// secretWords are what a flag that takes a secret would be called, or its value.
var secretWords = []string{"token", "secret", "password", "passcode", "passphrase", "pin", "answer", "key", "jwk", "pem", "credential"}

// No flag takes a secret, which others could see in ps: one with a secret's name takes a file, a
// number, a time or the name of something.
func TestFlagsTakeNoSecret(t *testing.T) {
	harmless := []string{
		"factors --question KEY",     // which question, not its answer
		"factors --credential-id ID", // is printed on a hardware token
	}
	for _, c := range blankApp().cli().Commands {
		for _, e := range flagEntries(c.Flags) {
			flag := c.Name + " --" + e.names[0] + " " + e.value
			if slices.Contains([]string{"", "FILE", "PCT", "D", "N"}, e.value) || slices.Contains(harmless, flag) {
				continue
			}
			for _, word := range strings.FieldsFunc(strings.ToLower(e.names[0]+" "+e.value), func(r rune) bool { return r < 'a' || r > 'z' }) {
				if slices.Contains(secretWords, strings.TrimSuffix(word, "s")) {
					t.Errorf("%s takes a secret", flag)
				}
			}
		}
	}
}
