package notify

import (
	"strings"
	"testing"
)

// Each default text says what was done, promises nothing of the sign-in page, and raises no false
// alarm: a whole reset, one of some factors, and one that sets up another.
func TestDefaultTexts(t *testing.T) {
	t.Parallel()
	for name, p := range map[string]Person{
		"whole":                {},
		"whole, a new one":     {Enrolled: true},
		"some":                 {Some: true, Removed: "text message, phone call"},
		"some, a new one":      {Some: true, Removed: "text message", Enrolled: true},
		"none, a new one":      {Some: true, Enrolled: true},
		"signed out":           {SignedOut: true},
		"some, a password":     {Some: true, Removed: "text message", NewPassword: true},
		"some, not known":      {Some: true},
		"some, none of Okta's": {Some: true, Removed: "another method"},
	} {
		p.Name, p.Login, p.At = "Ann Lee", "ann@example.com", "2 January 2026"
		for _, reminder := range []bool{false, true} {
			texts, err := loadTexts(t.Context(), nil, reminder)
			if err != nil {
				t.Fatal(err)
			}
			reader := Reader{Name: "Bob", Contact: "the desk"}
			for _, kind := range Audiences {
				var data any = userMail{reader, p, p.Name}
				if kind == ToManager {
					data = managerMail{Reader: reader, Count: 1, People: []Person{p}}
				}
				subject, body, err := texts[kind].fill(data)
				if err != nil {
					t.Fatal(err)
				}
				words := strings.Join(strings.Fields(subject+" "+body), " ")
				for text, want := range map[string]bool{
					"the sign-in page asks":               false,
					"doesn't ask":                         false,
					"isn't asked":                         false,
					"the IT department reset":             !p.Some,
					"department changed":                  p.Some,
					"were reset":                          !p.Some && !reminder,
					p.Removed:                             true,
					"new method was set up":               p.Enrolled,
					"have not set up":                     reminder && (kind == ToManager || !p.Enrolled),
					"You have not set up a new one yet":   reminder && kind == ToUser && !p.Some && !p.Enrolled,
					"again":                               kind == ToUser && !p.Some && !p.Enrolled,
					"You were signed out":                 p.SignedOut && kind == ToUser && !reminder,
					"you choose a new":                    p.NewPassword && kind == ToUser && !reminder,
					"names a phone or an app that isn't ": true,
					"Contact at once: the desk":           true,
					"<no value>":                          false,
				} {
					if strings.Contains(words, text) != want {
						t.Errorf("%s, to the %s, reminder %v: it says %q: %v\nSubject: %s\n%s", name, kind, reminder, text, !want, subject, body)
					}
				}
				for line := range strings.SplitSeq(body, "\n") {
					if len(line) > 78 {
						t.Errorf("%s, to the %s, reminder %v: a long line %q", name, kind, reminder, line)
					}
				}
				if strings.Contains(body, "\n\n\n") || strings.Contains(body, " \n") {
					t.Errorf("%s, to the %s, reminder %v: odd spaces:\n%s", name, kind, reminder, body)
				}
			}
		}
	}
}

func TestRemoved(t *testing.T) {
	t.Parallel()
	for factors, want := range map[string]string{
		"": "", "sms:OKTA": "text message", "sms:OKTA call:OKTA sms:OKTA": "text message, phone call", "shiny:evil.com": "another method",
	} {
		if got := removed(factors); got != want {
			t.Errorf("%q: %q, want %q", factors, got, want)
		}
	}
}
