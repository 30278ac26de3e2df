package command

import (
	"encoding/json"
	"io"

	"oktareset/runner/access"
	"oktareset/runner/console"
)

// printIdentity prints what whoami found out, on stdout.
func (a *app) printIdentity(id access.Identity, asJSON bool) error {
	if asJSON {
		enc := json.NewEncoder(console.Printer(a.Stdout))
		enc.SetEscapeHTML(false)
		enc.SetIndent("", "  ")
		return enc.Encode(id)
	}
	columns := 0
	if a.TerminalOut {
		columns = a.Columns()
	}
	_, err := io.WriteString(a.Stdout, id.Text(columns))
	return err
}
