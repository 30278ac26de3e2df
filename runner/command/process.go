package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"strings"
	"syscall"

	"oktareset/runner/files"
	"oktareset/runner/progress"
)

// Process is what the program needs of the process that it runs in.
type Process struct {
	Args           []string
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	Getenv         func(string) string
	Version        string     // of the program; "" to use the build information
	Commit         string     // that it was built from; the same
	Terminal       bool       // stderr is a terminal
	TerminalIn     bool       // stdin is one
	TerminalOut    bool       // stdout is one
	Width          func() int // columns of that terminal; 0: not known

	// LimitMemory asks for a soft limit in bytes: near it, memory is collected more often. nil: there is none.
	LimitMemory func(bytes int64)

	// FreeSpace returns how many bytes may still be written to the disk of a folder. nil: it isn't
	// known.
	FreeSpace func(folder string) (bytes uint64, ok bool)
}

// Signal is the cause of a context that a signal has ended.
type Signal struct{ Signal os.Signal }

func (s Signal) Error() string {
	switch s.Signal {
	case os.Interrupt:
		return "interrupted"
	case syscall.SIGTERM:
		return "terminated"
	case syscall.SIGHUP:
		return "hung up"
	}
	return s.Signal.String()
}

// ExitCode is 128 and the signal's number, as shells have it.
func (s Signal) ExitCode() int {
	var number syscall.Signal
	if n, ok := s.Signal.(syscall.Signal); ok {
		number = n
	}
	return 128 + int(number)
}

// Run carries out the command line and returns the exit code. Cancelling ctx with a [Signal] as the cause stops cleanly.
func Run(ctx context.Context, p Process) int {
	p.identify(debug.ReadBuildInfo())
	args, err := permute(p.Args)
	a := &app{Process: p, console: newConsole(progress.NewScreen(p.Stderr), consoleOptions{json: wantsJSON(p.Args)})}
	if err == nil {
		err = a.cli().RunContext(ctx, args)
	}
	a.console.fail(err)                                                                       // by now in the form that the flags asked for
	reset := len(p.Args) > 1 && p.Args[1] == "reset" && (err != nil || a.outcome.runID != "") // not its --help
	if reset && (!p.Terminal || a.console.opts.json) {                                        // on a terminal, a person has read the summary
		a.outcome.tell(a.console, err)
	}
	return exitCode(err)
}

// EndedAtOnce tells that a second signal ends the program before its work is over, in the form that its arguments ask for.
func EndedAtOnce(args []string, stderr io.Writer, s Signal) {
	c := newConsole(progress.NewScreen(stderr), consoleOptions{json: wantsJSON(args)})
	c.info("%v again: ended at once; --resume goes on", s)
}

// hinted is an error with what to do about it.
type hinted struct {
	error
	hint string
}

func (h hinted) Unwrap() error { return h.error }

// hint returns what to do about an error, or "".
func hint(err error) string {
	var h hinted
	if errors.As(err, &h) && h.hint != "" {
		return h.hint
	}
	if refused := (*files.RefusedError)(nil); errors.As(err, &refused) {
		return refused.Hint
	}
	return ""
}

// usageError is a command line that can't be carried out.
func usageError(hint, format string, a ...any) error {
	return coded{code: exitUsage, error: hinted{fmt.Errorf(format, a...), hint}}
}

// also adds what went wrong beside an error; either may be nil. It stays one line, unlike errors.Join.
func also(err, other error) error {
	switch {
	case err == nil:
		return other
	case other == nil, errors.Is(err, other): // said already
		return err
	}
	return fmt.Errorf("%w; %w", err, other)
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
