package steps

import (
	"fmt"
	"slices"
	"strings"

	"oktareset/oktaclient"
	"oktareset/runner"
	"oktareset/runner/console"
)

// A What says what is done to each user besides, or instead of, the reset of all factors.
type What struct {
	Verify         string       // first the user proves who they are by this factor: an ID or TYPE[:PROVIDER]; "": they don't
	Factors        []FactorType // unenroll only these
	RemoveRecovery bool
	Then           []runner.Reason       // reasons of the later steps, as in [runner.StepOf]
	Enroll         oktaclient.Enrollment // Type "": none
	Send           oktaclient.Send       // how Okta sends the link that activates it; "": it doesn't
}

// Alert names a factor to unenroll that Okta doesn't document, or "".
func (w *What) Alert() string {
	if text := Undocumented(w.Factors); text != "" {
		return "--factor: " + text
	}
	return ""
}

// Warning says whom Okta may refuse to enroll, or "".
func (w *What) Warning() string {
	if !oktaclient.ByPhone(w.Enroll.Type) || w.Enroll.UpdatePhone {
		return ""
	}
	return fmt.Sprintf("--enroll %s: Okta keeps the phone number that a user has verified. "+
		"If the file has another one, the user loses the old factors and Okta refuses the new one: --update-phone replaces the number", w.Enroll)
}

// later returns the chosen later steps.
func (w *What) later() []runner.Step {
	return slices.DeleteFunc(runner.LaterSteps(), func(s runner.Step) bool { return !slices.Contains(w.Then, s.Open) })
}

// Text says what is done to at most n users, as "resets all MFA factors of up to 12 users". Some
// of them may turn out to be left alone.
func (w *What) Text(n int) string {
	users := console.Plural(n, "user")
	if n > 1 {
		users = "up to " + users
	}
	text := "resets all MFA factors of " + users
	if len(w.Factors) > 0 {
		var names []string
		together := false
		for _, f := range w.Factors {
			names = append(names, f.String())
			together = together || f.Type == "push" || f.Type == "signed_nonce"
		}
		text = fmt.Sprintf("unenrolls %s of %s", strings.Join(names, ", "), users)
		if together {
			text += " (and with them the other factors of Okta Verify)"
		}
		if w.RemoveRecovery {
			text += " and forgets the phone numbers for recovery"
		}
	}
	if w.Verify != "" {
		text = "verifies the user by " + w.Verify + ", then " + text
	}
	for _, s := range w.later() {
		text += ", then " + s.Then
	}
	if w.Enroll.Type != "" {
		text += ", then enrolls " + w.Enroll.String()
		if w.Enroll.Activate {
			text += ", active at once"
		}
		if w.Enroll.UpdatePhone {
			text += ", and replaces the phone number that Okta keeps"
		}
		if w.Send != "" {
			text += ", and has Okta send them by " + string(w.Send) + " the link that activates it"
		}
	}
	return text
}
