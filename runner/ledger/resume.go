package ledger

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"os"
	"slices"

	"oktareset/runner"
	"oktareset/runner/files"
	"oktareset/runner/results"
)

// Resume opens the ledger that earlier runs have left, finished or not, for a further run: the only one of spec.Manifest. It calls
// each for every line of it, in the order of the file, and returns the rows that are open, as Finish would leave them, in the order of their numbers. What the
// manifest says of org, steps, consent and actor stays; the new run is added to it before Resume returns.
//
// A last line that is torn is cut off: nothing that depends on it was sent. Whatever else isn't as
// a run leaves it is a [*DamageError]; a ledger of something else is a [*MismatchError]; one that
// another run has open is a [*LockedError]. When there is nothing to go on with, it returns
// [ErrNothing], and has removed what a run has left that died before its ledger was made, or, over
// another input, before it had consent and a line. Files that others wrote, or can change, are a
// [*files.RefusedError]: no consent rests on them. On any other error the files are as they were,
// save for a torn line. each may have been called before an error.
func Resume(spec Spec, each func(Entry)) (*Ledger, []runner.Result, error) {
	return resume(spec, each, openFile)
}

func resume(spec Spec, each func(Entry), open func(path string) (file, error)) (*Ledger, []runner.Result, error) {
	l, err := newLedger(spec)
	if err != nil {
		return nil, nil, fmt.Errorf("resume %q: %w", spec.Path, err)
	}
	if l.lock, err = acquire(l.path, holder(l.manifest.Run())); err != nil {
		return nil, nil, err
	}
	rows, err := l.reopen(spec, each, open)
	if err != nil {
		if l.file != nil {
			err = errors.Join(err, l.file.Close())
		}
		return nil, nil, errors.Join(err, l.lock.release())
	}
	return l, rows, nil
}

// reopen takes up the files of the earlier runs. The lock is held.
func (l *Ledger) reopen(spec Spec, each func(Entry), open func(path string) (file, error)) ([]runner.Result, error) {
	old, err := l.earlier()
	if err != nil {
		return nil, err
	}
	if old.Input.SHA256 != spec.Manifest.Input.SHA256 && vain(&old, l.path) {
		if err := errors.Join(removeResults(l.path), files.RemoveTemps(l.path, l.ManifestPath())); err != nil {
			return nil, err
		}
		return nil, ErrNothing
	}
	if err := compare(&old, &spec.Manifest, l.path); err != nil {
		return nil, err
	}
	if slices.ContainsFunc(old.Runs, func(r Run) bool { return r.RunID == l.runID }) {
		return nil, fmt.Errorf("resume %q: it has a run %q already", l.path, l.runID)
	}
	if l.file, err = open(l.path); err != nil {
		return nil, fmt.Errorf("open the results: %w", err)
	}
	r := newReplay(l, &old, spec.LastRow)
	rows, err := r.all(each)
	if err != nil {
		return nil, err
	}
	if err := l.repair(r); err != nil {
		return nil, err
	}
	if err := files.RemoveTemps(l.path, l.ManifestPath()); err != nil {
		return nil, err
	}
	l.before, l.manifest = &old, next(&old, &spec.Manifest)
	l.ticket = cmp.Or(spec.Manifest.Ticket, old.Ticket)
	if err := l.writeManifest(); err != nil {
		return nil, err
	}
	l.inputs = r.inputs
	l.commits = newCommitter(l.path, l.file, r.end, r.index)
	return rows, nil
}

// earlier returns the manifest of the earlier runs, whose results exist.
func (l *Ledger) earlier() (Manifest, error) {
	info, err := os.Lstat(l.path)
	missing := errors.Is(err, os.ErrNotExist)
	if err != nil && !missing {
		return Manifest{}, fmt.Errorf("look for earlier results: %w", err)
	}
	m, err := results.ReadOurManifest(l.path)
	switch {
	case errors.Is(err, os.ErrNotExist) && missing:
		return Manifest{}, ErrNothing
	case errors.Is(err, os.ErrNotExist):
		return Manifest{}, &DamageError{
			Path: l.path, Hint: results.HintOriginal,
			Message: fmt.Sprintf("its manifest %q isn't there, so that nobody knows what it belongs to", l.ManifestPath()),
		}
	case err != nil:
		return Manifest{}, err
	case missing:
		return Manifest{}, l.leftover(&m)
	case !info.Mode().IsRegular():
		return Manifest{}, &DamageError{
			Path: l.path, Message: "it isn't a regular file: under another name, another run could write it, too",
			Hint: "name the file itself with -o",
		}
	}
	if firstEdition(&m) {
		return Manifest{}, &DamageError{
			Path: l.path, Message: fmt.Sprintf("the version %q began it, isn't done with it, and wrote it in another way", m.Version),
			Hint: "finish it with the version that began it",
		}
	}
	if err := checkManifest(&m, m.Input.Rows); err != nil {
		return Manifest{}, &DamageError{Path: l.ManifestPath(), Message: err.Error(), Hint: results.HintOriginal}
	}
	return m, nil
}

// leftover removes a manifest without results and returns [ErrNothing] if its run can't have changed anything.
func (l *Ledger) leftover(m *Manifest) error {
	if !m.Unused() {
		return &DamageError{
			Path: l.ManifestPath(), Message: fmt.Sprintf("it belongs to %q, which isn't there", l.path), Hint: results.HintOriginal,
		}
	}
	if err := errors.Join(removeResults(l.path), files.RemoveTemps(l.path, l.ManifestPath())); err != nil {
		return err
	}
	return ErrNothing
}

// repair cuts a torn line off, writes a header that never came to be, and makes durable what the earlier runs wrote: from now on
// it is relied on.
func (l *Ledger) repair(r *replay) error {
	if r.torn {
		if err := l.file.Truncate(r.end); err != nil {
			return fmt.Errorf("cut the torn line off %q: %w", l.path, err)
		}
	}
	if r.end == 0 {
		if _, err := l.file.WriteAt(l.header, 0); err != nil {
			return fmt.Errorf("write %q: %w", l.path, err)
		}
		r.end = int64(len(l.header))
	}
	if err := l.file.Sync(); err != nil {
		return fmt.Errorf("sync %q: %w", l.path, err)
	}
	return nil
}

// tornHeader reports whether a file whose first line has no end is one that [Create] was about to begin: a part of the header, or the zeros
// that a power failure leaves.
func (l *Ledger) tornHeader(head []byte) bool {
	return bytes.HasPrefix(l.header, head) || len(head) <= len(l.header) && len(bytes.Trim(head, "\x00")) == 0
}

// Last returns the status of row n's last line, [runner.StatusTaken] for a row in doubt. It reports false when there is no line.
func (l *Ledger) Last(n int) (runner.Status, bool) {
	l.commits.mu.Lock()
	defer l.commits.mu.Unlock()
	if n < 1 || n > len(l.commits.index.marks) {
		return "", false
	}
	s := l.commits.index.marks[n-1].status()
	return s, s != ""
}

// Check returns a [*DamageError] when the ledger that was resumed names another user in the row.
func (l *Ledger) Check(row runner.Row) error {
	if l.inputs.same(row.N, row.Input) {
		return nil
	}
	return &DamageError{
		Path: l.path, Hint: results.HintOriginal,
		Message: fmt.Sprintf("its row %d isn't the one of the input, %q in line %d", row.N, row.Input, row.Line),
	}
}
