package oktaclient

import (
	"fmt"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"
)

// MaxTokenLifetime is the longest time that Okta keeps a passcode valid.
const MaxTokenLifetime = 24 * time.Hour

// minAnswer is the shortest answer to a security question that Okta accepts, in characters.
const minAnswer = 4

// e164 is Okta's pattern of a phone number.
var e164 = regexp.MustCompile(`^\+[1-9][0-9]{1,14}$`)

// ParsePhone returns a phone number in the form that Okta wants (E.164): a plus, the country's
// code and the number, at most 15 digits. It drops spaces, dots, dashes and round brackets, with
// which people group digits.
func ParsePhone(s string) (string, error) {
	number := strings.NewReplacer(" ", "", "\u00a0", "", ".", "", "-", "", "(", "", ")", "").Replace(s)
	if !e164.MatchString(number) {
		return "", fmt.Errorf("%q isn't a phone number like +15551234567 (E.164: plus, country, number)", cut(s, 40))
	}
	return number, nil
}

// OwnDevice says why only the user can enroll, activate or verify factors of a type, or "" if the
// API can.
func OwnDevice(factorType string) string {
	switch {
	case factorType == "signed_nonce":
		return "a signed_nonce factor (Okta FastPass) needs the Okta Verify app on the user's own device"
	case is(factorType, device) && OnlyProvider(factorType) == "FIDO":
		return "a " + factorType + " factor needs the user's own browser, which speaks to the security key"
	case is(factorType, device):
		return "a " + factorType + " factor (Duo) needs Duo's own page in the user's browser"
	}
	return ""
}

// Check refuses what Okta's API can't or wouldn't enroll, according to its own description. It
// lets unknown types pass.
func (e Enrollment) Check() error {
	switch {
	case e.Type == "" || e.Provider == "":
		return fmt.Errorf("a factor is named by type and provider, as sms:OKTA")
	case OwnDevice(e.Type) != "":
		return fmt.Errorf("%s can't be enrolled by the API: %s", e, OwnDevice(e.Type))
	case e.Activate && !AtOnce(e.Type):
		return fmt.Errorf("%s can't be activated at once: Okta does that for sms, call, email and token:hotp", e)
	case e.TokenLifetime != 0 && (e.TokenLifetime < time.Second || e.TokenLifetime > MaxTokenLifetime || e.TokenLifetime%time.Second != 0):
		return fmt.Errorf("a passcode lives for 1 second to 24 hours, in whole seconds, not for %s", e.TokenLifetime)
	}
	return e.checkProfile()
}

func (e Enrollment) checkProfile() error {
	switch {
	case ByPhone(e.Type):
		if number, err := ParsePhone(e.text("phoneNumber")); err != nil || number != e.text("phoneNumber") {
			return fmt.Errorf("%s needs a phoneNumber like +15551234567 (E.164), not %q", e, cut(e.text("phoneNumber"), 40))
		}
		if len(e.text("phoneExtension")) > 15 {
			return fmt.Errorf("%s: phoneExtension is longer than 15 characters", e)
		}
	case e.Type == "question":
		if e.text("question") == "" || utf8.RuneCountInString(e.text("answer")) < minAnswer {
			return fmt.Errorf("%s needs a question, by its key, and an answer of at least %d characters", e, minAnswer)
		}
	case e.Type == "token:hotp":
		if e.Fields["factorProfileId"] == nil || e.text("sharedSecret") == "" {
			return fmt.Errorf("%s needs factorProfileId, from the Admin Console, and sharedSecret", e)
		}
	case e.Type == "token", e.Type == "token:hardware":
		verify, _ := e.Fields["verify"].(map[string]any)
		if verify["passCode"] == nil {
			return fmt.Errorf("%s needs the passcode that the token shows", e)
		}
	}
	return nil
}

// text returns a text field of the profile, or "".
func (e Enrollment) text(field string) string {
	s, _ := e.Profile[field].(string)
	return s
}

// unsentError marks an error that kept a request from being sent.
func unsentError(err error) error { return fmt.Errorf("%w: %w", errUnsent, err) }
