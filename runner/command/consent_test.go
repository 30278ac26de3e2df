package command

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"oktareset/oktaclient/standin"
	"oktareset/runner/fault"
	"oktareset/runner/results"
)

// person answers at the terminal.
type person struct {
	reads  time.Duration // how long the person takes to read the question
	answer string        // "" is the number that the question asks for
	asked  []string
}

func (p *person) Ask(ctx context.Context, text string) (string, error) {
	p.asked = append(p.asked, text)
	select {
	case <-time.After(p.reads):
	case <-ctx.Done():
		return "", context.Cause(ctx)
	}
	if p.answer != "" {
		return p.answer, nil
	}
	number := regexp.MustCompile(`type the number of users \((\d+)\): $`).FindStringSubmatch(text)
	if number == nil {
		return "", fmt.Errorf("no number is asked for: %q", text)
	}
	return number[1], nil
}

func (p *person) AskSecret(context.Context, string) (string, error) {
	return "", errors.New("not expected")
}

func (p *person) Close() {}

// manifest returns the manifest of the last run.
func (v *virtual) manifest() results.Manifest {
	v.t.Helper()
	m, err := results.ReadManifest(v.path("users.results.csv"))
	if err != nil {
		v.t.Fatal(err)
	}
	return m
}

// refused fails the test unless a run ended for lack of consent, without having changed anything.
func (v *virtual) refused(code int, before map[int]int, want string) {
	v.t.Helper()
	if code != fault.ExitConsent || !strings.Contains(v.stderr, want) {
		v.t.Errorf("exit code %d, want %d and %q:\n%s", code, fault.ExitConsent, want, v.stderr)
	}
	v.resets(before)
}

// Whatever consent the results record, a --confirm that is given is checked: its host must be this
// org, and it must allow at least as many users as are left.
func TestConfirmIsCheckedOnAResume(t *testing.T) {
	t.Parallel()
	virtually(t, 10, standin.Config{}, func(v *virtual) {
		v.reset(confirm(10), "--limit", "3", "--workers", "1")
		before := map[int]int{0: 7, 1: 3}
		for flag, want := range map[string]string{
			"other.okta.com:7":  "--confirm is for other.okta.com, but the org is acme.okta.com",
			"acme.okta.com:6":   "--confirm allows acme.okta.com:6, but 7 users are still to do",
			"acme.okta.com:0-6": "--confirm allows acme.okta.com:0-6, but 7 users are still to do",
			"acme.okta.com:1":   "for all that is left, it would be --confirm acme.okta.com:7",
		} {
			v.refused(v.reset("--resume", "--confirm", flag), before, want)
		}
		if how := v.manifest().Consent; how.How != results.ConsentConfirm || how.Count != 10 {
			t.Errorf("the recorded consent is %+v", how)
		}
		// A job starts again with the flags that it began with: MIN only counts when a run begins.
		v.want(v.reset("--resume", "--confirm", "acme.okta.com:8-10", "--limit", "1"), fault.ExitStopped, map[string]int{"reset": 4, "not_attempted": 6})
		v.want(v.reset("--resume", confirm(10)), 0, map[string]int{"reset": 10})
		v.want(v.reset("--resume", "--confirm", "acme.okta.com:0"), 0, map[string]int{"reset": 10})
		v.resets(map[int]int{1: 10})
	})
}

// A resume may also reset users who were left in doubt, so they count.
func TestRowsInDoubtCountForConfirm(t *testing.T) {
	t.Parallel()
	virtually(t, 10, standin.Config{ResetEvents: standin.NoEvents}, func(v *virtual) {
		v.org.Script(standin.Fault{Kind: standin.Drop, When: standin.After, Op: resetOp, UserID: v.ids[1], Times: 1})
		v.reset(confirm(10), "--workers", "1", "--limit", "3")
		before := map[int]int{0: 7, 1: 3}
		v.refused(v.reset("--resume", "--confirm", "acme.okta.com:7"), before, "but 8 users are still to do")
		v.want(v.reset("--resume", "--confirm", "acme.okta.com:8"), 1, map[string]int{"reset": 9, "unknown/unverified": 1})
	})
}

// A retry of unknown rows may reset somebody a second time. A flag allows that only with the exact
// number of these users, in a run that does nothing else.
func TestRetryUnknownNeedsTheExactNumber(t *testing.T) {
	t.Parallel()
	virtually(t, 10, standin.Config{ResetEvents: standin.NoEvents}, func(v *virtual) {
		for _, i := range []int{2, 5} {
			v.org.Script(standin.Fault{Kind: standin.Drop, When: standin.After, Op: resetOp, UserID: v.ids[i], Times: 1})
		}
		v.reset(confirm(10), "--workers", "1", "--limit", "8")
		v.want(v.reset("--resume", "--limit", "1"), fault.ExitStopped, map[string]int{"reset": 7, "unknown/unverified": 2, "not_attempted": 1})
		before := map[int]int{0: 1, 1: 9}
		const others = "a second reset only in a run that does nothing else: 2 users may have been reset before, and 1 user is left besides"
		for _, number := range []string{"2", "3", "0-10"} {
			v.refused(v.reset("--retry", "unknown", "--confirm", "acme.okta.com:"+number), before, others)
		}
		if !strings.Contains(v.stderr, "do the rest first: oktareset reset --resume ") || !strings.Contains(v.stderr, "; then: oktareset reset --resume --retry unknown --confirm acme.okta.com:2 ") {
			t.Errorf("the command for the rest isn't there:\n%s", v.stderr)
		}
		v.refused(v.reset("--retry", "unknown"), before, others) // the recorded consent isn't for them

		v.want(v.reset("--resume"), 1, map[string]int{"reset": 8, "unknown/unverified": 2})
		before = map[int]int{1: 10}
		if !strings.Contains(v.stderr, "look at these users by hand, then reset them again: oktareset reset --resume --retry unknown ") {
			t.Errorf("nothing says how to reset them again:\n%s", v.stderr)
		}
		for _, number := range []string{"1", "3", "1-2", "0-10", "10"} {
			v.refused(v.reset("--retry", "unknown", "--confirm", "acme.okta.com:"+number), before,
				"for a second reset the number must be exactly theirs")
		}
		v.refused(v.reset("--retry", "unknown", "--confirm", "other.okta.com:2"), before, "--confirm is for other.okta.com")
		v.want(v.reset("--retry", "unknown", confirm(2)), 0, map[string]int{"reset": 10})
		v.resets(map[int]int{1: 8, 2: 2})
	})
}

// The rest of a retry of unknown rows may be rows of other statuses. The two commands that are
// printed do both, one after the other.
func TestRetryOfMoreThanUnknown(t *testing.T) {
	t.Parallel()
	virtually(t, 5, standin.Config{ResetEvents: standin.NoEvents}, func(v *virtual) {
		v.org.Script(standin.Fault{Kind: standin.Drop, When: standin.After, Op: resetOp, UserID: v.ids[1], Times: 1},
			standin.Fault{Kind: standin.Forbidden, Op: resetOp, UserID: v.ids[3], Times: 1})
		v.want(v.reset(confirm(5), "--workers", "1"), 1, map[string]int{"reset": 3, "unknown/unverified": 1, "forbidden": 1})
		before := map[int]int{0: 1, 1: 4}
		for _, flags := range [][]string{nil, {confirm(2)}} {
			v.refused(v.reset(with(flags, "--retry", "unknown,forbidden")...), before, "1 user may have been reset before, and 1 user is left besides")
		}
		if !strings.Contains(v.stderr, "do the rest first: oktareset reset --resume --retry forbidden ") ||
			!strings.Contains(v.stderr, "; then: oktareset reset --resume --retry unknown --confirm acme.okta.com:1 ") {
			t.Errorf("the two commands aren't there:\n%s", v.stderr)
		}
		v.want(v.reset("--resume", "--retry", "forbidden"), 1, map[string]int{"reset": 4, "unknown/unverified": 1})
		v.want(v.reset("--resume", "--retry", "unknown", confirm(1)), 0, map[string]int{"reset": 5})
		v.resets(map[int]int{1: 4, 2: 1})
	})
}

// On a terminal, the question says whom it is about, and the number is that of all who may be
// changed.
func TestRetryUnknownAsks(t *testing.T) {
	t.Parallel()
	virtually(t, 4, standin.Config{ResetEvents: standin.NoEvents}, func(v *virtual) {
		v.org.Script(standin.Fault{Kind: standin.Drop, When: standin.After, Op: resetOp, UserID: v.ids[1], Times: 1})
		v.reset(confirm(4), "--workers", "1", "--limit", "3")
		p := &person{}
		v.asker = p
		v.want(v.reset("--retry", "unknown"), 0, map[string]int{"reset": 4})
		if len(p.asked) != 1 || !strings.Contains(p.asked[0], "again    1 user may have been reset before") ||
			!strings.Contains(p.asked[0], "type the number of users (2)") {
			t.Errorf("asked %q", p.asked)
		}
		v.resets(map[int]int{1: 3, 2: 1})
	})
}

// The time to read a question isn't run time: the clocks begin with the answer.
func TestClocksBeginWithConsent(t *testing.T) {
	t.Parallel()
	virtually(t, 3, standin.Config{Latency: 100 * time.Millisecond}, func(v *virtual) {
		v.asker = &person{reads: 8 * time.Hour}
		v.want(v.reset("--max-duration", "10s"), 0, map[string]int{"reset": 3})
		if !regexp.MustCompile(`3 rows in (\d+ms|0\.\ds): 3 reset`).MatchString(v.stderr) {
			t.Errorf("the summary counts the time at the prompt:\n%s", v.stderr)
		}
		m := v.manifest()
		if got := m.Runs[0].FinishedAt.Sub(m.Runs[0].StartedAt); got > time.Second || m.Runs[0].StartedAt.Before(m.Consent.At) {
			t.Errorf("the run took %v, from %v; consent was given at %v", got, m.Runs[0].StartedAt, m.Consent.At)
		}
	})
	// A slow run is ended, too. No answer comes at the moment at which its time is over.
	virtually(t, 100, standin.Config{Latency: 1100 * time.Millisecond}, func(v *virtual) {
		v.asker = &person{reads: 8 * time.Hour}
		code := v.reset("--max-duration", "10s", "--workers", "1")
		if n := v.counts()["reset"]; code != fault.ExitStopped || n < 5 || n > 10 {
			t.Errorf("exit code %d after %d resets, want %d:\n%s", code, n, fault.ExitStopped, v.stderr)
		}
	})
}

// A job isn't asked: the time before its first reset counts, and is bounded.
func TestMaxDurationOfAJobBoundsItsStart(t *testing.T) {
	t.Parallel()
	virtually(t, 3, standin.Config{}, func(v *virtual) {
		v.org.Script(standin.Fault{Kind: standin.Hang, When: standin.Before, Op: standin.OpMe})
		begin := time.Now()
		code := v.reset(confirm(3), "--max-duration", "10s")
		if took := time.Since(begin); code != fault.ExitStopped || took > 31*time.Second { // a request may take its timeout
			t.Errorf("exit code %d after %v, want %d soon after 10s:\n%s", code, took, fault.ExitStopped, v.stderr)
		}
		v.resets(map[int]int{0: 3})

		// Nor may it wait for an input that doesn't come.
		in, out := io.Pipe()
		defer out.Close()
		v.args, v.in = []string{"-"}, in
		begin = time.Now()
		code = v.reset("--confirm", "acme.okta.com:3", "--max-duration", "10s", "-o", v.path("piped.csv"))
		if took := time.Since(begin); code != fault.ExitStopped || took != 10*time.Second {
			t.Errorf("exit code %d after %v, want %d after 10s:\n%s", code, took, fault.ExitStopped, v.stderr)
		}
		if _, err := os.Stat(v.path("piped.csv")); err == nil {
			t.Error("results were left")
		}
	})
}

// A wrong number changes nothing, and neither does the end of the terminal's patience.
func TestPromptIsAnsweredExactly(t *testing.T) {
	t.Parallel()
	virtually(t, 3, standin.Config{}, func(v *virtual) {
		for _, answer := range []string{"4", "03", "+3", "3.0", "y", "three", "3 3"} {
			v.asker = &person{answer: answer}
			v.refused(v.reset(), map[int]int{0: 3}, fmt.Sprintf("%q was typed, not 3", answer))
		}
		if _, err := os.Stat(v.path("users.results.csv")); err == nil {
			t.Error("results were left")
		}
	})
}

// A run records the consent that it had.
func TestRecordedConsent(t *testing.T) {
	t.Parallel()
	virtually(t, 4, standin.Config{}, func(v *virtual) {
		v.asker = &person{}
		v.reset("--limit", "1")
		if c := v.manifest().Consent; c.How != results.ConsentPrompt || c.Count != 4 {
			t.Errorf("after the prompt: %+v", c)
		}
		v.asker = nil
		v.reset("--resume", "--limit", "1", "--confirm", "acme.okta.com:0-3")
		m := v.manifest()
		if c := m.Consent; c.How != results.ConsentPrompt || c.Count != 4 || m.Runs[1].Options["confirm"] != "acme.okta.com:0-3" {
			t.Errorf("after a resume with --confirm: %+v, %v", c, m.Runs[1].Options)
		}
		v.want(v.reset("--resume"), 0, map[string]int{"reset": 4})
		if b, err := json.Marshal(v.manifest().Consent); err != nil || !strings.Contains(string(b), `"how":"prompt"`) {
			t.Errorf("%s, %v", b, err)
		}
	})
}

// If a flag that isn't a list is given twice, nobody knows which one counts. Every command refuses
// that, under any of the flag's names.
func TestFlagsGivenTwice(t *testing.T) {
	t.Parallel()
	n := 0
	for _, cmd := range blankApp().cli().Commands {
		for _, f := range cmd.Flags {
			names := slices.DeleteFunc(slices.Clone(f.Names()), func(s string) bool { return s == "h" || s == "help" })
			if len(names) == 0 {
				continue
			}
			first, last := dashed(names[0]), dashed(names[len(names)-1])
			args := []string{"oktareset", cmd.Name, first + "=1", "FILE", last + "=2"}
			_, err := permute(args)
			if findFlag(cmd, first).repeatable {
				if err != nil {
					t.Errorf("%q: %v", args, err)
				}
				continue
			}
			if n++; fault.Code(err) != fault.ExitUsage || err == nil || !strings.Contains(err.Error(), "--"+names[0]+" is given twice") {
				t.Errorf("%q: %v, want a usage error that names the flag", args, err)
			}
		}
	}
	if n < 50 {
		t.Errorf("%d flags were tried", n)
	}
	for _, args := range [][]string{
		{"reset", "--confirm", "a:1", "u.csv", "--confirm", "a:2"},
		{"reset", "-o", "a", "--output", "b"},
		{"users", "-q", "-q"},
		{"reset", "--dry-run", "-n", "u.csv"},
		{"reset", "-halt", "fail=1", "--halt=fail=2"},
	} {
		if _, err := permute(append([]string{"oktareset"}, args...)); fault.Code(err) != fault.ExitUsage || err == nil {
			t.Errorf("permute(%q) = %v, want a usage error", args, err)
		}
	}
	for _, args := range [][]string{
		{"reset", "--user", "a", "--user", "b"}, {"reset", "u.csv", "--", "-o", "-o"}, {"reset", "--ticket", "--", "-q"}, {"__complete", "=--confirm", "=--confirm"},
	} {
		if _, err := permute(append([]string{"oktareset"}, args...)); err != nil && strings.Contains(err.Error(), "twice") {
			t.Errorf("permute(%q) = %v", args, err)
		}
	}
}

func dashed(name string) string {
	if len(name) == 1 {
		return "-" + name
	}
	return "--" + name
}
