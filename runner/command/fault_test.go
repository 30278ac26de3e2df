package command

import (
	"errors"
	"syscall"
	"testing"

	"oktareset/runner"
)

// takes is a book that takes rows, or fails to.
type takes struct {
	runner.Book
	err error
}

func (b takes) Take(runner.Row, runner.Taken) error { return b.err }

// What nobody has classified is refused before anything was changed, or broke off after something
// may have been.
func TestErrorsWithoutACode(t *testing.T) {
	t.Parallel()
	odd := errors.New("something odd")
	r := new(resetRun)
	if got := exitCode(r.stage().classify(odd)); got != exitUsage {
		t.Errorf("before anything was taken: exit code %d", got)
	}
	if err := (notedBook{takes{err: odd}, &r.taken}).Take(runner.Row{}, runner.Taken{}); !errors.Is(err, odd) || exitCode(r.stage().classify(odd)) != exitUsage {
		t.Errorf("after a taking that failed, and so let nothing be sent: %v", err)
	}
	if err := (notedBook{takes{}, &r.taken}).Take(runner.Row{}, runner.Taken{}); err != nil || exitCode(r.stage().classify(odd)) != exitBrokeOff {
		t.Errorf("after a taking: %v, exit code %d", err, exitCode(r.stage().classify(odd)))
	}
	for want, err := range map[int]error{exitOK: nil, exitConsent: coded{odd, exitConsent}, 143: Signal{syscall.SIGTERM}} {
		if got := exitCode(r.stage().classify(err)); got != want {
			t.Errorf("%v: exit code %d, want %d", err, got, want)
		}
	}
}
