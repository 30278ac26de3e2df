package access

import (
	"strings"
	"testing"
	"testing/synctest"

	"oktareset/runner"
	"oktareset/runner/console"
	"oktareset/runner/progress"
)

// A bar needs a terminal that can go back in a line, and a person who reads it. Otherwise lines are
// printed, and nothing with --quiet.
func TestProgress(t *testing.T) {
	t.Parallel()
	const (
		lines = "oktareset: progress: reset 1/1 (100%), in 0 s\n"
		json  = `"msg":"progress: reset 1/1 (100%), in 0 s"`
	)
	for _, tt := range []struct {
		terminal bool
		term     string
		o        console.Options
		want     string
	}{
		{true, "xterm", console.Options{}, "\rreset [========================================] 1/1 (100%), in 0 s"},
		{true, "dumb", console.Options{}, lines},
		{false, "xterm", console.Options{}, lines},
		{true, "xterm", console.Options{JSON: true}, json},
		{true, "xterm", console.Options{Quiet: true}, ""},
	} {
		synctest.Test(t, func(t *testing.T) {
			var stderr strings.Builder
			e := Env{Process: Process{Terminal: tt.terminal, Width: func() int { return 80 }, Getenv: func(string) string { return tt.term }}}
			e.Console = console.New(progress.NewScreen(&stderr), tt.o)
			p := e.Progress(progress.Options{Label: "reset", Total: 1})
			p.Add(runner.StatusReset)
			p.Done()
			if got := stderr.String(); !strings.Contains(got, tt.want) || tt.want == "" && got != "" {
				t.Errorf("%+v: %q, want %q", tt, got, tt.want)
			}
		})
	}
}
