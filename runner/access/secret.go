package access

import (
	"bufio"
	"context"
	"errors"
	"io"
	"strings"
	"time"

	"oktareset/oktaclient"
	"oktareset/runner/console"
	"oktareset/runner/fault"
)

// maxSecret is far longer than any passcode or answer.
const maxSecret = 4096

const hintTyped = "type it on a terminal, or pipe it in"

// Secret reads a passcode or an answer: from the terminal without echo if stdin is one, otherwise
// a line of stdin. more is what the hint adds if there is none.
func (e *Env) Secret(ctx context.Context, what, more string) (oktaclient.Passcode, error) {
	line, err := "", error(nil)
	if e.TerminalIn {
		tty, terr := e.OpenTerminal()
		if terr != nil {
			return "", fault.Usage("pipe it in", "read the %s: %w", what, terr)
		}
		defer tty.Close()
		line, err = tty.AskSecret(ctx, what+" (not shown): ")
	} else {
		line, err = e.readLine(ctx)
	}
	switch line = strings.TrimSpace(line); {
	case ctx.Err() != nil:
		return "", fault.Stopped(context.Cause(ctx))
	case err != nil && !errors.Is(err, io.EOF):
		return "", fault.Usage("", "read the %s: %w", what, err)
	case line == "":
		return "", fault.New(fault.ExitRows, hintTyped+more, "no %s was given", what)
	}
	return oktaclient.Passcode(line), nil
}

// emptyWithin is how long an empty or closed stdin may take to show that it is.
const emptyWithin = 200 * time.Millisecond

// Answerable refuses to ask for a passcode or an answer that nobody can give: stdin is empty or
// closed. A pipe whose writer waits for the question is neither.
func (e *Env) Answerable(ctx context.Context, what string) error {
	if e.TerminalIn {
		return nil
	}
	p := &begun{first: make(chan firstRead, 1), rest: e.Stdin}
	go func() {
		var r firstRead
		_, r.err = io.ReadFull(p.rest, r.one[:])
		p.first <- r
	}()
	e.Stdin = p
	select {
	case r := <-p.first:
		p.first <- r
		if r.err != nil {
			return fault.Usage(hintTyped+"; nothing was sent", "nobody can give the %s: stdin is empty or closed", what)
		}
	case <-time.After(emptyWithin):
	case <-ctx.Done():
		return fault.Stopped(context.Cause(ctx))
	}
	return nil
}

// begun is a reader whose first byte is being read already.
type begun struct {
	first chan firstRead // nil once it was taken
	rest  io.Reader
}

type firstRead struct {
	one [1]byte
	err error
}

func (b *begun) Read(p []byte) (int, error) {
	if b.first == nil || len(p) == 0 {
		return b.rest.Read(p)
	}
	r := <-b.first
	b.first = nil
	if r.err != nil {
		return 0, r.err
	}
	return copy(p, r.one[:]), nil
}

// readLine reads one line of stdin byte by byte, leaving the rest for the next question.
func (e *Env) readLine(ctx context.Context) (string, error) {
	return console.WaitFor(ctx, func() (string, error) {
		var b strings.Builder
		for b.Len() < maxSecret {
			var one [1]byte
			if _, err := io.ReadFull(e.Stdin, one[:]); err != nil || one[0] == '\n' {
				return b.String(), err
			}
			b.WriteByte(one[0])
		}
		return "", bufio.ErrTooLong
	})
}
