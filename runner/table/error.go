package table

import (
	"encoding/csv"
	"errors"
	"fmt"
)

// ErrEmpty is wrapped by the [*Error] of [NewReader] and [NewRecordReader] for an input without
// a header.
var ErrEmpty = errors.New("the file is empty")

// ErrCells is wrapped by the [*Error] of [Reader.Read] for a row with more or fewer cells than the
// header.
var ErrCells = csv.ErrFieldCount

// Error says what is wrong with a file, where, and what its owner can do about it.
type Error struct {
	Line    int    // line of the file, 1 is the first; 0 when it belongs to no line
	Message string // lower case, without the line
	Hint    string // the next step; "" when there is none
	Err     error  // what errors.Is finds; nil when the message is all there is
}

// Error returns the message, after the line if there is one.
func (e *Error) Error() string {
	if e.Line == 0 {
		return e.Message
	}
	return fmt.Sprintf("line %d: %s", e.Line, e.Message)
}

// Unwrap returns e.Err.
func (e *Error) Unwrap() error { return e.Err }
