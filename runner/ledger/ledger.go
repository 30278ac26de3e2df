package ledger

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"oktareset/runner"
	"oktareset/runner/files"
	"oktareset/runner/journal"
	"oktareset/runner/results"
	"oktareset/runner/table"
)

// Spec says which ledger to create.
type Spec struct {
	Path     string           // of the results file
	Columns  []string         // names of the input's other columns, in the order of [runner.Row] Cells
	LastRow  int              // highest row number of the input; the index takes 8 bytes a row
	Manifest results.Manifest // as far as it is known; its only run is the new one
	Notice   Notice           // gets finished rows; its zero value wants none
}

// Notice gets the final results of rows, in input order.
type Notice struct {
	Wants func(runner.Status) bool // nil: none
	Row   func(runner.Row, *table.Record)
}

// Ledger is the journal of a run, its manifest and its lock, and in the end the results. It is a
// [runner.Book] and safe for concurrent use. Every Ledger must be ended with Close or Discard.
type Ledger struct {
	path    string
	columns []string
	notice  Notice
	runID   string
	ticket  string
	header  []byte // of the results
	lock    *lock
	file    file // the journal
	commits *committer
	marks   *marker
	disk    disk
	lines   sync.Pool         // of *lineWriter
	inputs  inputs            // what a resumed ledger knows about the input
	before  *results.Manifest // the manifest before it was resumed; nil for a new ledger
	carried bool              // this run made the journal, from the results of earlier ones
	copy    *Copy             // the copy of its input, once it is kept
	kept    bool              // this run has named it

	outdated os.FileInfo // of the results that earlier runs left; nil: there are none
	clearing sync.Once
	clearErr error

	mu       sync.Mutex // guards the fields below
	manifest results.Manifest
	marked   results.Mark // the journal's mark in the manifest's file
	finished bool         // Finish was called
	closed   bool         // Close or Discard was called
}

// disk is the ledger's access to files. Tests replace it with one that fails or dies.
type disk struct {
	create  func(path string) (file, error) // a journal
	open    func(path string) (file, error) // an earlier run's journal
	replace func(path string, write func(io.Writer) error) error
	publish func(path string, write func(io.Writer) error, named func() error) error
	remove  func(path string) error
}

var realDisk = disk{create: createFile, open: openFile, replace: files.Replace, publish: publish, remove: files.RemoveIfExists}

// publish writes a file that gets its name only once it is whole, and calls named when everything
// is written and before it gets the name. It overwrites nothing.
func publish(path string, write func(io.Writer) error, named func() error) error {
	if _, err := os.Lstat(path); err == nil { // rather before the work than after it
		return &ExistsError{Path: path}
	}
	d, err := files.NewDraft(path)
	if err != nil {
		return err
	}
	if err = write(d); err == nil {
		err = named()
	}
	if err != nil {
		return errors.Join(err, d.Discard())
	}
	if err = d.Publish(); errors.Is(err, fs.ErrExist) {
		return &ExistsError{Path: path}
	}
	return err
}

// ExistsError is returned instead of overwriting a file.
type ExistsError struct {
	Path string // of the results, of their manifest or of their journal
}

func (e *ExistsError) Error() string { return fmt.Sprintf("%q exists already", e.Path) }

// Create locks the results, then writes the manifest and after it the journal's first lines, all
// of it synced: if they can't be written, that shows before the first request. It returns a
// [*LockedError] or an [*ExistsError] rather than change anything of others. It replaces only two
// kinds of results: those of the stand-in org, by results of the stand-in org, and those of a run
// that ended before it had consent or a line. If it fails, it leaves nothing behind.
func Create(spec Spec) (*Ledger, error) {
	return create(spec, realDisk)
}

func create(spec Spec, d disk) (*Ledger, error) {
	l, err := newLedger(spec, d)
	if err != nil {
		return nil, fmt.Errorf("create %q: %w", spec.Path, err)
	}
	if l.lock, err = acquire(l.path, holder(l.manifest.Run())); err != nil {
		return nil, err
	}
	if err := makeRoom(l.path, l.manifest.Sandbox); err != nil {
		return nil, errors.Join(err, l.lock.release())
	}
	at, err := l.createFiles()
	if err != nil {
		return nil, errors.Join(err, d.remove(l.ManifestPath()), l.lock.release())
	}
	l.commits = newCommitter(results.JournalPath(l.path), l.file, at, newIndex(spec.LastRow))
	l.startMarks()
	return l, nil
}

// newLedger returns a ledger without files.
func newLedger(spec Spec, d disk) (*Ledger, error) {
	m := spec.Manifest
	m.Format, m.Finished, m.Result, m.Counts, m.Outdated, m.Journal = results.Format, false, nil, nil, nil, new(results.Mark)
	if err := checkManifest(&m, spec.LastRow); err != nil {
		return nil, err
	}
	l := &Ledger{
		path: spec.Path, columns: spec.Columns, notice: spec.Notice, runID: m.Run().RunID, ticket: m.Ticket,
		disk: d, manifest: m,
	}
	l.lines.New = func() any { return &lineWriter{enc: table.NewEncoder(l.columns)} }
	var err error
	l.header, err = table.NewEncoder(l.columns).AppendHeader(nil)
	return l, err
}

// makeRoom refuses to overwrite results, unless they and the new ones are the stand-in org's, or
// they are empty because their run died.
func makeRoom(path string, sandbox bool) error {
	for _, there := range []string{path, results.ManifestPath(path), results.JournalPath(path)} {
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
	return removeTemps(path)
}

// removeTemps removes the drafts that a dead run left.
func removeTemps(path string) error {
	return files.RemoveTemps(path, results.ManifestPath(path), results.JournalPath(path))
}

// removeResults removes results that nobody needs, and the files that belong to them. The
// manifest goes last: without it, nobody would know that the others may go.
func removeResults(path string) error {
	var err error
	for _, name := range []string{results.CopyPath(path), results.JournalPath(path), path, results.ManifestPath(path)} {
		err = errors.Join(err, files.RemoveIfExists(name))
	}
	return err
}

// createFiles writes the manifest, then the journal, which it removes again if it can't be begun.
// The manifest comes first, so that no journal is ever without one.
func (l *Ledger) createFiles() (at point, err error) {
	if err := l.writeManifest(); err != nil {
		return at, err
	}
	return l.createJournal(nil)
}

// createJournal durably writes a journal: its head, and the lines that rest writes. If it fails,
// it removes the file.
func (l *Ledger) createJournal(rest func(*bulk) error) (at point, err error) {
	path := results.JournalPath(l.path)
	f, err := l.disk.create(path)
	if errors.Is(err, fs.ErrExist) {
		return at, &ExistsError{Path: path}
	}
	if err != nil {
		return at, fmt.Errorf("create the journal: %w", err)
	}
	w := &bulk{file: f}
	w.line, w.at.sum = journal.Head(l.runID, l.manifest.Input.SHA256, l.header)
	if rest != nil {
		err = rest(w)
	}
	if err == nil {
		err = w.flush()
	}
	if err == nil {
		err = f.Sync()
	}
	if err == nil {
		err = files.SyncFolder(filepath.Dir(path))
	}
	if err != nil {
		return at, errors.Join(fmt.Errorf("write %q: %w", path, err), f.Close(), l.disk.remove(path))
	}
	l.file = f
	return w.at, nil
}

// bulk writes lines that nobody waits for.
type bulk struct {
	file file
	at   point  // the end of the last line written, and the sum of the last line added
	line []byte // lines not yet written
}

// next returns where the next line will begin.
func (w *bulk) next() int64 { return w.at.end + int64(len(w.line)) }

// add adds a line: the fields for what is open, and the row's line of the results.
func (w *bulk) add(open, row []byte) error {
	begin := len(w.line)
	w.line = append(append(w.line, open...), row...)
	w.line[len(w.line)-1] = ',' // replaces the newline of the row's line
	w.at.sum = w.at.sum.After(w.line[begin:])
	w.line = w.at.sum.AppendTo(w.line)
	if len(w.line) < maxPending {
		return nil
	}
	return w.flush()
}

func (w *bulk) flush() error {
	_, err := w.file.WriteAt(w.line, w.at.end)
	w.at.end, w.line = w.next(), w.line[:0]
	return err
}

// Path returns the path of the results.
func (l *Ledger) Path() string { return l.path }

// ManifestPath returns the path of the manifest.
func (l *Ledger) ManifestPath() string { return results.ManifestPath(l.path) }

// Counts returns how many rows have each status in their last line; rows in doubt count as
// [runner.StatusTaken].
func (l *Ledger) Counts() runner.Counts {
	l.commits.mu.Lock()
	defer l.commits.mu.Unlock()
	return l.commits.index.rows()
}

// Manifest returns a copy of the manifest in the form of its file.
func (l *Ledger) Manifest() results.Manifest {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.manifest.Written()
}

// Consent returns the manifest's consent: for a resumed ledger, that of the earlier runs.
func (l *Ledger) Consent() results.Consent {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.manifest.Consent
}

// Update changes the manifest and replaces its file atomically. If that fails, the change is kept
// for the next time.
func (l *Ledger) Update(change func(*results.Manifest)) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return errClosed
	}
	change(&l.manifest)
	return l.writeManifest()
}

// writeManifest replaces the manifest's file, with the mark of the journal as long as that
// counts. The caller has locked l.mu, or is the only one who knows l.
func (l *Ledger) writeManifest() error {
	if l.commits != nil && l.manifest.Journal != nil {
		l.manifest.Journal = l.commits.mark()
	}
	if err := l.disk.replace(l.ManifestPath(), l.manifest.Encode); err != nil {
		return fmt.Errorf("write the manifest %q: %w", l.ManifestPath(), err)
	}
	if l.manifest.Journal != nil {
		l.marked = *l.manifest.Journal
	}
	return nil
}

// Close commits what is pending and releases the lock. It returns the first error of any write.
// It may be called again.
func (l *Ledger) Close() error {
	err := l.commits.stop()
	l.marks.stop()
	err = errors.Join(err, l.lastMark())
	if !l.close() {
		return nil
	}
	return errors.Join(err, l.closeFile(), l.lock.release())
}

// lastMark records in the manifest how far the journal is written by a run that doesn't finish.
func (l *Ledger) lastMark() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.finished || l.closed || *l.commits.mark() == l.marked {
		return nil
	}
	return l.writeManifest()
}

// Discard ends a run that was refused before it took or settled any row. It removes copy, journal
// and manifest; for a resumed ledger, it keeps those of earlier runs and restores the manifest.
// If the run has written a line, that is an error and nothing is done.
func (l *Ledger) Discard() error {
	if !l.commits.unused() {
		return fmt.Errorf("%q has results of this run: they aren't discarded", l.path)
	}
	err := l.commits.stop()
	l.marks.stop()
	if !l.close() {
		return nil
	}
	err = errors.Join(err, l.closeFile(), l.unkeep())
	if l.before != nil {
		err = errors.Join(err, l.disk.replace(l.ManifestPath(), l.before.Encode))
	}
	// Without the journal, the manifest or the results count.
	if l.before == nil || l.carried && err == nil {
		err = errors.Join(err, l.disk.remove(results.JournalPath(l.path)))
	}
	if l.before == nil {
		err = errors.Join(err, l.disk.remove(l.ManifestPath()))
	}
	return errors.Join(err, l.lock.release())
}

// close reports whether this call is the one that closes.
func (l *Ledger) close() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	first := !l.closed
	l.closed = true
	return first
}

// closeFile closes the journal, unless Finish has done so.
func (l *Ledger) closeFile() error {
	if err := l.file.Close(); err != nil && !errors.Is(err, os.ErrClosed) {
		return err
	}
	return nil
}
