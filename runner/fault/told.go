package fault

// told is an error that a person has read already.
type told struct{ err error }

func (e *told) Error() string { return e.err.Error() }

func (e *told) Unwrap() error { return e.err }

// Told marks an error as printed, so that it isn't printed once more. It stays what it is.
func Told(err error) error {
	if err == nil {
		return nil
	}
	return &told{err}
}

// WasTold reports whether an error was printed. One that something was added to since wasn't.
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
