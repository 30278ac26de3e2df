package fault

import (
	"errors"
	"fmt"
	"strings"
)

// The exit codes. The table in the commands' help says what they mean.
const (
	ExitOK       = 0
	ExitRows     = 1
	ExitUsage    = 2
	ExitConsent  = 3
	ExitNoAccess = 4
	ExitStopped  = 5
	ExitBrokeOff = 6
)

// Error is an error together with its exit code and hint.
type Error struct {
	Err  error
	Code int    // 0: undecided
	Hint string // what to do about it; "": nothing to add

	// Alone marks an error that ended a wait: [Refused] returns it without the text of what was
	// waited for.
	Alone bool
}

func (e *Error) Error() string { return e.Err.Error() }

func (e *Error) Unwrap() error { return e.Err }

// ErrRows is the error of a complete run in which some rows aren't reset, would_reset or skipped.
// The summary has said everything.
var ErrRows = errors.New("some rows need attention")

// OnlyRows reports whether an error is [ErrRows] alone, with no other error that still has to be
// printed.
func OnlyRows(err error) bool {
	for err != nil && err != ErrRows { //nolint:errorlint // errors.Is looks beside it, too
		err = errors.Unwrap(err)
	}
	return err != nil
}

// New makes an error with an exit code and a hint.
func New(code int, hint, format string, a ...any) error {
	return &Error{Err: fmt.Errorf(format, a...), Code: code, Hint: hint}
}

// Usage makes an error for a request that can't be carried out. Nothing was changed.
func Usage(hint, format string, a ...any) error {
	return New(ExitUsage, hint, format, a...)
}

// WithCode gives an error an exit code.
func WithCode(code int, err error) error { return &Error{Err: err, Code: code} }

// Printed returns the error of a command that has printed its summary; err is its own. If why says
// that the summary couldn't be printed, that is what a person has to know.
func Printed(err, why error) error {
	if why == nil {
		return err
	}
	return WithCode(max(ExitRows, Code(err)), fmt.Errorf("print the summary: %w", why))
}

// WithHint gives an error a hint, which precedes the hints of the errors that err wraps.
func WithHint(err error, hint string) error { return &Error{Err: err, Hint: hint} }

// As returns the error in err's chain that decides the exit code.
func As(err error) (decided *Error, ok bool) {
	walk(err, func(err error) bool {
		decided, ok = err.(*Error) //nolint:errorlint // walk unwraps
		ok = ok && decided.Code != 0
		return ok
	})
	return decided, ok
}

// Decided reports whether an error has an exit code.
func Decided(err error) bool {
	_, ok := As(err)
	return ok
}

// Code returns the exit code of an error. An error without a code happened before anything was
// changed.
func Code(err error) int {
	if err == nil {
		return ExitOK
	}
	if decided, ok := As(err); ok {
		return decided.Code
	}
	return ExitUsage
}

// advised is an error of another package that has a hint.
type advised interface{ Advice() string }

// Hint returns what to do about an error: the outermost hint of its chain, or "".
func Hint(err error) (hint string) {
	walk(err, func(err error) bool {
		switch e := err.(type) { //nolint:errorlint // walk unwraps
		case *Error:
			hint = e.Hint
		case advised:
			hint = e.Advice()
		}
		return hint != ""
	})
	return hint
}

// walk calls visit for an error and all that it wraps, the outermost first, until it returns true.
func walk(err error, visit func(error) bool) bool {
	if err == nil {
		return false
	}
	if visit(err) {
		return true
	}
	switch e := err.(type) { //nolint:errorlint // this unwraps
	case interface{ Unwrap() error }:
		return walk(e.Unwrap(), visit)
	case interface{ Unwrap() []error }:
		for _, inner := range e.Unwrap() {
			if walk(inner, visit) {
				return true
			}
		}
	}
	return false
}

// Also adds a second error to an error; either may be nil. The text stays one line, unlike with
// errors.Join.
func Also(err, other error) error {
	switch {
	case err == nil:
		return other
	case other == nil, errors.Is(err, other), strings.Contains(err.Error(), other.Error()): // already included
		return err
	}
	return fmt.Errorf("%w; %w", err, other)
}
