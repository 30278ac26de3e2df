package fault

import (
	"os"
	"syscall"
)

// Signal is the cause of a context that a signal has ended.
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

// ExitCode is 128 and the signal's number, as shells have it.
func (s Signal) ExitCode() int {
	var number syscall.Signal
	if n, ok := s.Signal.(syscall.Signal); ok {
		number = n
	}
	return 128 + int(number)
}
