package access

import (
	"context"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"strings"
)

// Page shows a text: on a terminal by the pager, elsewhere and without one as it is.
func Page(ctx context.Context, e *Env, text string) error {
	if cmd := pager(ctx, e); cmd != nil {
		cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(text), e.Stdout, e.Stderr
		cmd.Env = e.ProgramEnv()
		if e.Getenv("LESS") == "" { // a short text isn't paged, and stays on the screen
			cmd.Env = append(cmd.Env, "LESS=FRX")
		}
		cmd.Env = append(cmd.Env, "LESSHISTFILE=-") // no file is written but those that were asked for
		if cmd.Start() == nil {
			signal.Ignore(os.Interrupt) // it is for the pager: ending first would leave it the terminal
			_ = cmd.Wait()              // whoever leaves it early has read enough
			return nil
		}
	}
	_, err := io.WriteString(e.Stdout, text)
	return err
}

// pager is the program that $PAGER names, else less; nil where there is nobody to page for. No
// shell runs it: it is a program and its flags. A signal doesn't end it: it is for whoever reads.
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
