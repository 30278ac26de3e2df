package ledger

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"oktareset/runner"
	"oktareset/runner/files"
	"oktareset/runner/journal"
	"oktareset/runner/results"
)

// Resume opens the ledger of earlier runs, finished or not, for a further run: the only one in
// spec.Manifest. It calls each for every line, in the order of the file, and returns the open
// rows, as Finish would leave them, in the order of their numbers. The manifest keeps its org,
// steps, consent and actor; the new run is added to it before Resume returns. Results beside the
// journal stay until the run writes its first line.
//
// A part of the journal that was never certain to be on the disk, and isn't intact, is cut off:
// no request that depends on it was sent. Anything else that no run leaves behind is a
// [*results.DamageError]; a ledger of something else is a [*MismatchError]; one that another run
// has open is a [*LockedError]. If there is nothing to resume, it returns [ErrNothing], after
// removing the files of a run that died before its ledger was made, or, over another input,
// before it had consent and a line. For files that others wrote, or can change, it returns a
// [*files.RefusedError], because no consent may depend on them. After any other error the files
// are as they were, except for the part that was cut off. each may have been called before an
// error.
func Resume(spec Spec, each func(results.Entry)) (*Ledger, []runner.Result, error) {
	return resume(spec, each, realDisk)
}

func resume(spec Spec, each func(results.Entry), d disk) (*Ledger, []runner.Result, error) {
	l, err := newLedger(spec, d)
	if err != nil {
		return nil, nil, fmt.Errorf("resume %q: %w", spec.Path, err)
	}
	if l.lock, err = acquire(l.path, holder(l.manifest.Run())); err != nil {
		return nil, nil, err
	}
	rows, err := l.reopen(spec, each)
	if err != nil {
		if l.file != nil {
			err = errors.Join(err, l.file.Close())
		}
		return nil, nil, errors.Join(err, l.lock.release())
	}
	l.startMarks()
	return l, rows, nil
}

// CheckComplete refuses what [Resume] refuses, for finished results that no run has to touch, as no
// row is open. It changes nothing.
func CheckComplete(path string, now *results.Manifest) error {
	m, err := results.ReadOurManifest(path)
	if err != nil {
		return err
	}
	if err := compare(&m, now, path); err != nil {
		return err
	}
	if m.Result == nil {
		return otherResults(path, results.HintOriginal)
	}
	f, err := files.Open(path, ours)
	if errors.Is(err, os.ErrNotExist) {
		return missing(&m, path, path)
	}
	if err != nil {
		return err
	}
	defer f.Close() //nolint:errcheck // it was only read
	return unchanged(f, path, m.Result, results.HintOriginal)
}

// reopen opens the files of the earlier runs. The caller has the lock.
func (l *Ledger) reopen(spec Spec, each func(results.Entry)) ([]runner.Result, error) {
	old, err := l.earlier()
	if err != nil {
		return nil, err
	}
	if vain(&old, l.path) && (old.Journal == nil || old.Input.SHA256 != spec.Manifest.Input.SHA256) {
		return nil, l.nothing()
	}
	if firstEdition(&old) {
		return nil, &results.DamageError{
			Path: l.path, Message: fmt.Sprintf("the version %q began it, isn't done with it, and wrote it in another way", old.Version),
			Hint: "finish it with the version that began it",
		}
	}
	if err := compare(&old, &spec.Manifest, l.path); err != nil {
		return nil, err
	}
	if slices.ContainsFunc(old.Runs, func(r results.Run) bool { return r.RunID == l.runID }) {
		return nil, fmt.Errorf("resume %q: it has a run %q already", l.path, l.runID)
	}
	r := newReplay(l, &old, spec.LastRow)
	rows, err := l.read(r, each)
	if err != nil {
		return nil, err
	}
	if err := removeTemps(l.path); err != nil {
		return nil, err
	}
	l.before, l.manifest = &old, next(&old, &spec.Manifest)
	if l.outdated != nil {
		l.manifest.Outdated = cmp.Or(old.Result, old.Outdated)
	}
	l.ticket = l.manifest.Ticket
	l.inputs = r.inputs
	l.commits = newCommitter(results.JournalPath(l.path), l.file, r.at, r.index)
	if err := l.writeManifest(); err != nil {
		// the manifest may have been replaced all the same: then a journal made from results
		// counts
		return nil, errors.Join(err, l.commits.stop())
	}
	return rows, nil
}

// read reads the file that counts: the journal or, without one, the results, from which it makes
// a journal.
func (l *Ledger) read(r *replay, each func(results.Entry)) ([]runner.Result, error) {
	if r.old.Journal == nil {
		return l.carry(r, each)
	}
	err := l.checkOutdated(r.old)
	if err != nil {
		return nil, err
	}
	if l.file, err = l.disk.open(results.JournalPath(l.path)); err != nil {
		return nil, fmt.Errorf("open the journal: %w", err)
	}
	rows, err := r.all(each)
	if err != nil {
		return nil, err
	}
	return rows, l.repair(r)
}

// earlier returns the manifest of the earlier runs if the file that counts exists: the journal,
// or results without one.
func (l *Ledger) earlier() (results.Manifest, error) {
	csv, err := there(l.path)
	if err != nil {
		return results.Manifest{}, err
	}
	kept, err := there(results.JournalPath(l.path))
	if err != nil {
		return results.Manifest{}, err
	}
	m, err := results.ReadOurManifest(l.path)
	switch {
	case errors.Is(err, os.ErrNotExist) && !csv && !kept:
		return results.Manifest{}, ErrNothing
	case errors.Is(err, os.ErrNotExist):
		path := l.path
		if !csv {
			path = results.JournalPath(l.path)
		}
		return results.Manifest{}, &results.DamageError{
			Path: path, Hint: results.HintJournal,
			Message: fmt.Sprintf("its manifest %q isn't there, so that nobody knows what it belongs to", l.ManifestPath()),
		}
	case err != nil:
		return results.Manifest{}, err
	case m.Journal != nil && !kept:
		return results.Manifest{}, l.leftover(&m, csv, results.JournalPath(l.path))
	case m.Journal == nil && !m.Finished && kept && !csv:
		return results.Manifest{}, damaged(results.JournalPath(l.path), "the manifest doesn't know it")
	case m.Journal == nil && !csv:
		return results.Manifest{}, l.leftover(&m, false, l.path)
	}
	if err := checkManifest(&m, m.Input.Rows); err != nil {
		return results.Manifest{}, &results.DamageError{Path: l.ManifestPath(), Message: err.Error(), Hint: results.HintJournal}
	}
	return m, nil
}

// there reports whether a name is in use.
func there(path string) (bool, error) {
	_, err := os.Lstat(path)
	if errors.Is(err, os.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("look for earlier results: %w", err)
	}
	return true, nil
}

// leftover removes a manifest whose journal and results are missing, and returns [ErrNothing], if
// its run can't have changed anything.
func (l *Ledger) leftover(m *results.Manifest, csv bool, name string) error {
	if !m.Unused() || csv {
		return missing(m, l.path, name)
	}
	return l.nothing()
}

// missing returns the error for a manifest without the file that counts.
func missing(m *results.Manifest, path, name string) error {
	hint := results.HintJournal
	if m.Journal == nil {
		hint = results.HintOriginal
	}
	return &results.DamageError{Path: results.ManifestPath(path), Message: fmt.Sprintf("it belongs to %q, which isn't there", name), Hint: hint}
}

// nothing removes the files of a run that did nothing, and returns [ErrNothing].
func (l *Ledger) nothing() error {
	if err := errors.Join(removeResults(l.path), removeTemps(l.path)); err != nil {
		return err
	}
	return ErrNothing
}

// checkOutdated checks the outdated results beside the journal. Only results that a run wrote may
// be removed.
func (l *Ledger) checkOutdated(old *results.Manifest) error {
	f, err := files.Open(l.path, ours)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close() //nolint:errcheck // it was only read
	const hint = "move it away: the journal has what was done, and the next run writes the results again"
	written := cmp.Or(old.Result, old.Outdated)
	if written == nil {
		return &results.DamageError{Path: l.path, Message: "no run has written it", Hint: hint}
	}
	if err := unchanged(f, l.path, written, hint); err != nil {
		return err
	}
	l.outdated, err = f.Stat()
	return err
}

// unchanged refuses results that aren't the ones in the manifest.
func unchanged(f io.Reader, path string, written *results.Result, hint string) error {
	hash, err := results.SHA256(f)
	if err == nil && hash != written.SHA256 {
		return otherResults(path, hint)
	}
	return err
}

// clear removes the results of earlier runs before this run changes anything: from then on they
// would be wrong. The manifest hasn't counted them since the run began.
func (l *Ledger) clear() error {
	l.clearing.Do(func() {
		if l.outdated == nil {
			return
		}
		now, err := os.Lstat(l.path)
		switch {
		case errors.Is(err, os.ErrNotExist):
			return
		case err == nil && (!os.SameFile(now, l.outdated) || now.Size() != l.outdated.Size() || !now.ModTime().Equal(l.outdated.ModTime())):
			err = errTouched
		}
		if err == nil {
			err = l.disk.remove(l.path)
		}
		if err == nil {
			err = files.SyncFolder(filepath.Dir(l.path))
		}
		if err != nil {
			l.clearErr = &WriteError{Path: l.path, Err: fmt.Errorf("remove what earlier runs wrote: %w", err)}
		}
	})
	return l.clearErr
}

// repair cuts off what follows the good lines, writes a missing head, and makes durable what the
// earlier runs wrote: from now on the run relies on it.
func (l *Ledger) repair(r *replay) error {
	if r.torn {
		if err := l.file.Truncate(r.at.end); err != nil {
			return fmt.Errorf("cut the torn end off %q: %w", r.path, err)
		}
	}
	if r.at.end == 0 {
		text, now := journal.Head(l.runID, r.old.Input.SHA256, l.header)
		if _, err := l.file.WriteAt(text, 0); err != nil {
			return fmt.Errorf("write %q: %w", r.path, err)
		}
		r.at = point{int64(len(text)), now}
	}
	if err := l.file.Sync(); err != nil {
		return fmt.Errorf("sync %q: %w", r.path, err)
	}
	return nil
}

// Last returns the status of row n's last line, [runner.StatusTaken] for a row in doubt. It
// reports false if there is no line.
func (l *Ledger) Last(n int) (runner.Status, bool) {
	l.commits.mu.Lock()
	defer l.commits.mu.Unlock()
	if n < 1 || n > len(l.commits.index.places) {
		return "", false
	}
	s := l.commits.index.places[n-1].status()
	return s, s != ""
}

// Check returns a [*results.DamageError] if the resumed ledger has another user in the row.
func (l *Ledger) Check(row runner.Row) error {
	if l.inputs.same(row.N, row.Input) {
		return nil
	}
	return &results.DamageError{
		Path: results.JournalPath(l.path), Hint: results.HintJournal,
		Message: fmt.Sprintf("its row %d isn't that of the input, %q in line %d", row.N, row.Input, row.Line),
	}
}
