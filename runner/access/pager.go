package access

import (
	"context"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"strings"
)

// Page shows a text: through the pager on a terminal, directly elsewhere or without a pager.
func Page(ctx context.Context, e *Env, text string) error {
	if cmd := pager(ctx, e); cmd != nil {
		cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(text), e.Stdout, e.Stderr
		cmd.Env = e.ProgramEnv()
		if e.Getenv("LESS") == "" { // a short text isn't paged, and stays on the screen
			cmd.Env = append(cmd.Env, "LESS=FRX")
		}
		// the program writes only the files that it is asked for
		cmd.Env = append(cmd.Env, "LESSHISTFILE=-")
		if cmd.Start() == nil {
			// Ctrl-C is for the pager: if this process ended first, the pager would lose its
			// terminal
			signal.Ignore(os.Interrupt)
			_ = cmd.Wait() // leaving the pager early is fine
			return nil
		}
	}
	_, err := io.WriteString(e.Stdout, text)
	return err
}

// pager returns the program in $PAGER, otherwise less; nil if nobody reads at a terminal. $PAGER
// is a program with its flags; no shell runs it. A signal doesn't end it: its reader does.
func pager(ctx context.Context, e *Env) *exec.Cmd {
	if !e.TerminalOut || !e.TerminalIn || e.Getenv("TERM") == "dumb" {
		return nil
	}
	words := strings.Fields(e.Getenv("PAGER"))
	if len(words) == 0 {
		words = []string{"less"}
	}
	path, err := exec.LookPath(words[0])
	if err != nil {
		return nil
	}
	return exec.CommandContext(context.WithoutCancel(ctx), path, words[1:]...) //nolint:gosec // G204: the user's own setting says what to run
}
