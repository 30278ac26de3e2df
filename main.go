// Command oktareset resets the MFA factors of many Okta users, named in a CSV. Every row ends in
// exactly one known result.
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

// version and commit are set by the linker. If they are empty, the build information is shown.
var version, commit string

func main() { os.Exit(run()) }

// sameSignal is the time within which a second signal counts as an echo of the first: timeout(1)
// signals the process and then its group, and a closing terminal hangs up twice.
const sameSignal = time.Second

// watch cancels the context at the first signal and ends the process at the second. A hangup, or
// a signal within sameSignal, never counts as the second. Signals that were ignored when the
// process started, by nohup or by a shell for its background jobs, stay ignored.
func watch(cancel context.CancelCauseFunc, p command.Process) {
	// a reader of our stderr may go away; that must not end a run in the middle
	signal.Ignore(syscall.SIGPIPE)
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

func run() int {
	// net/http logs unexpected server output as it stands: it ignores --log-format and -q, and
	// would print any secret that the server repeats.
	log.SetOutput(io.Discard)
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	p := process()
	go watch(cancel, p)
	return command.Run(ctx, p)
}

// process hands streams and environment to the program, which looks for them nowhere else.
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

// width returns the terminal's width. It tries stderr, then stdout, because help goes to stdout.
func width() int {
	for _, stream := range []*os.File{os.Stderr, os.Stdout} {
		if columns, _, err := term.GetSize(int(stream.Fd())); err == nil {
			return columns
		}
	}
	return 0
}

// limitMemory sets a soft limit unless GOMEMLIMIT is set: whoever set that knows the machine.
func limitMemory(bytes int64) {
	if debug.SetMemoryLimit(-1) == math.MaxInt64 {
		debug.SetMemoryLimit(bytes)
	}
}
