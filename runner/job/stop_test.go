package job

import (
	"errors"
	"syscall"
	"testing"

	"oktareset/runner"
	"oktareset/runner/fault"
)

// takes is a book that takes rows, or fails to.
type takes struct {
	runner.Book
	err error
}

func (b takes) Take(runner.Row, runner.Taken) error { return b.err }

// An unclassified error is a refusal before anything was changed, and breaks off the run after
// something may have been.
func TestErrorsWithoutACode(t *testing.T) {
	t.Parallel()
	odd := errors.New("something odd")
	r := &run{process: new(process)}
	w := &work{cleared: &cleared{book: &book{due: &due{task: &task{target: &target{input: &input{run: r}}}}}}}
	if got := fault.Code(r.phase().Classify(odd)); got != fault.ExitUsage {
		t.Errorf("before anything was taken: exit code %d", got)
	}
	if err := (&notedBook{Book: takes{err: odd}, w: w}).Take(runner.Row{}, runner.Taken{}); !errors.Is(err, odd) || fault.Code(r.phase().Classify(odd)) != fault.ExitUsage {
		t.Errorf("after a taking that failed, and so let nothing be sent: %v", err)
	}
	if err := (&notedBook{Book: takes{}, w: w}).Take(runner.Row{}, runner.Taken{}); err != nil || fault.Code(r.phase().Classify(odd)) != fault.ExitBrokeOff {
		t.Errorf("after a taking: %v, exit code %d", err, fault.Code(r.phase().Classify(odd)))
	}
	w = &work{cleared: w.cleared}
	noted := &notedBook{Book: takes{}, w: w}
	for range 2 { // for the reset, and for the next step
		_ = noted.Take(runner.Row{}, runner.Taken{})
	}
	if n := w.underWay.Load(); n != 1 {
		t.Errorf("one row is under way, not %d", n)
	}
	if noted.leave(); w.underWay.Load() != 0 {
		t.Errorf("%d rows under way, though the only one was left", w.underWay.Load())
	}
	for want, err := range map[int]error{fault.ExitOK: nil, fault.ExitConsent: fault.WithCode(fault.ExitConsent, odd), 143: fault.Signal{Signal: syscall.SIGTERM}} {
		if got := fault.Code(r.phase().Classify(err)); got != want {
			t.Errorf("%v: exit code %d, want %d", err, got, want)
		}
	}
}
