package console

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"time"

	"golang.org/x/term"
)

// Asker is somebody at a terminal.
type Asker interface {
	// Ask shows text and returns the line typed after it. It returns early when ctx ends; the
	// line is then lost, not used.
	Ask(ctx context.Context, text string) (string, error)
	// AskSecret is Ask without echo.
	AskSecret(ctx context.Context, text string) (string, error)
	Close()
}

// terminal is the user's own terminal, whatever stdin and stderr are.
type terminal struct {
	in, out *os.File
}

// OpenTerminal fails if there is nobody to ask.
func OpenTerminal() (Asker, error) {
	if runtime.GOOS != "windows" {
		tty, err := os.OpenFile("/dev/tty", os.O_RDWR, 0)
		if err != nil {
			return nil, err
		}
		return &terminal{tty, tty}, nil
	}
	in, err := os.OpenFile("CONIN$", os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	out, err := os.OpenFile("CONOUT$", os.O_RDWR, 0)
	if err != nil {
		return nil, errors.Join(err, in.Close())
	}
	return &terminal{in, out}, nil
}

func (t *terminal) Close() {
	_ = t.in.Close()
	if t.out != t.in {
		_ = t.out.Close()
	}
}

func (t *terminal) Ask(ctx context.Context, text string) (string, error) {
	if err := t.show(ctx, text); err != nil {
		return "", err
	}
	line, err := WaitFor(ctx, func() (string, error) { return bufio.NewReader(t.in).ReadString('\n') })
	if ctx.Err() != nil {
		_, _ = io.WriteString(t.out, "\n")
		return "", context.Cause(ctx)
	}
	if errors.Is(err, io.EOF) { // later text must not follow the question on its line
		_, _ = io.WriteString(t.out, "\n")
	} else if err != nil {
		return "", err
	}
	return strings.TrimSpace(line), nil
}

func (t *terminal) AskSecret(ctx context.Context, text string) (string, error) {
	fd := int(t.in.Fd())
	before, err := term.GetState(fd)
	if err != nil {
		return "", err
	}
	defer term.Restore(fd, before)                 //nolint:errcheck // also when ctx ends in the middle
	if err := hideInput(uintptr(fd)); err != nil { // an immediate answer must be hidden too
		return "", fmt.Errorf("hide what is typed: %w", err)
	}
	if err := t.show(ctx, text); err != nil {
		return "", err
	}
	defer io.WriteString(t.out, "\n") //nolint:errcheck // the answer's own isn't shown
	return WaitFor(ctx, func() (string, error) {
		b, err := term.ReadPassword(fd)
		return string(b), err
	})
}

// pasteTime is how long after the first piece of a paste the rest comes.
const pasteTime = 100 * time.Millisecond

// show shows a question. It first discards what was typed before: nobody can have answered a
// question before it was asked. A paste longer than the terminal's buffer comes in pieces.
func (t *terminal) show(ctx context.Context, text string) error {
	err := t.discard()
	if err == nil {
		pause := time.NewTimer(pasteTime)
		defer pause.Stop()
		select {
		case <-pause.C:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		err = t.discard()
	}
	if err == nil {
		_, err = io.WriteString(t.out, Wrap(text, t.columns()))
	}
	return err
}

// columns returns the terminal's width, 0 if unknown.
func (t *terminal) columns() int {
	columns, _, err := term.GetSize(int(t.out.Fd()))
	if err != nil {
		return 0
	}
	return columns
}

// discard discards typed input that was not read yet.
func (t *terminal) discard() error {
	conn, err := t.in.SyscallConn()
	if err != nil {
		return err
	}
	var discarded error
	err = conn.Control(func(fd uintptr) { discarded = discardInput(fd) })
	if err = errors.Join(err, discarded); err != nil {
		return fmt.Errorf("discard what was typed before: %w", err)
	}
	return nil
}

// WaitFor reads in the background, so that it can return when ctx ends; whatever is read later is
// lost.
func WaitFor(ctx context.Context, read func() (string, error)) (string, error) {
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
