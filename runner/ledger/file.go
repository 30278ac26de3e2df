package ledger

import (
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"

	"github.com/gofrs/flock"

	"oktareset/runner/files"
)

// file is what the ledger needs of its journal file.
type file interface {
	io.ReaderAt
	io.WriterAt
	io.Closer
	Sync() error
	Truncate(size int64) error
	// Intact returns an error if the journal's path no longer names this file, or the file isn't
	// size bytes long: another program has moved, replaced or changed it.
	Intact(size int64) error
}

// errTouched is the cause of the [*WriteError] for a ledger that another program has changed.
var errTouched = errors.New("another program has moved, replaced or changed it while the run wrote it")

// ledgerFile is the file of a journal. It is locked, besides the lock file, so that two runs are
// kept apart even if somebody deletes the lock file or renames the journal.
type ledgerFile struct {
	*os.File
	path string
	// nil on Windows, where a lock would keep this program out too, and an open file can't be
	// renamed
	held *flock.Flock
}

// createFile makes a new file for a journal. It fails if anything has the name, even a link that
// leads nowhere.
func createFile(path string) (file, error) {
	f, err := files.Create(path)
	if err != nil {
		return nil, err
	}
	if err := judgeNew(f); err != nil {
		return nil, errors.Join(err, f.Close(), os.Remove(path))
	}
	return lockFile(f, nil)
}

// judgeNew refuses, before anything is changed, a folder whose files no resume would accept:
// because of how the file system is mounted, others can write to them, or they belong to somebody
// else.
func judgeNew(f *os.File) error {
	err := ours.Judge(f)
	if refused := (*files.RefusedError)(nil); errors.As(err, &refused) {
		return &files.RefusedError{
			Path: refused.Path, Message: refused.Message + " although it was only just made for this user alone",
			Hint: "the file system doesn't keep owners or modes: choose another folder with -o, or mount it with file_mode=0600 or umask=077",
		}
	}
	return err
}

// ours is the rule for files of earlier runs: they are the only record of who is done and what
// was allowed.
var ours = files.Rule{Ours: true, Private: true}

// openFile opens the journal of an earlier run and makes it private. It returns a
// [*files.RefusedError] if others wrote it or can change it.
func openFile(path string) (file, error) {
	f, err := files.OpenToWrite(path, ours)
	if err != nil {
		return nil, err
	}
	if err := files.MakePrivate(f); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return lockFile(f, nil)
}

// lockFile locks an open file. It returns a [*LockedError] if another run writes to it.
func lockFile(f *os.File, err error) (file, error) {
	if err != nil {
		return nil, err
	}
	l := &ledgerFile{File: f, path: f.Name()}
	if runtime.GOOS == "windows" {
		return l, nil
	}
	l.held = flock.New(l.path, flock.SetFlag(os.O_RDWR|files.NoFollow))
	ok, err := l.held.TryLock()
	if err == nil && !ok {
		err = &LockedError{Path: l.path}
	}
	if err == nil {
		err = l.sameLock()
	}
	if err != nil {
		return nil, errors.Join(err, l.Close())
	}
	return l, nil
}

// sameLock returns an error unless the locked file is the open one: the path may have changed in
// between.
func (f *ledgerFile) sameLock() error {
	locked, err := f.held.Stat()
	if err != nil {
		return err
	}
	open, err := f.Stat()
	if err == nil && !os.SameFile(locked, open) {
		err = errTouched
	}
	return err
}

// Intact checks the path too: that costs a microsecond, a sync a hundred and more.
func (f *ledgerFile) Intact(size int64) error {
	named, err := os.Lstat(f.path)
	if err != nil {
		return fmt.Errorf("%w: %w", errTouched, err)
	}
	open, err := f.Stat()
	if err != nil {
		return err
	}
	if !os.SameFile(named, open) || open.Size() != size {
		return errTouched
	}
	return nil
}

// Close closes the file and unlocks it.
func (f *ledgerFile) Close() error {
	err := f.File.Close()
	if f.held == nil {
		return err
	}
	return errors.Join(err, f.held.Close())
}
