package runner_test

import (
	"testing"

	"oktareset/runner"
)

// A declared step is declared completely.
func TestSteps(t *testing.T) {
	t.Parallel()
	names, opens, flags := make(map[string]bool), make(map[runner.Reason]bool), make(map[string]bool)
	changed := false
	for _, s := range runner.Steps {
		if s.Name != "" && (names[s.Name] || s.Words == "") {
			t.Errorf("%+v: a second step of this name, or one without words", s)
		}
		names[s.Name] = true
		if !s.Changes {
			if changed || s.First || s.Repeat || s.Open != "" || s.Flag != "" {
				t.Errorf("%+v changes nothing: it comes before those that do, and has nothing of theirs", s)
			}
			continue
		}
		if opens[s.Open] || s.Calls == 0 || s.First != (s.Open == runner.StepReset || s.Open == runner.ReasonUnenroll) {
			t.Errorf("%+v: a second step that is open for this reason, without calls, or in another place than the first", s)
		}
		if (s.Undone == "") != (s.Open == runner.StepReset) {
			t.Errorf("%+v: nothing says what it means that it isn't done", s)
		}
		if s.Flag != "" && (flags[s.Flag] || !s.Repeat || s.Usage == "" || s.Then == "") {
			t.Errorf("%+v: a later step has a flag of its own, help and words for the question, and may be repeated", s)
		}
		opens[s.Open], flags[s.Flag], changed = true, true, changed || !s.First
	}
}

// A number that is replaced is the one part of a step that may come later, wherever it stands in the
// name.
func TestKeepingPhone(t *testing.T) {
	t.Parallel()
	for with, without := range map[string]string{
		"reset all factors, enroll sms:OKTA (update phone)": "reset all factors, enroll sms:OKTA", "enroll sms:OKTA (activate, update phone)": "enroll sms:OKTA (activate)",
		"enroll push:OKTA": "enroll push:OKTA",
	} {
		if got := runner.KeepingPhone(with); got != without {
			t.Errorf("%q without it is %q, want %q", with, got, without)
		}
	}
}
