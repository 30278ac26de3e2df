package command

import (
	"bufio"
	"context"
	"errors"
	"io"
	"strings"

	"golang.org/x/term"

	"oktareset/oktaclient"
)

// maxSecret is far longer than any passcode or answer.
const maxSecret = 4096

// secret reads a passcode or an answer: from the terminal without showing it if stdin is one, else a line of stdin.
func (r *factorsRun) secret(ctx context.Context, what string) (oktaclient.Passcode, error) {
	line, err := "", error(nil)
	if r.TerminalIn {
		tty, terr := openTerminal()
		if terr != nil {
			return "", usageError("pipe it in", "read the %s: %w", what, terr)
		}
		defer tty.close()
		line, err = tty.askSecret(ctx, what+" (not shown): ")
	} else {
		line, err = r.readLine(ctx)
	}
	switch line = strings.TrimSpace(line); {
	case ctx.Err() != nil:
		return "", stopError(context.Cause(ctx))
	case err != nil && !errors.Is(err, io.EOF):
		return "", usageError("", "read the %s: %w", what, err)
	case line == "":
		return "", notDone("type it on a terminal, or pipe it in; verify --no-challenge sends no other one", "no %s was given", what)
	}
	return oktaclient.Passcode(line), nil
}

// readLine reads a line of stdin, byte by byte: what stands behind it is the next one's.
func (r *factorsRun) readLine(ctx context.Context) (string, error) {
	return waitFor(ctx, func() (string, error) {
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

// askSecret is ask for what isn't to be seen.
func (t *terminal) askSecret(ctx context.Context, text string) (string, error) {
	if _, err := io.WriteString(t.out, text); err != nil {
		return "", err
	}
	fd := int(t.in.Fd())
	before, err := term.GetState(fd)
	if err != nil {
		return "", err
	}
	defer func() {
		_ = term.Restore(fd, before) // also when ctx ends in the middle
		_, _ = io.WriteString(t.out, "\n")
	}()
	return waitFor(ctx, func() (string, error) {
		b, err := term.ReadPassword(fd)
		return string(b), err
	})
}

// waitFor reads in the background, so that the end of ctx is noticed; what is read after that is lost.
func waitFor(ctx context.Context, read func() (string, error)) (string, error) {
	type answer struct {
		text string
		err  error
	}
	done := make(chan answer, 1)
	go func() {
		text, err := read()
		done <- answer{text, err}
	}()
	select {
	case a := <-done:
		return a.text, a.err
	case <-ctx.Done():
		return "", context.Cause(ctx)
	}
}
