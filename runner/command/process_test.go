package command

import (
	"bytes"
	"os"
	"regexp"
	"testing"

	"oktareset/runner/fault"
)

// Whoever asks for JSON gets it in every line, even in that of a process that has no time left.
func TestEndedAtOnce(t *testing.T) {
	t.Parallel()
	for want, args := range map[string][]string{
		`^oktareset: interrupted again: stopped at once; who was under way is in doubt, and --resume finds out what became of them\n$`: {"oktareset", "reset", "a.csv"},
		`^{"time":"[^"]+","level":"INFO","msg":"interrupted again: stopped at once; [^"]+became of them"}\n$`:                          {"oktareset", "reset", "--log-format", "json", "a.csv"},
	} {
		var b bytes.Buffer
		EndedAtOnce(Process{Args: args, Stderr: &b}, fault.Signal{Signal: os.Interrupt})
		if !regexp.MustCompile(want).Match(b.Bytes()) {
			t.Errorf("%q: %q doesn't match %s", args, b.String(), want)
		}
	}
}
