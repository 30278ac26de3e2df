package results

import (
	"errors"
	"fmt"

	"oktareset/runner/fault"
)

// DamageError says that the files of a run can't be trusted. The program guesses nothing, because
// a wrong guess could reset a user twice.
type DamageError struct {
	Path    string // of the results or of their manifest
	Line    int    // of the file, 1 is the header; 0 if it concerns no single line
	Message string // in lower case, without path and line
	Hint    string // what the owner of the file can do about it
}

// Advice returns e.Hint.
func (e *DamageError) Advice() string { return e.Hint }

func (e *DamageError) Error() string {
	if e.Line == 0 {
		return fmt.Sprintf("%q can't be relied on: %s", e.Path, e.Message)
	}
	return fmt.Sprintf("line %d of %q can't be relied on: %s", e.Line, e.Path, e.Message)
}

// The hints for damage.
const (
	HintOriginal = "put back the results and the manifest as the last run left them; if they are lost, begin a new run with -o " +
		"for the users without a reset in the org's System Log"
	HintJournal = "put back the journal and the manifest as the last run left them; if they are lost, begin a new run with -o " +
		"for the users without a reset in the org's System Log"
	HintOptions = "read the input as before: with the same --column, --delimiter and --no-header"
)

// Refused returns the error of a command that only reads results and has written nothing yet. The
// hint of a [DamageError] says how to continue the run, which these commands don't do, so it gets
// another one. Refused returns nil if there is no error.
func Refused(err error) error {
	if damage, ok := errors.AsType[*DamageError](err); ok {
		err = fault.WithHint(damage, "put back the results and the manifest as the run left them")
	}
	if err == nil {
		return nil
	}
	return fault.Refused(err)
}
