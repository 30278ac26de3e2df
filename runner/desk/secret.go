package desk

import (
	"bufio"
	"context"
	"errors"
	"io"
	"strings"

	"oktareset/oktaclient"
	"oktareset/runner/console"
	"oktareset/runner/fault"
)

// maxSecret is far longer than any passcode or answer.
const maxSecret = 4096

// secret reads a passcode or an answer: from the terminal without echo if stdin is one, otherwise
// a line of stdin.
func (r *task) secret(ctx context.Context, what string) (oktaclient.Passcode, error) {
	line, err := "", error(nil)
	if r.TerminalIn {
		tty, terr := r.OpenTerminal()
		if terr != nil {
			return "", fault.Usage("pipe it in", "read the %s: %w", what, terr)
		}
		defer tty.Close()
		line, err = tty.AskSecret(ctx, what+" (not shown): ")
	} else {
		line, err = r.readLine(ctx)
	}
	switch line = strings.TrimSpace(line); {
	case ctx.Err() != nil:
		return "", fault.Stopped(context.Cause(ctx))
	case err != nil && !errors.Is(err, io.EOF):
		return "", fault.Usage("", "read the %s: %w", what, err)
	case line == "":
		return "", notDone("type it on a terminal, or pipe it in; with --no-challenge, verify sends no other passcode", "no %s was given", what)
	}
	return oktaclient.Passcode(line), nil
}

// readLine reads one line of stdin byte by byte, leaving the rest for the next question.
func (r *task) readLine(ctx context.Context) (string, error) {
	return console.WaitFor(ctx, func() (string, error) {
		var b strings.Builder
		for b.Len() < maxSecret {
			var one [1]byte
			if _, err := io.ReadFull(r.Stdin, one[:]); err != nil || one[0] == '\n' {
				return b.String(), err
			}
			b.WriteByte(one[0])
		}
		return "", bufio.ErrTooLong
	})
}
