package command

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"oktareset/runner/access"
	"oktareset/runner/console"
	"oktareset/runner/progress"
)

// A run asks for the limit once it knows its input; a rehearsal, which has the org in its
// memory too, doesn't.
func TestRunLimitsMemory(t *testing.T) {
	for flag, want := range map[string]int64{"--dry-run": 50 << 20, "--sandbox": 0} {
		path := filepath.Join(t.TempDir(), "users.csv")
		if err := os.WriteFile(path, []byte("userId\n00u00000000000000001\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		var stderr bytes.Buffer
		var got int64
		a := appOf(access.Process{
			Stdin: strings.NewReader(""), Stdout: io.Discard, Stderr: &stderr, Getenv: func(string) string { return "" },
			LimitMemory: func(bytes int64) { got = bytes },
		})
		a.Console = console.New(progress.NewScreen(&stderr), console.Options{})
		_ = a.cli().RunContext(t.Context(), []string{"oktareset", "reset", flag, path}) // without an org, it ends after that
		if got != want {
			t.Errorf("%s: a limit of %d bytes, want %d\n%s", flag, got, want, stderr.String())
		}
	}
}
