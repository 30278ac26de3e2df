package access

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"strings"
	"time"

	"golang.org/x/term"

	"oktareset/oktaclient"
	"oktareset/runner/fault"
	"oktareset/runner/files"
)

const (
	// commandLimit is how long a token command may take. A person may have to find a hardware key
	// and touch it; a job at night must not wait for somebody who isn't there.
	commandLimit = time.Minute
	// commandGrace is how long it may take after it was asked to end, and how long what it leaves
	// behind may keep its output open.
	commandGrace = 2 * time.Second
)

// What ends a token command early.
var (
	errCommandSlow = errors.New("took too long")
	errCommandLong = errors.New("printed too much")
)

// program is a token command that can be run.
type program struct {
	name   string // as messages call it
	path   string
	args   []string
	env    []string
	input  *os.File  // a terminal that it may ask on; nil: it has no input
	stderr io.Writer // nil: what it writes there is kept
	limit  time.Duration
}

// printed is what a program has printed.
type printed struct {
	token oktaclient.Token // the first line, without what surrounds it
	said  string           // on stderr, if that was kept
}

// run runs the program to its end, or until ctx ends. Its errors repeat neither arguments nor
// output.
func (p program) run(ctx context.Context) (printed, error) {
	ctx, stop := context.WithTimeoutCause(ctx, p.limit, errCommandSlow)
	defer stop()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	out := &firstBytes{full: func() { cancel(errCommandLong) }}
	said := &firstBytes{full: func() {}}
	cmd := exec.CommandContext(ctx, p.path, p.args...) //nolint:gosec // G204: the user's own setting says what to run
	cmd.Env, cmd.Stdout, cmd.Stderr, cmd.WaitDelay = p.env, out, p.stderr, commandGrace
	if p.stderr == nil {
		cmd.Stderr = said
	}
	if p.input != nil {
		cmd.Stdin = p.input
		defer keepTerminal(p.input)()
	}
	ownSession(cmd)
	err := cmd.Run()
	if ctx.Err() != nil && cmd.Process != nil {
		endSession(cmd.Process)
	}
	line, _, _ := strings.Cut(strings.TrimPrefix(string(out.kept), "\ufeff"), "\n")
	got := printed{oktaclient.Token(strings.TrimSpace(line)), string(said.kept)}
	return got, p.explain(err, context.Cause(ctx), got.token)
}

// explain says why there is no token; nil: there is one.
func (p program) explain(err, cause error, token oktaclient.Token) error {
	exit, failed := errors.AsType[*exec.ExitError](err)
	switch {
	case errors.Is(cause, errCommandSlow):
		return fault.Usage("run it in your shell to see what it waits for; nothing was sent", "the token command %s didn't end within %s", p.name, p.limit)
	case errors.Is(cause, errCommandLong):
		return fault.Usage("it has to print the API token alone", "the token command %s printed more than %d bytes", p.name, maxCommandOutput)
	case cause != nil:
		return fault.Refused(cause)
	case failed:
		return fault.Usage("run it in your shell to see why; nothing was sent", "the token command %s failed (%s)", p.name, exit)
	case err != nil && !errors.Is(err, exec.ErrWaitDelay): // that: it ended well, and left somebody behind
		if path, ok := errors.AsType[*fs.PathError](err); ok {
			err = path.Err
		}
		return fault.Usage("run it in your shell to see why; nothing was sent", "the token command %s can't be run: %w", p.name, err)
	case token == "":
		return fault.Usage("the API token has to be the first line of its output", "the token command %s printed no token", p.name)
	}
	return nil
}

// keepTerminal returns what makes a terminal as it is now: a program that is ended in the middle of
// a question leaves it without an echo.
func keepTerminal(f *os.File) (restore func()) {
	before, err := term.GetState(int(f.Fd()))
	if err != nil {
		return func() {}
	}
	return func() { _ = term.Restore(int(f.Fd()), before) }
}

// maxCommandOutput is as much as a file with a secret may hold.
const maxCommandOutput = files.MaxSecret

// firstBytes keeps the first bytes that are written to it, and calls full when there are more.
type firstBytes struct {
	kept []byte
	full func()
}

func (w *firstBytes) Write(b []byte) (int, error) {
	room := maxCommandOutput - len(w.kept)
	if len(b) > room {
		w.full()
	}
	w.kept = append(w.kept, b[:min(len(b), room)]...)
	return len(b), nil
}

// commandInput returns the terminal that a token command may ask on, or nil, and what closes
// it. It is never another stdin: that is the command's data, as the CSV of reset. A job in the
// background gets no terminal: the program would take what is typed to the shell.
func (e *Env) commandInput() (*os.File, func()) {
	if f, ok := e.Typed.(*os.File); ok && e.TerminalIn {
		if inForeground(f) {
			return f, func() {}
		}
		return nil, func() {}
	}
	f, err := os.OpenFile(terminalName, os.O_RDWR, 0)
	if err != nil {
		return nil, func() {}
	}
	if !inForeground(f) {
		_ = f.Close()
		return nil, func() {}
	}
	return f, func() { _ = f.Close() }
}

// notForCommands are the settings that hold secrets, and the one that would run the command again.
var notForCommands = []string{"OKTA_CLIENT_TOKEN", "OKTA_API_TOKEN", "OKTA_CLIENT_PRIVATEKEY", tokenCommandVariable}

// ProgramEnv is the environment for other programs: without our secrets.
func (e *Env) ProgramEnv() []string {
	env := []string{} // nil would be all of it
	if e.Environ == nil {
		return env
	}
next:
	for _, v := range e.Environ() {
		name, _, _ := strings.Cut(v, "=")
		for _, secret := range notForCommands {
			if strings.EqualFold(name, secret) { // Windows has one name in any case
				continue next
			}
		}
		env = append(env, v)
	}
	return env
}

// tell shows what a token command said on stderr, where that was kept: as records of ours, without
// the token.
func (e *Env) tell(name string, got printed, failed bool) {
	said := got.said
	if len(got.token) >= minToken {
		said = strings.ReplaceAll(said, string(got.token), got.token.String())
	}
	for line := range strings.Lines(said) {
		switch line = strings.TrimSpace(line); {
		case line == "":
		case failed:
			e.Console.Log.Error(name + ": " + line)
		default:
			e.Console.Info("%s: %s", name, line)
		}
	}
}

// minToken is the length below which a text may be anything.
const minToken = 8
