package fault

// told is an error that was already printed.
type told struct{ err error }

func (e *told) Error() string { return e.err.Error() }

func (e *told) Unwrap() error { return e.err }

// Told marks an error as printed, so that it isn't printed again. Otherwise the error stays the
// same.
func Told(err error) error {
	if err == nil {
		return nil
	}
	return &told{err}
}

// WasTold reports whether an error was printed. If anything was added to it later, it counts as
// not printed.
func WasTold(err error) bool {
	for {
		switch e := err.(type) { //nolint:errorlint // this unwraps
		case *told:
			return true
		case *Error:
			err = e.Err
		default:
			return false
		}
	}
}
