package access

import (
	"io"
	"net/http"
	"net/url"

	"oktareset/runner/console"
)

// Process is what the program needs of the process that it runs in.
type Process struct {
	Args           []string
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	Getenv         func(string) string
	Environ        func() []string // for the program of a token command; nil: it gets none
	Version        string          // of the program; "" to use the build information
	Commit         string          // that it was built from; the same
	Terminal       bool            // stderr is a terminal
	TerminalIn     bool            // stdin is one
	TerminalOut    bool            // stdout is one
	Width          func() int      // columns of that terminal; 0: not known

	// Proxied says what the environment has a request go through; a nil URL: nothing. nil: the
	// proxy that is set, whatever the request.
	Proxied func(*http.Request) (*url.URL, error)

	// LimitMemory asks for a soft limit in bytes: near it, memory is collected more often. nil:
	// there is none.
	LimitMemory func(bytes int64)

	// FreeSpace returns how many bytes may still be written to the disk of a folder. nil: it isn't
	// known.
	FreeSpace func(folder string) (bytes uint64, ok bool)
}

// Columns is how wide the terminal is, that of one that doesn't say included.
func (p *Process) Columns() int {
	if p.Width != nil {
		if columns := p.Width(); columns > 0 {
			return columns
		}
	}
	return console.DefaultColumns
}
