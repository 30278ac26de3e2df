package ledger

import (
	"errors"
	"fmt"
)

// ErrNothing is returned by [Resume] when no run has left anything that could be gone on with: [Create] may follow.
var ErrNothing = errors.New("there is nothing to resume")

// MismatchError is returned by [Resume] when the ledger belongs to something else than the run that wants to go on with it.
type MismatchError struct {
	Path string // of the results
	What string // org, steps, input or kind (whether it is a dry run, and whether in the stand-in org)
	Want string // what the ledger belongs to
	Got  string // what the run has
}

func (e *MismatchError) Error() string {
	text := fmt.Sprintf("%q was begun with the %s %q, now the %s is %q", e.Path, e.What, e.Want, e.What, e.Got)
	switch e.What {
	case "steps":
		return fmt.Sprintf("%q was begun with the steps %q, now the steps are %q", e.Path, e.Want, e.Got)
	case "input":
		return text + ": the file has changed since, or is read in another way"
	case "kind":
		return fmt.Sprintf("%q was begun by %s, this is %s", e.Path, e.Want, e.Got)
	}
	return text
}

// DamageError says that a ledger can't be trusted. What it doesn't say for certain isn't guessed: a user could be reset twice.
type DamageError struct {
	Path    string // of the results or of their manifest
	Line    int    // of the file, 1 is the header; 0 when it belongs to no line
	Message string // lower case, without path and line
	Hint    string // what its owner can do about it
}

// Advice returns e.Hint.
func (e *DamageError) Advice() string { return e.Hint }

func (e *DamageError) Error() string {
	if e.Line == 0 {
		return fmt.Sprintf("%q can't be relied on: %s", e.Path, e.Message)
	}
	return fmt.Sprintf("line %d of %q can't be relied on: %s", e.Line, e.Path, e.Message)
}

// What to do about damage.
const (
	hintOriginal = "put back the results and the manifest as the last run left them; if they are lost, begin a new run with -o " +
		"for those users of whom the org's System Log has no reset"
	hintOptions = "read the input as before: with the same --column, --delimiter and --no-header"
)
