package command

import (
	"os"
	"strings"
	"testing"
	"time"

	"oktareset/oktaclient/standin"
	"oktareset/runner/fault"
)

// --max-duration bounds what comes before the first reset, too: a job's scheduler counts from
// the start.
func TestMaxDurationBoundsTheStart(t *testing.T) {
	t.Parallel()
	const latency = 10 * time.Second
	virtually(t, 3, standin.Config{Latency: latency}, func(v *virtual) {
		vips := "login\na@example.com\nb@example.com\nc@example.com\nd@example.com\ne@example.com\nf@example.com\n"
		if err := os.WriteFile(v.path("vips.csv"), []byte(vips), 0o600); err != nil {
			t.Fatal(err)
		}
		for _, d := range []time.Duration{5 * time.Second, 25 * time.Second} { // in the first call; while who is excluded is looked up
			start := time.Now()
			code := v.reset(confirm(3), "--exclude", v.path("vips.csv"), "--max-duration", d.String())
			if took := time.Since(start); code != fault.ExitStopped || took > d+latency || // what was sent is waited for
				!strings.Contains(v.stderr, "error: the time for this run is over (--max-duration)\n") {
				t.Errorf("exit code %d after %s of %s:\n%s", code, took, d, v.stderr)
			}
			if _, err := os.Lstat(v.path("users.results.csv")); !os.IsNotExist(err) {
				t.Errorf("results of a run that did nothing: %v", err)
			}
		}
		v.resets(map[int]int{0: 3})
	})
}

// It bounds also the time in which the org is asked who it is, for a plan or for results of earlier
// dates.
func TestMaxDurationBoundsTheOrgsName(t *testing.T) {
	t.Parallel()
	virtually(t, 1, standin.Config{}, func(v *virtual) {
		v.wantEnd(v.reset("--dry-run"), 0)
		v.wantEnd(v.dated(), 0)
		nextDay()
		v.org.Script(standin.Fault{Kind: standin.TooManyPast, Times: 1000})
		for _, args := range [][]string{{v.path("users.plan.csv"), confirm(1)}, {v.path("users.csv"), "-o", v.path("%Y-%m-%d.csv"), confirm(1)}} {
			start := time.Now()
			v.args = args
			v.wantEnd(v.reset("--max-duration", "5s"), fault.ExitStopped, "error: the time for this run is over (--max-duration)\n")
			if took := time.Since(start); took > 6*time.Second {
				v.t.Errorf("%q: it took %s", args, took)
			}
		}
		v.resets(map[int]int{1: 1})
	})
}
