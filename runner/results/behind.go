package results

import (
	"fmt"
	"strings"

	"oktareset/runner/fault"
)

// Behind is results of earlier dates that a job leaves incomplete.
type Behind struct{ paths, commands []string }

// Add notes results, and the command that resumes them.
func (b *Behind) Add(m *Manifest, path string) {
	b.paths, b.commands = append(b.paths, path), append(b.commands, GoOnCommand(m, path, "--resume"))
}

// Err returns an error that names the results and says how to resume them, or nil if there are
// none. rows means that rows of today's results need attention, too.
func (b *Behind) Err(rows bool) error {
	const most = 3
	n := min(len(b.paths), most)
	if n == 0 {
		return nil
	}
	text, this := strings.Join(b.paths[:n], ", "), ""
	if more := len(b.paths) - n; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	if rows {
		this = "some rows need attention; "
	}
	return fault.New(fault.ExitRows, "to resume: "+strings.Join(b.commands[:n], "; ")+"; what is settled in another way can be moved out of the folder, with the files beside it",
		"%sincomplete, by an earlier input: %s", this, text)
}
