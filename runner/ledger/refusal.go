package ledger

import (
	"errors"
	"fmt"
)

// ErrNothing is returned by [Resume] if no run has left anything to resume: [Create] may follow.
var ErrNothing = errors.New("there is nothing to resume")

// MismatchError is returned by [Resume] if the ledger belongs to something else than the new run.
type MismatchError struct {
	Path string // of the results
	What string // org, steps, input or kind (dry run or not, stand-in org or not)
	Want string // what the ledger belongs to
	Got  string // what the run has
}

func (e *MismatchError) Error() string {
	text := fmt.Sprintf("%q was started with the %s %q, now the %s is %q", e.Path, e.What, e.Want, e.What, e.Got)
	switch e.What {
	case "steps":
		return fmt.Sprintf("%q was started with the steps %q, now the steps are %q", e.Path, e.Want, e.Got)
	case "input":
		return text + ": the file has changed since, or is read in another way"
	case "kind":
		return fmt.Sprintf("%q was started by %s, this is %s", e.Path, e.Want, e.Got)
	}
	return text
}
