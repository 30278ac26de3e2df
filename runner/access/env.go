package access

import (
	"context"
	"io"
	"net"
	"net/http"

	"oktareset/oktaclient"
	"oktareset/runner/console"
	"oktareset/runner/progress"
)

// Env is what every command works with.
type Env struct {
	Process
	Console   *console.Console
	Transport http.RoundTripper             // nil: the network
	TTY       func() (console.Asker, error) // nil: the user's own terminal
	Typed     io.Reader                     // the process's own stdin

	// Dial connects to a mail server; nil: the network.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)

	printed oktaclient.Token // by the token command, which runs once; "": not yet
}

// OpenTerminal opens the terminal for questions. It fails if there is nobody to ask.
func (e *Env) OpenTerminal() (console.Asker, error) {
	if e.TTY != nil {
		return e.TTY()
	}
	return console.OpenTerminal()
}

// Progress starts a display of progress: a bar on a terminal, lines elsewhere, nothing with --quiet.
// o says what is counted. The caller must call [progress.Progress.Done].
func (e *Env) Progress(o progress.Options) *progress.Progress {
	if e.Console.Opts.Quiet {
		return nil
	}
	o.Screen, o.Line = e.Console.Screen, func(s string) { e.Console.Info("%s", s) }
	if e.Terminal && e.Getenv("TERM") != "dumb" && !e.Console.Opts.JSON {
		o.Columns = e.Width
	}
	return progress.New(o)
}
