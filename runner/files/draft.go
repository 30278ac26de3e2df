package files

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
)

// Create makes a new file of mode 0600, whatever the umask. It fails if anything has the name,
// even a link that leads nowhere.
func Create(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_RDWR|flagNoLink, 0o600)
	if err != nil {
		return nil, err
	}
	if err := MakePrivate(f); err != nil {
		return nil, errors.Join(err, f.Close(), os.Remove(path))
	}
	return f, nil
}

// Draft is a file that gets its name once it is whole. Every Draft must end in Replace, Publish
// or Discard.
type Draft struct {
	path string
	file *os.File
	buf  *bufio.Writer
	done bool
}

// NewDraft makes a draft of path, as [CreateTemp] does.
func NewDraft(path string) (*Draft, error) {
	f, err := CreateTemp(path)
	if err != nil {
		return nil, err
	}
	return &Draft{path: path, file: f, buf: bufio.NewWriterSize(f, 1<<16)}, nil
}

// CreateTemp makes a temporary file of mode 0600 beside path, whatever the umask. Its error is an
// [*UnwritableError] of path.
func CreateTemp(path string) (*os.File, error) {
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*.tmp")
	if err != nil {
		return nil, &UnwritableError{path, err}
	}
	if err := MakePrivate(f); err != nil {
		return nil, &UnwritableError{path, errors.Join(err, f.Close(), os.Remove(f.Name()))}
	}
	return f, nil
}

// Write adds to the draft.
func (d *Draft) Write(b []byte) (int, error) { return d.buf.Write(b) }

// Replace gives the draft its name in place of an existing file: a reader of the path finds the
// old file or the new one, whole, also after a power failure. If Replace fails, the old file
// stays as it is; only if syncing the folder fails, it may be the new one.
func (d *Draft) Replace() error { return d.end(os.Rename) }

// Publish gives the draft its name. It never overwrites a file: if the name is in use, its error
// is an [*ExistsError].
func (d *Draft) Publish() error {
	err := d.end(renameNew)
	if errors.Is(err, fs.ErrExist) {
		return &ExistsError{d.path}
	}
	return err
}

// ExistsError says that the name of a file to write is in use. It is [fs.ErrExist].
type ExistsError struct{ Path string }

func (e *ExistsError) Error() string { return fmt.Sprintf("%q exists already", e.Path) }

// Advice says what to do about the file in the way.
func (e *ExistsError) Advice() string { return HintExists }

// Is makes it an [fs.ErrExist].
func (e *ExistsError) Is(target error) bool { return target == fs.ErrExist }

// HintExists says what to do about a file in the way whose content nobody needs.
const HintExists = "choose another file with -o, or move it away"

// Absent returns an [*ExistsError] if the name is in use, and an [*UnwritableError] if no file can
// have it.
func Absent(path string) error {
	switch _, err := os.Lstat(path); {
	case err == nil:
		return &ExistsError{path}
	case !errors.Is(err, fs.ErrNotExist):
		return &UnwritableError{path, err}
	}
	return nil
}

// end makes the content durable, gives it its name and makes that durable. After an error the
// draft is removed.
func (d *Draft) end(rename func(from, to string) error) error {
	if d.done {
		return os.ErrClosed
	}
	d.done = true
	err := d.buf.Flush()
	if err == nil {
		err = d.file.Sync()
	}
	err = errors.Join(err, d.file.Close()) // before the rename: Windows doesn't rename an open file
	if err == nil {
		err = rename(d.file.Name(), d.path)
	}
	if err != nil {
		return errors.Join(err, RemoveIfExists(d.file.Name()))
	}
	return SyncFolder(filepath.Dir(d.path))
}

// Discard removes the draft. After Replace or Publish it does nothing.
func (d *Draft) Discard() error {
	if d.done {
		return nil
	}
	d.done = true
	return errors.Join(d.file.Close(), RemoveIfExists(d.file.Name()))
}

// Replace writes a file as a [Draft] and puts it in place of path.
func Replace(path string, write func(io.Writer) error) error {
	d, err := NewDraft(path)
	if err != nil {
		return err
	}
	if err := write(d); err != nil {
		return errors.Join(err, d.Discard())
	}
	return d.Replace()
}

// renameNew renames a file unless the new name is in use. If the system can't do that in one
// step, the file has two names for a moment. Where a file can't have two names, as on FAT, two
// programs may rename at the same moment, and the later one wins.
func renameNew(from, to string) error {
	err := renameExclusive(from, to)
	if !errors.Is(err, errors.ErrUnsupported) {
		return err
	}
	if err = os.Link(from, to); err == nil {
		return os.Remove(from)
	}
	if errors.Is(err, fs.ErrExist) {
		return err
	}
	if _, err := os.Lstat(to); !errors.Is(err, fs.ErrNotExist) {
		return &fs.PathError{Op: "create", Path: to, Err: fs.ErrExist}
	}
	return os.Rename(from, to)
}

// RemoveTemps removes the drafts that a dead program left for these files, which are all in one
// folder.
func RemoveTemps(paths ...string) error {
	dir := filepath.Dir(paths[0])
	entries, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("look for files left behind: %w", err)
	}
	for _, e := range entries {
		for _, path := range paths {
			if !isTemp(e.Name(), filepath.Base(path)) || !e.Type().IsRegular() {
				continue
			}
			err := RemoveIfExists(filepath.Join(dir, e.Name()))
			// With ErrPermission the file is somebody else's, and in nobody's way.
			if err != nil && !errors.Is(err, fs.ErrPermission) {
				return err
			}
		}
	}
	return nil
}

// isTemp reports whether name is that of a draft for the file base: base.DIGITS.tmp.
func isTemp(name, base string) bool {
	rest, ok := strings.CutPrefix(name, base+".")
	digits, tmp := strings.CutSuffix(rest, ".tmp")
	return ok && tmp && digits != "" && strings.Trim(digits, "0123456789") == ""
}

// SyncFolder makes the names in a folder as durable as the files. Windows and some network file
// systems can't do that.
func SyncFolder(dir string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	d, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("sync the folder: %w", err)
	}
	err = d.Sync()
	if errors.Is(err, errors.ErrUnsupported) || errors.Is(err, syscall.EINVAL) {
		err = nil
	}
	return errors.Join(err, d.Close())
}

// RemoveIfExists removes a file. A missing file is no error.
func RemoveIfExists(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
