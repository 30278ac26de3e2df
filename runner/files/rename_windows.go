package files

import (
	"os"

	"golang.org/x/sys/windows"
)

// renameExclusive renames a file unless the new name is in use, in one step.
func renameExclusive(from, to string) error {
	old, err := windows.UTF16PtrFromString(from)
	if err != nil {
		return err
	}
	name, err := windows.UTF16PtrFromString(to)
	if err != nil {
		return err
	}
	if err := windows.MoveFile(old, name); err != nil {
		return &os.LinkError{Op: "rename", Old: from, New: to, Err: err}
	}
	return nil
}
