// Command oktareset resets the MFA factors of many Okta users, from a CSV, with one certain result for every row.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"golang.org/x/term"

	"oktareset/runner/command"
)

// version is set by the linker; without that, the build information tells.
var version string

func main() { os.Exit(run()) }

// run hands the process to the program: the only place that touches streams, environment and signals.
func run() int {
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	// Whoever read our stderr may be gone: that must not end a run in the middle.
	signal.Ignore(syscall.SIGPIPE)
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	go func() {
		first := command.Signal{Signal: <-signals}
		cancel(first)
		second := command.Signal{Signal: <-signals}
		fmt.Fprintf(os.Stderr, "oktareset: %v again: ended at once\n", second)
		os.Exit(second.ExitCode())
	}()
	return command.Run(ctx, command.Process{
		Args: os.Args, Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, Getenv: os.Getenv, Version: version,
		Terminal: term.IsTerminal(int(os.Stderr.Fd())),
		Width: func() int {
			width, _, err := term.GetSize(int(os.Stderr.Fd()))
			if err != nil {
				return 0
			}
			return width
		},
	})
}
