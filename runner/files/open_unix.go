//go:build unix

package files

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// Flags for opening a file that somebody else may have put there.
const (
	flagNoWait = unix.O_NONBLOCK // doesn't wait for a writer if it is a pipe
	flagNoLink = unix.O_NOFOLLOW // the kernel refuses a link, however quickly it is put there
)

// Flags for code outside this package that opens a file itself.
const (
	NoWait   = flagNoWait              // doesn't wait for a writer of a pipe
	NoFollow = flagNoLink | flagNoWait // nor follows a link
)

// owner refuses a file that others wrote or, if the rule says so, may write. An access control
// list shows in the group's bits.
func (r Rule) owner(path string, info fs.FileInfo) error {
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return fmt.Errorf("look who owns %q: the system doesn't say", path)
	}
	switch {
	case !oneOfUs(stat.Uid):
		return &RefusedError{
			Path: path, Message: fmt.Sprintf("belongs to another user (number %d)", stat.Uid),
			Hint: "continue as that user; or, if you trust its content, chown it",
		}
	case stat.Nlink > 1:
		return &RefusedError{
			Path: path, Message: fmt.Sprintf("has %d names: under another one, others may change it", stat.Nlink),
			Hint: "if you trust its content, replace it by a copy",
		}
	case r.Private && info.Mode().Perm()&0o022 != 0:
		return &RefusedError{
			Path: path, Message: fmt.Sprintf("can be changed by others (mode %04o)", info.Mode().Perm()),
			Hint: "if nobody has changed it, chmod 600 it",
		}
	}
	return nil
}

// oneOfUs reports whether a user can control this process anyway: this user, or root.
func oneOfUs(uid uint32) bool { return uid == 0 || int64(uid) == int64(os.Geteuid()) }

// MakePrivate gives an open file mode 0600. On a file system without modes, as FAT, it changes
// nothing.
func MakePrivate(f *os.File) error {
	info, err := f.Stat()
	if err != nil || info.Mode().Perm() == 0o600 {
		return err
	}
	err = f.Chmod(0o600)
	if errors.Is(err, unix.EPERM) && ownsFile(info) || errors.Is(err, errors.ErrUnsupported) {
		return nil
	}
	return err
}

// ownsFile reports whether this user may change the file's mode: if that fails nevertheless, the
// file system has no modes.
func ownsFile(info fs.FileInfo) bool {
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && (os.Geteuid() == 0 || int64(stat.Uid) == int64(os.Geteuid()))
}
