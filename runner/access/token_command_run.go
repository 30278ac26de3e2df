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
	// commandGrace is how long the command may take to end after it was asked to, and how long
	// its remaining processes may keep its output open.
	commandGrace = 2 * time.Second
)

// The reasons for ending a token command early.
var (
	errCommandSlow = errors.New("took too long")
	errCommandLong = errors.New("printed too much")
)

// program is a token command, ready to run.
type program struct {
	name   string // in messages
	path   string
	args   []string
	env    []string
	input  *os.File  // a terminal for its questions; nil: no input
	stderr io.Writer // nil: its stderr is kept
	limit  time.Duration
}

// printed is the output of a program.
type printed struct {
	token oktaclient.Token // the first line, trimmed
	said  string           // on stderr, if kept
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
	// With ErrWaitDelay the program ended well, but one of its processes kept running.
	case err != nil && !errors.Is(err, exec.ErrWaitDelay):
		if path, ok := errors.AsType[*fs.PathError](err); ok {
			err = path.Err
		}
		return fault.Usage("run it in your shell to see why; nothing was sent", "the token command %s can't be run: %w", p.name, err)
	case token == "":
		return fault.Usage("the API token has to be the first line of its output", "the token command %s printed no token", p.name)
	}
	return nil
}

// keepTerminal returns a function that restores the terminal's present state: a program that is
// ended during a question would leave it without echo.
func keepTerminal(f *os.File) (restore func()) {
	before, err := term.GetState(int(f.Fd()))
	if err != nil {
		return func() {}
	}
	return func() { _ = term.Restore(int(f.Fd()), before) }
}

// maxCommandOutput is the size limit of a file with a secret.
const maxCommandOutput = files.MaxSecret

// firstBytes keeps the first bytes written to it, and calls full if there are more.
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

// commandInput returns the terminal for a token command's questions, or nil, and a function to
// close it. It is never redirected stdin: that has the data, as the CSV of reset. A job in the
// background gets no terminal: it would take what is typed to the shell.
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

// notForCommands are the settings with secrets, and the one that would run the command again.
var notForCommands = []string{"OKTA_CLIENT_TOKEN", "OKTA_API_TOKEN", "OKTA_CLIENT_PRIVATEKEY", tokenCommandVariable, mailPasswordVariable}

// ProgramEnv returns the environment for other programs, without our secrets.
func (e *Env) ProgramEnv() []string {
	env := []string{} // nil would mean the whole environment
	if e.Environ == nil {
		return env
	}
next:
	for _, v := range e.Environ() {
		name, _, _ := strings.Cut(v, "=")
		for _, secret := range notForCommands {
			if strings.EqualFold(name, secret) { // on Windows, the case of names doesn't matter
				continue next
			}
		}
		env = append(env, v)
	}
	return env
}

// tell shows the kept stderr of a token command as log records, without the token.
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

// minToken is the least length of a token to redact: a shorter text may occur by chance.
const minToken = 8
