package ledger

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"

	"oktareset/runner"
	"oktareset/runner/files"
	"oktareset/runner/results"
	"oktareset/runner/table"
)

// Spec says which ledger to create.
type Spec struct {
	Path     string   // of the results file
	Columns  []string // names of the input's other columns, in the order of [runner.Row] Cells
	LastRow  int      // highest row number of the input; the index takes 8 bytes a row
	Manifest Manifest // as far as it is known; its only run is the one that writes
}

// Ledger is a results file that is being written, its manifest and its lock. It is a [runner.Book] and safe for concurrent
// use. Every Ledger must be ended with Close or Discard.
type Ledger struct {
	path    string
	columns []string
	runID   string
	ticket  string
	header  []byte
	lock    *lock
	file    file
	commits *committer
	replace func(path string, write func(io.Writer) error) error
	lines   sync.Pool // of *lineWriter
	inputs  inputs    // what a ledger that was resumed has of the input
	before  *Manifest // the manifest before it was resumed; nil for a new ledger
	kept    bool      // this run has named the copy of its input

	mu       sync.Mutex // guards what follows
	manifest Manifest
	finished bool // Finish was called
	closed   bool // Close or Discard was called
}

// ExistsError is returned by [Create] when it would have to overwrite something.
type ExistsError struct {
	Path string // of the results or of their manifest
}

func (e *ExistsError) Error() string { return fmt.Sprintf("%q exists already", e.Path) }

// Create locks the results, then writes the manifest and after it the ledger with its header, all of it synced: what can't
// be written shows before the first request. It returns a [*LockedError] or an [*ExistsError] rather than touching what
// isn't its own; only results of the stand-in org are replaced, by results of the stand-in org, and
// those of a run that ended before it had consent or a line. When it fails, it leaves nothing
// behind.
func Create(spec Spec) (*Ledger, error) {
	return create(spec, createFile)
}

func create(spec Spec, open func(path string) (file, error)) (*Ledger, error) {
	l, err := newLedger(spec)
	if err != nil {
		return nil, fmt.Errorf("create %q: %w", spec.Path, err)
	}
	if l.lock, err = acquire(l.path, holder(l.manifest.Run())); err != nil {
		return nil, err
	}
	if err := makeRoom(l.path, l.manifest.Sandbox); err != nil {
		return nil, errors.Join(err, l.lock.release())
	}
	if err := l.createFiles(open); err != nil {
		return nil, errors.Join(err, files.RemoveIfExists(l.ManifestPath()), l.lock.release())
	}
	l.commits = newCommitter(l.path, l.file, int64(len(l.header)), newIndex(spec.LastRow))
	return l, nil
}

// newLedger returns a ledger without files.
func newLedger(spec Spec) (*Ledger, error) {
	m := spec.Manifest
	m.Format, m.Finished, m.Result, m.Counts = Format, false, nil, nil
	if err := checkManifest(&m, spec.LastRow); err != nil {
		return nil, err
	}
	l := &Ledger{
		path: spec.Path, columns: spec.Columns, runID: m.Run().RunID, ticket: m.Ticket,
		replace: files.Replace, manifest: m,
	}
	l.lines.New = func() any { return &lineWriter{enc: table.NewEncoder(l.columns)} }
	var err error
	l.header, err = table.NewEncoder(l.columns).AppendHeader(nil)
	return l, err
}

// makeRoom refuses to overwrite results, unless they and the new ones are the stand-in org's, or
// they are empty because their run died.
func makeRoom(path string, sandbox bool) error {
	for _, there := range []string{path, ManifestPath(path)} {
		if _, err := os.Lstat(there); errors.Is(err, os.ErrNotExist) {
			continue
		} else if err != nil {
			return fmt.Errorf("look for earlier results: %w", err)
		}
		old, err := results.ReadOurManifest(path)
		if err != nil || (!rehearsed(&old) || !sandbox) && !vain(&old, path) {
			return &ExistsError{Path: there}
		}
		if err := removeResults(path); err != nil {
			return err
		}
	}
	return files.RemoveTemps(path, ManifestPath(path))
}

// removeResults removes results that nobody needs, and what belongs to them. The manifest goes
// last: without it, nobody would know that the others may go.
func removeResults(path string) error {
	return errors.Join(files.RemoveIfExists(CopyPath(path)), files.RemoveIfExists(path), files.RemoveIfExists(ManifestPath(path)))
}

// createFiles writes the manifest, then the ledger, which it removes when it can't complete it. The manifest comes first, so
// that no ledger is ever without one.
func (l *Ledger) createFiles(open func(path string) (file, error)) error {
	if err := l.writeManifest(); err != nil {
		return err
	}
	f, err := open(l.path)
	if err != nil {
		return fmt.Errorf("create the results: %w", err)
	}
	if _, err = f.WriteAt(l.header, 0); err == nil {
		err = f.Sync()
	}
	if err == nil {
		err = files.SyncFolder(filepath.Dir(l.path))
	}
	if err != nil {
		return errors.Join(fmt.Errorf("write %q: %w", l.path, err), f.Close(), files.RemoveIfExists(l.path))
	}
	l.file = f
	return nil
}

// Path returns the path of the results.
func (l *Ledger) Path() string { return l.path }

// ManifestPath returns the path of the manifest.
func (l *Ledger) ManifestPath() string { return ManifestPath(l.path) }

// Counts returns how many rows have each status by their last line; rows in doubt count as [runner.StatusTaken].
func (l *Ledger) Counts() runner.Counts {
	l.commits.mu.Lock()
	defer l.commits.mu.Unlock()
	return l.commits.index.rows()
}

// Manifest returns a copy of the manifest as it stands in its file.
func (l *Ledger) Manifest() Manifest {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.manifest.Written()
}

// Consent returns the consent that the manifest holds: for a ledger that was resumed, that of the earlier runs.
func (l *Ledger) Consent() Consent {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.manifest.Consent
}

// Update changes the manifest and replaces its file atomically. When that fails the change is kept for the next time.
func (l *Ledger) Update(change func(*Manifest)) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return errClosed
	}
	change(&l.manifest)
	return l.writeManifest()
}

// writeManifest replaces the manifest's file. l.mu is held, or nobody else knows l.
func (l *Ledger) writeManifest() error {
	if err := l.replace(l.ManifestPath(), l.manifest.Encode); err != nil {
		return fmt.Errorf("write the manifest %q: %w", l.ManifestPath(), err)
	}
	return nil
}

// Close commits what is pending and gives up the lock. It returns the first error of any write. It may be called again.
func (l *Ledger) Close() error {
	if !l.close() {
		return nil
	}
	return errors.Join(l.commits.stop(), l.closeFile(), l.lock.release())
}

// Discard ends a run that was refused before it took or settled any row. It removes copy, ledger
// and manifest; if the ledger was resumed, those of earlier runs stay and the manifest is put back
// as it was. When the run has written a line it is an error and nothing is done.
func (l *Ledger) Discard() error {
	if !l.commits.unused() {
		return fmt.Errorf("%q holds results of this run: they aren't discarded", l.path)
	}
	if !l.close() {
		return nil
	}
	err := errors.Join(l.commits.stop(), l.closeFile())
	if l.before != nil {
		return errors.Join(err, l.unkeep(), l.replace(l.ManifestPath(), l.before.Encode), l.lock.release())
	}
	return errors.Join(err, l.unkeep(), files.RemoveIfExists(l.path), files.RemoveIfExists(l.ManifestPath()), l.lock.release())
}

// close reports whether this call is the one that closes.
func (l *Ledger) close() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	first := !l.closed
	l.closed = true
	return first
}

// closeFile closes the ledger's file, which Finish may have done.
func (l *Ledger) closeFile() error {
	if err := l.file.Close(); err != nil && !errors.Is(err, os.ErrClosed) {
		return err
	}
	return nil
}
