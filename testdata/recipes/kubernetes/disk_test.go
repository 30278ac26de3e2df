//go:build linux

package kubernetes

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// mountSmall puts a disk of two megabytes in the place of a folder.
func mountSmall(dir string) error { return unix.Mount("small", dir, "tmpfs", 0, "size=2m") }

func unmount(dir string) error { return unix.Unmount(dir, unix.MNT_DETACH) }

// fill writes a file until its disk is full.
func fill(path string) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	block := make([]byte, 4096)
	for err == nil {
		_, err = f.Write(block)
	}
	if errors.Is(err, unix.ENOSPC) {
		err = nil
	}
	return errors.Join(err, f.Close())
}
