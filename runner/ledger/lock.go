package ledger

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"syscall"
	"time"

	"github.com/gofrs/flock"

	"oktareset/runner/files"
	"oktareset/runner/results"
)

// LockedError is returned by [Create] and [Resume] if another run has the ledger open.
type LockedError struct {
	Path   string // of the results
	Holder Holder // zero if the other run hasn't written its name yet
}

func (e *LockedError) Error() string {
	if e.Holder.RunID == "" {
		return fmt.Sprintf("%q is being written by another run", e.Path)
	}
	return fmt.Sprintf("%q is being written by run %q (process %d on %q, started %s)", e.Path, e.Holder.RunID, e.Holder.PID,
		e.Holder.Host, e.Holder.StartedAt.UTC().Format(time.RFC3339))
}

// Holder is the run that has a lock.
type Holder struct {
	RunID     string    `json:"run_id"`
	PID       int       `json:"pid"`
	Host      string    `json:"host"`
	StartedAt time.Time `json:"started_at"`
}

// holderOffset is where the lock file names its holder. Windows locks the first byte, against
// reading too.
const holderOffset = 1

// maxLockTries is how often a lock file may vanish while it is being locked: each time, another
// run has just ended.
const maxLockTries = 100

// lock is an exclusive lock on a file beside the results. The operating system drops it when the
// process dies, so a file left behind by a crash locks nobody out.
type lock struct {
	path string
	held *flock.Flock
}

// acquire locks the results at path for h. It returns a [*LockedError] if another run has the
// lock, and a [*files.RefusedError] if the lock's name is in use by something else. The kernel
// refuses a link there, however quickly somebody puts it: a check would be too slow.
func acquire(results string, h Holder) (*lock, error) {
	path := results + ".lock"
	for range maxLockTries {
		l := &lock{path: path, held: flock.New(path, flock.SetFlag(os.O_CREATE|os.O_RDWR|files.NoFollow), flock.SetPermissions(0o600))}
		ok, err := l.held.TryLock()
		if err != nil {
			if refused := files.Look(path); refused != nil { // its words say what to do
				return nil, fmt.Errorf("lock %q: %w", path, refused)
			}
			if errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.EROFS) {
				return nil, &files.UnwritableError{Path: results, Err: err}
			}
			return nil, fmt.Errorf("lock %q: %w", path, err)
		}
		if !ok {
			return nil, &LockedError{Path: results, Holder: readHolder(path)}
		}
		if !l.current() {
			_ = l.held.Unlock()
			continue
		}
		if err := l.writeHolder(h); err != nil {
			return nil, errors.Join(fmt.Errorf("lock %q: %w", path, err), l.held.Unlock())
		}
		return l, nil
	}
	return nil, fmt.Errorf("lock %q: it vanished %d times", path, maxLockTries)
}

// Hold locks a name of results without opening any: a name that means several files, of which
// only one may be written at a time. It returns a [*LockedError] if another run has locked the
// name. The caller must release it.
func Hold(name string, r results.Run) (release func() error, err error) {
	l, err := acquire(name, holder(&r))
	if err != nil {
		return nil, err
	}
	return l.release, nil
}

// holder returns the name of the run that writes.
func holder(r *results.Run) Holder {
	return Holder{RunID: r.RunID, PID: os.Getpid(), Host: r.Operator.Host, StartedAt: r.StartedAt}
}

// current reports whether the path still names the locked file: its last holder removes it before
// unlocking it, and whoever had opened it before then has a lock that nobody else will ever see.
// A link is never current: in a folder where others may write, it may lead to any file of ours.
func (l *lock) current() bool {
	locked, err := l.held.Stat()
	if err != nil {
		return false
	}
	named, err := os.Lstat(l.path)
	return err == nil && os.SameFile(locked, named)
}

// release removes the lock file, then unlocks it: in the other order, the removed file could be
// another run's. That could also happen if somebody has deleted our file and another run has made
// its own. Windows doesn't remove an open file, and so none that another run has opened.
func (l *lock) release() error {
	var err error
	if l.current() {
		err = files.RemoveIfExists(l.path)
	}
	if unlockErr := l.held.Unlock(); unlockErr != nil {
		return errors.Join(err, unlockErr)
	}
	if runtime.GOOS == "windows" {
		_ = os.Remove(l.path)
		return nil
	}
	return err
}

// errNoLock: the file with the lock's name isn't one of ours; it is left alone.
var errNoLock = errors.New("it isn't a lock of oktareset's: move it away")

// writeHolder writes the holder's name into the locked file, if that is a lock of ours, and makes
// it private.
func (l *lock) writeHolder(h Holder) error {
	h.StartedAt = results.Stamp(h.StartedAt)
	text, err := json.Marshal(h)
	if err != nil {
		return err
	}
	f, err := files.OpenToWrite(l.path, files.Rule{Ours: true})
	if err != nil {
		return err
	}
	if err = l.ours(f); err == nil {
		err = files.MakePrivate(f)
	}
	if err == nil {
		err = f.Truncate(holderOffset + int64(len(text)))
	}
	if err == nil {
		_, err = f.WriteAt(text, holderOffset)
	}
	return errors.Join(err, f.Close())
}

// ours returns an error unless f is the locked file and has the content of a lock: nothing, or a
// first byte that no text has.
func (l *lock) ours(f *os.File) error {
	open, err := f.Stat()
	if err != nil {
		return err
	}
	if locked, err := l.held.Stat(); err != nil || !os.SameFile(locked, open) {
		return errNoLock
	}
	var first [holderOffset]byte
	if runtime.GOOS == "windows" || open.Size() == 0 { // Windows doesn't let a locked byte be read
		return nil
	}
	if _, err := f.ReadAt(first[:], 0); err != nil || first[0] != 0 {
		return errNoLock
	}
	return nil
}

// readHolder returns the holder of the lock, or a zero one: the holder may be writing its name
// just now.
func readHolder(path string) Holder {
	f, err := files.Open(path, files.Rule{})
	if err != nil {
		return Holder{}
	}
	defer f.Close() //nolint:errcheck // it was only read
	text := make([]byte, 4096)
	n, _ := f.ReadAt(text, holderOffset)
	var h Holder
	if json.Unmarshal(text[:n], &h) != nil {
		return Holder{}
	}
	return h
}
