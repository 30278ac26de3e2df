package command

import (
	"io"
	"strings"
	"testing"

	"oktareset/oktaclient/standin"
	"oktareset/runner/fault"
)

// A move to other phones goes as at Okta, which keeps the verified numbers through a reset: without
// --update-phone the new ones are refused, a warning says so before anybody is reset, and a resume
// that replaces the numbers, and has consent for that, ends it without a second reset.
func TestPhoneMigration(t *testing.T) {
	t.Parallel()
	const warning = "warning: --enroll sms:OKTA: Okta keeps the phone number that a user has verified."
	const without, with = "--enroll=sms:OKTA", "--update-phone"
	virtually(t, 3, standin.Config{}, func(v *virtual) {
		v.phones()
		if v.reset("--dry-run", without); !strings.Contains(v.stderr, warning) {
			t.Errorf("a dry run doesn't warn:\n%s", v.stderr)
		}
		if v.reset("--dry-run", "-o", v.path("with.plan.csv"), without, with); strings.Contains(v.stderr, "warning: --enroll") {
			t.Errorf("a dry run with %s warns:\n%s", with, v.stderr)
		}
		v.want(v.reset(without, confirm(3)), fault.ExitRows, map[string]int{"partial/enroll": 3})
		if !strings.Contains(v.stderr, warning) || strings.Count(v.stderr, "There is an existing verified phone number.") != 3 ||
			!strings.Contains(v.stderr, "to continue: oktareset reset --resume --update-phone --enroll sms:OKTA") {
			t.Errorf("without %s:\n%s", with, v.stderr)
		}
		v.want(v.reset("--resume", without), fault.ExitRows, map[string]int{"partial/enroll": 3})
		for range 2 { // the recorded consent wasn't for that, and a resume that is refused records none
			v.want(v.reset("--resume", without, with), fault.ExitConsent, map[string]int{"partial/enroll": 3})
			if !strings.Contains(v.stderr, "the consent of the earlier runs wasn't for replacing phone numbers") {
				t.Errorf("without consent:\n%s", v.stderr)
			}
		}
		v.want(v.reset("--resume", without, with, confirm(3)), fault.ExitOK, map[string]int{"reset/pending": 3})
		v.resets(map[int]int{1: 3})
		if code := v.reset("--resume", without, with, "--activate"); code != fault.ExitUsage {
			t.Errorf("another step: exit code %d:\n%s", code, v.stderr)
		}
	})
	virtually(t, 3, standin.Config{}, func(v *virtual) {
		v.phones()
		v.want(v.reset(without, with, confirm(3)), fault.ExitOK, map[string]int{"reset/pending": 3})
		v.resets(map[int]int{1: 3})
	})
	virtually(t, 3, standin.Config{}, func(v *virtual) { // a plan is for its steps alone
		v.phones()
		if code := v.reset("--dry-run", "-o", v.path("p.plan.csv"), without); code != fault.ExitOK {
			t.Fatalf("a dry run: exit code %d:\n%s", code, v.stderr)
		}
		code := v.run(v.t.Context(), io.Discard, "reset", v.path("p.plan.csv"), without, confirm(3), "-o", v.path("users.results.csv"))
		v.want(code, fault.ExitRows, map[string]int{"partial/enroll": 3})
		if strings.Contains(v.stderr, "--resume --update-phone") || !strings.Contains(v.stderr, "oktareset factors enroll USER sms:OKTA --update-phone\n") {
			t.Errorf("the run of a plan:\n%s", v.stderr)
		}
		code = v.run(v.t.Context(), io.Discard, "reset", "--resume", without, with, confirm(3), "-o", v.path("users.results.csv"))
		if code != fault.ExitUsage || v.org.Stats().ByOp[standin.OpEnroll] != 3 {
			t.Errorf("another step: exit code %d, %d enrollments:\n%s", code, v.org.Stats().ByOp[standin.OpEnroll], v.stderr)
		}
	})
	virtually(t, 3, standin.Config{ForgetPhones: true}, func(v *virtual) {
		v.phones()
		v.want(v.reset(without, confirm(3)), fault.ExitOK, map[string]int{"reset/pending": 3})
	})
}
