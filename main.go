// Command oktareset resets the MFA factors of many Okta users, from a CSV, with one certain
// result for every row.
package main

import (
	"context"
	"io"
	"log"
	"math"
	"net/http"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
	"time"

	"golang.org/x/term"

	"oktareset/runner/command"
)

// version and commit are set by the linker; without that, the build information tells.
var version, commit string

func main() { os.Exit(run()) }

// sameSignal is the time in which another signal is the first one's echo: timeout(1) signals
// the process and then its group, and a terminal that closes hangs up twice.
const sameSignal = time.Second

// watch cancels with the first signal and ends the process at once with a second one, unless
// that only says that nobody is there any more. What is ignored when the process starts, by
// nohup or by a shell for its background jobs, stays ignored.
func watch(cancel context.CancelCauseFunc, p command.Process) {
	signal.Ignore(syscall.SIGPIPE) // whoever read our stderr may be gone: that must not end a run in the middle
	signals := make(chan os.Signal, 4)
	for _, s := range []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGHUP} {
		if !signal.Ignored(s) {
			signal.Notify(signals, s)
		}
	}
	cancel(command.Signal{Signal: <-signals})
	first := time.Now()
	for s := range signals {
		if s == syscall.SIGHUP || time.Since(first) < sameSignal {
			continue
		}
		second := command.Signal{Signal: s}
		command.EndedAtOnce(p, second)
		os.Exit(second.ExitCode())
	}
}

// run hands the process to the program.
func run() int {
	// net/http logs what a server sends unasked, as it stands: past --log-format and -q, and
	// with whatever secret the server repeats.
	log.SetOutput(io.Discard)
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	p := process()
	go watch(cancel, p)
	return command.Run(ctx, p)
}

// process is the only place that touches streams and environment.
func process() command.Process {
	return command.Process{
		Args: os.Args, Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, Getenv: os.Getenv, Environ: os.Environ, Version: version, Commit: commit,
		Terminal:    term.IsTerminal(int(os.Stderr.Fd())),
		TerminalIn:  term.IsTerminal(int(os.Stdin.Fd())),
		TerminalOut: term.IsTerminal(int(os.Stdout.Fd())),
		Width:       width,
		LimitMemory: limitMemory, Proxied: http.ProxyFromEnvironment,
	}
}

// width is that of the terminal, whichever stream it is: help goes to stdout.
func width() int {
	for _, stream := range []*os.File{os.Stderr, os.Stdout} {
		if columns, _, err := term.GetSize(int(stream.Fd())); err == nil {
			return columns
		}
	}
	return 0
}

// limitMemory sets a soft limit, unless GOMEMLIMIT did: whoever runs the program knows the machine.
func limitMemory(bytes int64) {
	if debug.SetMemoryLimit(-1) == math.MaxInt64 {
		debug.SetMemoryLimit(bytes)
	}
}
