package ledger

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"runtime"

	"oktareset/runner/files"
	"oktareset/runner/results"
)

// This file keeps the input of a run. The run works on a private copy, so that changes to the
// user's file don't change who is reset, and a resume has the same rows even if the file is gone.
//
// A copy gets a name only once its ledger is locked and on the disk, and loses it before the
// ledger is removed. So a program that dies leaves either a copy that belongs to a ledger, or a
// temporary file that the next run removes.

// Copy is a private copy that a run reads. It is safe for concurrent reads while nobody writes to
// it or keeps it.
type Copy struct {
	file *os.File
	temp string // the path of a copy that [Ledger.Keep] hasn't named yet; otherwise ""
}

// NewCopy makes a copy beside future results, for a run without a ledger. Close removes it unless
// [Ledger.Keep] has named it.
func NewCopy(path string) (*Copy, error) {
	f, err := files.CreateTemp(results.CopyPath(path))
	if unwritable := (*files.UnwritableError)(nil); errors.As(err, &unwritable) {
		return nil, &files.UnwritableError{Path: path, Err: unwritable.Err} // the copy is nothing that anybody asked for
	}
	if err != nil {
		return nil, fmt.Errorf("copy the input: %w", err)
	}
	return &Copy{file: f, temp: f.Name()}, nil
}

// OpenCopy opens the copy that an earlier run kept beside its results. The error wraps
// [fs.ErrNotExist] if there is none, and is a [*files.RefusedError] if others wrote it or can
// change it.
func OpenCopy(path string) (*Copy, error) {
	f, err := files.Open(results.CopyPath(path), ours)
	if err != nil {
		return nil, fmt.Errorf("read the copy of the input: %w", err)
	}
	return &Copy{file: f}, nil
}

// Hide removes the name of a new copy that no other run will need, so that nothing of it is left,
// however the program ends. If an open file can't be without a name, Close removes it.
func (c *Copy) Hide() {
	if os.Remove(c.temp) == nil {
		c.temp = ""
	}
}

// Write adds to a new copy.
func (c *Copy) Write(b []byte) (int, error) { return c.file.Write(b) }

// ReadAt implements [io.ReaderAt].
func (c *Copy) ReadAt(b []byte, offset int64) (int, error) { return c.file.ReadAt(b, offset) }

// Size returns the length of the copy in bytes.
func (c *Copy) Size() (int64, error) {
	info, err := c.file.Stat()
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

// Close closes the copy, and removes it unless it was kept. It may be called again, and on nil.
func (c *Copy) Close() error {
	if c == nil || c.file == nil {
		return nil
	}
	err := c.file.Close()
	c.file = nil
	if c.temp != "" {
		err = errors.Join(err, files.RemoveIfExists(c.temp))
	}
	return err
}

// CopyExistsError is returned by [Ledger.Keep] if the copy's name is in use by a file that
// belongs to no run. That file isn't overwritten.
type CopyExistsError struct{ Path string }

func (e *CopyExistsError) Error() string {
	return fmt.Sprintf("%q exists already: a file of an earlier run, whose results aren't there", e.Path)
}

// Keep durably names the copy of the ledger. Call it before the first Take: from then on the copy
// has to exist. In a resumed ledger, which checks that the input is the same, an existing copy is
// replaced. In a new one, an existing file with other content gives a [*CopyExistsError].
func (l *Ledger) Keep(c *Copy) error {
	if err := l.keep(c); err != nil {
		if exists := (*CopyExistsError)(nil); errors.As(err, &exists) {
			return exists
		}
		return fmt.Errorf("keep the input: %w", err)
	}
	return errors.Join(l.removeCopyTemps(), files.SyncFolder(filepath.Dir(l.path)))
}

func (l *Ledger) keep(c *Copy) error {
	l.copy = c
	path := results.CopyPath(l.path)
	there, err := os.Lstat(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err == nil {
		if c.names(path) {
			return nil
		}
		if !there.Mode().IsRegular() || l.before == nil && !c.equals(path) {
			return &CopyExistsError{path}
		}
	}
	if c.temp == "" || !c.names(c.temp) { // another run, or a clean-up, has removed it
		if err := c.again(path); err != nil {
			return err
		}
	}
	if err := c.file.Sync(); err != nil {
		return err
	}
	err = c.rename(path)
	l.kept = err == nil
	return err
}

func (l *Ledger) removeCopyTemps() error {
	name := filepath.Base(l.path)
	return RemoveCopyTemps(filepath.Dir(l.path), func(results string) bool { return results == name })
}

// names reports whether path names the open file.
func (c *Copy) names(path string) bool {
	named, err := os.Lstat(path)
	if err != nil {
		return false
	}
	open, err := c.file.Stat()
	return err == nil && os.SameFile(named, open)
}

// equals reports whether a file has the same content. Then it may be replaced: nothing is lost.
func (c *Copy) equals(path string) bool {
	other, err := files.Open(path, files.Rule{})
	if err != nil {
		return false
	}
	defer other.Close() //nolint:errcheck // only read
	size, err := c.Size()
	if info, statErr := other.Stat(); err != nil || statErr != nil || info.Size() != size {
		return false
	}
	ours, theirs := sha256.New(), sha256.New()
	_, err = io.Copy(ours, io.NewSectionReader(c.file, 0, size))
	_, otherErr := io.Copy(theirs, other)
	return err == nil && otherErr == nil && bytes.Equal(ours.Sum(nil), theirs.Sum(nil))
}

// again writes the copy once more, to a temporary file beside path.
func (c *Copy) again(path string) error {
	size, err := c.Size()
	if err != nil {
		return err
	}
	f, err := files.CreateTemp(path)
	if err != nil {
		return err
	}
	if _, err = io.Copy(f, io.NewSectionReader(c.file, 0, size)); err != nil {
		return errors.Join(err, f.Close(), files.RemoveIfExists(f.Name()))
	}
	err = c.file.Close()
	c.file, c.temp = f, f.Name()
	return err
}

// rename gives the copy its name.
func (c *Copy) rename(path string) error {
	if runtime.GOOS != "windows" {
		if err := os.Rename(c.temp, path); err != nil {
			return err
		}
		c.temp = ""
		return nil
	}
	// Windows doesn't rename an open file.
	before, err := c.file.Stat()
	if err != nil {
		return err
	}
	if err := c.file.Close(); err != nil {
		return err
	}
	if err := os.Rename(c.temp, path); err != nil {
		c.file, _ = os.Open(c.temp)
		return err
	}
	c.temp = ""
	if c.file, err = os.Open(path); err != nil {
		return err
	}
	if after, err := c.file.Stat(); err != nil || !os.SameFile(before, after) {
		return errTouched
	}
	return nil
}

// DropCopy removes the copy beside the ledger once no row is open: nobody needs it any more. A
// missing copy is no error. Call it after Finish and before Close; afterwards the copy is closed.
func (l *Ledger) DropCopy() error { return errors.Join(l.removeCopy(), l.removeCopyTemps()) }

func (l *Ledger) removeCopy() error {
	return errors.Join(l.copy.Close(), files.RemoveIfExists(results.CopyPath(l.path))) // Windows doesn't remove an open file
}

// unkeep removes the copy if this run has named it. The copy goes before the ledger: a ledger
// without a copy can be created anew, but a copy without a ledger would be in the way.
func (l *Ledger) unkeep() error {
	if !l.kept {
		return nil
	}
	l.kept = false
	return l.removeCopy()
}

// copyTemp matches the name of a temporary file for a run's input or exclusions; the first group
// is the name of the results without .csv.
var copyTemp = regexp.MustCompile(`^(.+)\.(?:input\.csv|exclude\.json)\.[0-9]+\.tmp$`)

// RemoveCopyTemps removes the temporary files that dead runs left in a folder; ours recognises
// the names of the results. It may also remove those of a running run, which writes them again.
func RemoveCopyTemps(folder string, ours func(results string) bool) error {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return fmt.Errorf("look for files left behind: %w", err)
	}
	for _, e := range entries {
		m := copyTemp.FindStringSubmatch(e.Name())
		if m == nil || !e.Type().IsRegular() || !ours(m[1]+".csv") && !ours(m[1]) {
			continue
		}
		// the file may be open there
		if err := files.RemoveIfExists(filepath.Join(folder, e.Name())); err != nil && runtime.GOOS != "windows" {
			return err
		}
	}
	return nil
}
