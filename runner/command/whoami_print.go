package command

import (
	"io"

	"oktareset/runner/access"
	"oktareset/runner/console"
)

// printIdentity prints what whoami found out, on stdout.
func (a *app) printIdentity(id access.Identity, asJSON bool) error {
	if asJSON {
		return console.PrintJSON(a.Stdout, id)
	}
	columns := 0
	if a.TerminalOut {
		columns = a.Columns()
	}
	_, err := io.WriteString(a.Stdout, id.Text(columns))
	return err
}
