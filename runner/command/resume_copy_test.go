package command

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"oktareset/oktaclient/standin"
	"oktareset/runner/fault"
)

// A folder is copied, or restored, and both copies are resumed: the second one finds in the log
// what the first one did, and resets nobody.
func TestOnlyOneCopyIsResumed(t *testing.T) {
	t.Parallel()
	virtually(t, 5, standin.Config{}, func(v *virtual) {
		v.want(v.reset(confirm(5), "--limit", "2"), fault.ExitStopped, map[string]int{"reset": 2, "not_attempted": 3})
		other := t.TempDir()
		if err := os.CopyFS(other, os.DirFS(v.dir)); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"users.results.csv", "users.results.json", "users.results.journal", "users.results.input.csv"} {
			if err := os.Chmod(filepath.Join(other, name), 0o600); err != nil && !os.IsNotExist(err) {
				t.Fatal(err)
			}
		}
		v.want(v.reset("--resume"), 0, map[string]int{"reset": 5})
		run := v.manifest().Runs[1].RunID
		v.args = []string{"-o", filepath.Join(other, "users.results.csv")}
		v.wantSaid(v.reset("--resume", confirm(5)), fault.ExitUsage, "another copy of these results was resumed", "by run "+run, "resume the copy that has the run "+run)
		v.resets(map[int]int{1: 5})
	})
}

// Complete results are called complete only after the comparisons of any resume.
func TestCompleteIsCompared(t *testing.T) {
	t.Parallel()
	virtually(t, 3, standin.Config{}, func(v *virtual) {
		v.wantEnd(v.reset("--dry-run"), 0)
		v.wantEnd(v.reset(confirm(3), "--ticket", "A"), 0)
		plan, done := []string{"-o", v.path("users.plan.csv")}, []string{"-o", v.path("users.results.csv")}
		for _, c := range []struct {
			args  []string
			flags []string
			code  int
			text  string
		}{
			{done, nil, 0, "is complete: 3 reset"},
			{done, []string{"--confirm", "other.okta.com:1"}, fault.ExitConsent, "--confirm is for other.okta.com"},
			{done, []string{"--clear-sessions"}, fault.ExitUsage, "was started with the steps"},
			{done, []string{"--factor", "sms"}, fault.ExitUsage, "was started with the steps"},
			{done, []string{"--dry-run"}, fault.ExitUsage, "was started by a reset, this is a dry run"},
			{done, []string{"--ticket", "A"}, 0, "is complete: 3 reset"},
			{done, []string{"--ticket", "B"}, fault.ExitUsage, `was started for the ticket "A", not "B"`},
			{plan, nil, fault.ExitUsage, "was started by a dry run, this is a reset"},
			{plan, []string{"--dry-run"}, 0, "is complete: 3 would_reset"},
		} {
			v.args = c.args
			if code := v.reset(append([]string{"--resume"}, c.flags...)...); code != c.code || !strings.Contains(v.stderr, c.text) {
				t.Errorf("%q %q: exit code %d, want %d and %q:\n%s", c.args, c.flags, code, c.code, c.text, v.stderr)
			}
		}
		v.args = done
		text := v.read("users.results.csv")
		v.overwrite("users.results.csv", []byte(text[:len(text)-2]))
		v.wantSaid(v.reset("--resume"), fault.ExitUsage, "its SHA-256 differs")
		if err := os.Remove(v.path("users.results.csv")); err != nil {
			t.Fatal(err)
		}
		v.wantSaid(v.reset("--resume"), fault.ExitUsage, "which isn't there")
		v.resets(map[int]int{1: 3})
	})
}

// A second plan of the same file is run with the warning that its users were reset already, and a
// dry run over them prints a command that isn't refused.
func TestSecondPlanIsWarnedOf(t *testing.T) {
	t.Parallel()
	virtually(t, 3, standin.Config{}, func(v *virtual) {
		v.wantEnd(v.reset(confirm(3)), 0)
		v.wantEnd(v.reset("--dry-run"), 0, v.path("users.results.csv")+": the results of run ", "which reset 3 users of this very input",
			"to run this plan: oktareset reset --confirm acme.okta.com:3 --output "+v.path("users-2.results.csv")+" ")
		v.wantEnd(v.reset("--dry-run", "-o", v.path("second.plan.csv")), 0)
		v.args = []string{v.path("second.plan.csv")}
		v.wantEnd(v.reset(confirm(3)), 0, v.path("users.results.csv")+" says that 3 users of this input were reset already: this run would reset them again")
	})
}
