package files

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"syscall"
)

// UnwritableError says that a file can't be made in the folder in which it is to lie.
type UnwritableError struct {
	Path string // of the file, as it was asked for
	Err  error  // what making it, or a draft of it, returned
}

// Error doesn't name the draft: nobody has asked for that.
func (e *UnwritableError) Error() string {
	folder := fmt.Sprintf("the folder %q", filepath.Dir(e.Path))
	if filepath.Dir(e.Path) == "." {
		folder = "this folder"
	}
	why := e.Err.Error()
	var system *fs.PathError
	switch {
	case errors.Is(e.Err, fs.ErrPermission):
		why = "permission denied in " + folder
	case errors.Is(e.Err, fs.ErrNotExist):
		why = folder + " isn't there"
	case errors.Is(e.Err, syscall.ENOTDIR):
		why = fmt.Sprintf("%q is no folder", filepath.Dir(e.Path))
	case errors.As(e.Err, &system):
		why = fmt.Sprintf("%v in %s", system.Err, folder)
	}
	return fmt.Sprintf("%q can't be written: %s", e.Path, why)
}

// Advice is what to do about the folder.
func (e *UnwritableError) Advice() string {
	if errors.Is(e.Err, fs.ErrNotExist) {
		return "make it, or check that it is mounted"
	}
	return "choose a folder that you may write to, with -o; or make this one writable"
}

// Unwrap returns e.Err.
func (e *UnwritableError) Unwrap() error { return e.Err }
