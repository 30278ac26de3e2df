package command

import (
	"os"
	"strings"
	"testing"
	"time"

	"oktareset/oktaclient/oktatest"
	"oktareset/runner/fault"
)

// --max-duration bounds what comes before the first reset, too: a job's scheduler counts from the start.
func TestMaxDurationBoundsTheStart(t *testing.T) {
	const latency = 10 * time.Second
	virtually(t, 3, oktatest.Config{Latency: latency}, func(v *virtual) {
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
