package fault

import (
	"os"
	"syscall"
)

// Signal is the cause of a context that a signal ended.
type Signal struct{ Signal os.Signal }

func (s Signal) Error() string {
	switch s.Signal {
	case os.Interrupt:
		return "interrupted"
	case syscall.SIGTERM:
		return "terminated"
	case syscall.SIGHUP:
		return "hung up"
	}
	return s.Signal.String()
}

// ExitCode returns 128 plus the signal's number, as shells do.
func (s Signal) ExitCode() int {
	var number syscall.Signal
	if n, ok := s.Signal.(syscall.Signal); ok {
		number = n
	}
	return 128 + int(number)
}
