package job

import (
	"errors"

	"oktareset/runner/fault"
	"oktareset/runner/ledger"
	"oktareset/runner/protect"
)

// This file keeps the input. It is read once, into a private copy, and the run uses only the
// copy. The copy gets its name beside the results once the ledger exists, before anybody is
// changed, and is removed when no row is open any more.

// newCopy makes a copy to keep with the results. For a rehearsal, which is never resumed, nothing
// is kept.
func (r *run) newCopy() (*ledger.Copy, error) {
	c, err := ledger.NewCopy(r.paths.results)
	if err != nil {
		return nil, err
	}
	if r.opts.Sandbox {
		c.Hide()
	}
	return c, nil
}

// keepCopy gives the copy its name. The caller has locked the results.
func (b *book) keepCopy() error {
	if b.opts.Sandbox {
		return nil
	}
	err := b.ledger.Keep(b.copy)
	if exists := (*ledger.CopyExistsError)(nil); errors.As(err, &exists) {
		err = fault.WithHint(err, "move it away; if its run isn't complete, put the journal and the .json back beside it, and use --resume")
	}
	if err != nil {
		return fault.Refused(err)
	}
	return nil
}

// dropKept removes what was kept for a later run, once nobody needs it. The results are complete
// by then, so a file that stays is no failure.
func (b *book) dropKept() {
	if b.opts.Sandbox {
		return
	}
	if err := fault.Also(b.ledger.DropCopy(), protect.Drop(b.paths.results)); err != nil {
		b.Console.Warn("a copy that no later run needs can't be removed: %v", err)
	}
}

// close closes the input, and removes the copy unless it was kept.
func (in *input) close() error {
	var err error
	if in.file != nil { // nil if it couldn't be opened
		err = in.file.Close()
	}
	return fault.Also(err, in.copy.Close())
}
