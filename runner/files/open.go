package files

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// Size limits for files that are read whole, each far above what the program itself writes.
const (
	MaxSecret   = 64 << 10 // a token, a key, a configuration
	MaxManifest = 16 << 20 // thousands of runs over one input
)

// Rule says which file may be opened. The zero value accepts any regular file that isn't a link.
type Rule struct {
	// bytes that the file may have; 0: any number, for a file that is read piece by piece
	Max   int64
	Links bool // a symbolic link may lead to it: only for files that nobody's consent depends on

	// Ours refuses a file that another user may have put there: the owner must be this user or
	// root. It also refuses a file with a second name, which may be in a folder where others can
	// write.
	Ours bool
	// Private refuses a file that others can change now: neither its group nor all others may
	// have the right to write. It requires Ours.
	Private bool
}

// RefusedError says why a file isn't accepted.
type RefusedError struct {
	Path    string
	Message string // in lower case, without path
	Hint    string // what its owner can do about it
}

func (e *RefusedError) Error() string { return fmt.Sprintf("%q %s", e.Path, e.Message) }

// Advice returns e.Hint.
func (e *RefusedError) Advice() string { return e.Hint }

const hintAway = "move it away"

// Open opens a file for reading. If the file breaks the rule, it returns a [*RefusedError]; if
// there is none, an error that wraps [fs.ErrNotExist].
func Open(path string, r Rule) (*os.File, error) {
	return open(path, os.O_RDONLY, r)
}

// OpenToWrite opens an existing file for reading and writing, never through a link. Call
// [MakePrivate] before the first write.
func OpenToWrite(path string, r Rule) (*os.File, error) {
	r.Links = false
	return open(path, os.O_RDWR, r)
}

func open(path string, flag int, r Rule) (*os.File, error) {
	// This first check protects nothing; the check of the open file does. But opening some
	// devices has effects.
	look := os.Lstat
	if r.Links {
		look = os.Stat
	}
	info, err := look(path)
	if err != nil {
		return nil, err
	}
	if err := r.kind(path, info); err != nil {
		return nil, err
	}
	if flag |= flagNoWait; !r.Links {
		flag |= flagNoLink
	}
	f, err := os.OpenFile(path, flag, 0)
	if err != nil {
		return nil, err
	}
	if err := r.Judge(f); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// Judge returns a [*RefusedError] unless an open file satisfies the rule. It checks the file, not
// its name.
func (r Rule) Judge(f *os.File) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	path := f.Name()
	if err := r.kind(path, info); err != nil {
		return err
	}
	if r.Max > 0 && info.Size() > r.Max {
		return tooLong(path, r.Max)
	}
	if r.Ours {
		return r.owner(path, info)
	}
	return nil
}

// kind refuses what isn't a regular file.
func (r Rule) kind(path string, info fs.FileInfo) error {
	var what string
	switch mode := info.Mode(); {
	case mode.IsRegular():
		return nil
	case mode.IsDir():
		what = "a folder"
	case mode&fs.ModeSymlink != 0:
		what = "a link"
	case mode&fs.ModeNamedPipe != 0:
		what = "a pipe"
	default:
		what = "a device or a socket"
	}
	return &RefusedError{Path: path, Message: "is " + what + ", not a file", Hint: hintAway}
}

func tooLong(path string, most int64) error {
	return &RefusedError{Path: path, Message: fmt.Sprintf("is longer than the %d bytes that such a file can have", most), Hint: hintAway}
}

// Read returns the content of a file, at most r.Max bytes. With a zero Max it reads nothing.
func Read(path string, r Rule) ([]byte, error) {
	f, err := Open(path, r)
	if err != nil {
		return nil, err
	}
	defer f.Close() //nolint:errcheck // it was only read
	return readAll(f, r.Max)
}

// ReadOpen is [Read] for a file that is already open.
func ReadOpen(f *os.File, r Rule) ([]byte, error) {
	if err := r.Judge(f); err != nil {
		return nil, err
	}
	return readAll(f, r.Max)
}

// readAll reads at most most bytes: a file may grow after it was judged.
func readAll(f *os.File, most int64) ([]byte, error) {
	b, err := io.ReadAll(io.LimitReader(f, most+1))
	if err == nil && int64(len(b)) > most {
		err = tooLong(f.Name(), most)
	}
	if err != nil {
		return nil, err
	}
	return b, nil
}

// Look returns a [*RefusedError] if a path is anything but a regular file, a link included. It
// serves messages; it protects nothing.
func Look(path string) error {
	info, err := os.Lstat(path)
	if err != nil {
		return nil //nolint:nilerr // what isn't there can't be refused
	}
	return Rule{}.kind(path, info)
}

// ReadOurs returns the content of a small file that only this user writes, and makes it private.
func ReadOurs(path string, most int64) ([]byte, error) {
	f, err := OpenToWrite(path, Rule{Max: most, Ours: true, Private: true})
	if err != nil {
		return nil, err
	}
	defer f.Close() //nolint:errcheck // it was only read
	if err := MakePrivate(f); err != nil {
		return nil, err
	}
	return readAll(f, most)
}
