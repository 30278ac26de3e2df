package access

import (
	"io"
	"net/http"
	"net/url"
	"os/user"

	"oktareset/runner/console"
)

// Process is the program's access to its own process.
type Process struct {
	Args           []string
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	Getenv         func(string) string
	Environ        func() []string // for a token command; nil: it gets no environment
	Version        string          // of the program; "" to use the build information
	Commit         string          // that it was built from; "" likewise
	Terminal       bool            // stderr is a terminal
	TerminalIn     bool            // stdin is a terminal
	TerminalOut    bool            // stdout is a terminal
	Width          func() int      // columns of that terminal; 0: unknown

	// Proxied returns the proxy that the environment sets for a request; a nil URL means none. If
	// Proxied is nil, the configured proxy is used for every request.
	Proxied func(*http.Request) (*url.URL, error)

	// LimitMemory sets a soft limit in bytes: near it, garbage is collected more often. nil: no
	// limit.
	LimitMemory func(bytes int64)

	// FreeSpace returns how many bytes may still be written to the disk of a folder. nil:
	// unknown.
	FreeSpace func(folder string) (bytes uint64, ok bool)
}

// Operator returns the name of whoever started the program, "" if it isn't known.
func (p *Process) Operator() string {
	for _, variable := range []string{"USER", "USERNAME", "LOGNAME"} {
		if name := p.Getenv(variable); name != "" {
			return name
		}
	}
	if u, err := user.Current(); err == nil {
		return u.Username
	}
	return ""
}

// Columns returns the terminal's width, or the default if it isn't known.
func (p *Process) Columns() int {
	if p.Width != nil {
		if columns := p.Width(); columns > 0 {
			return columns
		}
	}
	return console.DefaultColumns
}
