package access

import (
	"io"
	"net/http"

	"oktareset/oktaclient"
	"oktareset/runner/console"
)

// Env is what every command works with.
type Env struct {
	Process
	Console   *console.Console
	Transport http.RoundTripper             // nil: the network
	TTY       func() (console.Asker, error) // nil: the person's own
	Typed     io.Reader                     // stdin as the process has it

	printed oktaclient.Token // by the token command, which runs once; "": it hasn't run
}

// OpenTerminal opens the terminal to ask somebody. It fails where there is nobody to ask.
func (e *Env) OpenTerminal() (console.Asker, error) {
	if e.TTY != nil {
		return e.TTY()
	}
	return console.OpenTerminal()
}
