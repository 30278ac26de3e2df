package command

import (
	"context"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"strings"
)

// page shows a text: on a terminal by the pager, elsewhere and without one as it is.
func (a *app) page(ctx context.Context, text string) error {
	if cmd := a.pager(ctx); cmd != nil {
		cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(text), a.Stdout, a.Stderr
		cmd.Env = a.ProgramEnv()
		if a.Getenv("LESS") == "" { // a short text isn't paged, and stays on the screen
			cmd.Env = append(cmd.Env, "LESS=FRX")
		}
		cmd.Env = append(cmd.Env, "LESSHISTFILE=-") // no file is written but those that were asked for
		if cmd.Start() == nil {
			signal.Ignore(os.Interrupt) // it is for the pager: ending first would leave it the terminal
			_ = cmd.Wait()              // whoever leaves it early has read enough
			return nil
		}
	}
	_, err := io.WriteString(a.Stdout, text)
	return err
}

// pager is the program that $PAGER names, else less; nil where there is nobody to page for. No
// shell runs it: it is a program and its flags. A signal doesn't end it: it is for whoever reads.
func (a *app) pager(ctx context.Context) *exec.Cmd {
	if !a.TerminalOut || !a.TerminalIn || a.Getenv("TERM") == "dumb" {
		return nil
	}
	words := strings.Fields(a.Getenv("PAGER"))
	if len(words) == 0 {
		words = []string{"less"}
	}
	path, err := exec.LookPath(words[0])
	if err != nil {
		return nil
	}
	return exec.CommandContext(context.WithoutCancel(ctx), path, words[1:]...) //nolint:gosec // G204: the user's own setting says what to run
}
