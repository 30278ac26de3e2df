//go:build unix

package files

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"
)

// JudgeFolder finds out who may add files to a folder. If everybody may, only the sticky bit
// keeps them from replacing other users' files.
func JudgeFolder(dir string) (Folder, error) {
	d, err := os.OpenFile(dir, os.O_RDONLY|flagNoWait, 0)
	if err != nil {
		return Folder{}, fmt.Errorf("look who may write to the folder: %w", err)
	}
	info, err := d.Stat()
	if err = errors.Join(err, d.Close()); err != nil {
		return Folder{}, fmt.Errorf("look who may write to the folder: %w", err)
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return Folder{Message: "has an unknown owner"}, nil
	}
	sticky, perm := info.Mode()&fs.ModeSticky != 0, info.Mode().Perm()
	f := Folder{Shared: perm&0o020 != 0 && !sticky}
	switch {
	case !oneOfUs(stat.Uid):
		f.Message = fmt.Sprintf("belongs to another user (number %d)", stat.Uid)
	case perm&0o002 != 0 && !sticky:
		f.Message = fmt.Sprintf("can be changed by everybody (mode %04o)", perm)
	default:
		f.Trusted = true
	}
	return f, nil
}
