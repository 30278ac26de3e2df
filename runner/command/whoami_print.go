package command

import (
	"io"

	"oktareset/runner/access"
	"oktareset/runner/console"
)

// printIdentity prints what whoami found out, on stdout.
func printIdentity(e *access.Env, id access.Identity, asJSON bool) error {
	if asJSON {
		return console.PrintJSON(e.Stdout, id)
	}
	columns := 0
	if e.TerminalOut {
		columns = e.Columns()
	}
	_, err := io.WriteString(e.Stdout, id.Text(columns))
	return err
}
