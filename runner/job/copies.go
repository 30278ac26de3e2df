package job

import (
	"errors"
	"fmt"
	"io/fs"

	"oktareset/runner"
	"oktareset/runner/fault"
	"oktareset/runner/ledger"
)

// This file keeps the input. It is read once, into a private copy, and the run acts on the copy
// only. That gets its name beside the results once the ledger is there, before anybody is touched,
// and goes when no row is open any more.

// newCopy makes a copy that is kept with the results. A rehearsal is never gone on with: nothing of
// it is kept.
func (r *resetRun) newCopy() (*ledger.Copy, error) {
	c, err := ledger.NewCopy(r.paths.results)
	if errors.Is(err, fs.ErrNotExist) {
		err = fault.WithHint(fmt.Errorf("the folder for the results %s doesn't exist", r.paths.results), "make it, or check that it is mounted")
	}
	if err != nil {
		return nil, err
	}
	if r.opts.Sandbox {
		c.Hide()
	}
	r.copy = c
	return c, nil
}

// keepCopy gives the copy its name. The results are locked.
func (r *resetRun) keepCopy() error {
	if r.opts.Sandbox {
		return nil
	}
	err := r.book.Keep(r.copy)
	if exists := (*ledger.CopyExistsError)(nil); errors.As(err, &exists) {
		err = fault.WithHint(err, "move it away; if its run isn't complete, put the results and the .json back beside it, and use --resume")
	}
	if err != nil {
		return fault.Refused(err)
	}
	return nil
}

// dropKept removes what was kept for a later run, once nobody needs it. The results are whole by
// then: what stays is no failure of theirs.
func (r *resetRun) dropKept() {
	if r.opts.Sandbox {
		return
	}
	if err := fault.Also(r.book.DropCopy(), r.dropExclusions()); err != nil {
		r.Console.Warn("a copy that no later run needs can't be removed: %v", err)
	}
}

// open reports whether a later run has something to do that needs the copy.
func open(counts runner.Counts) bool {
	return counts[runner.StatusNotAttempted]+counts[runner.StatusPartial]+counts[runner.StatusUnknown]+counts[runner.StatusTaken] > 0
}

// closeInput closes the input, and removes the copy if nothing keeps it.
func (r *resetRun) closeInput() error {
	var err error
	if r.input != nil {
		err = r.input.Close()
	}
	err = fault.Also(err, r.copy.Close())
	r.copy = nil
	return err
}
