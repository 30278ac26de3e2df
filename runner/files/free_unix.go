//go:build linux || darwin

package files

import "golang.org/x/sys/unix"

// FreeSpace returns how many bytes this user may still write to a folder's disk. It reports false
// if the system doesn't tell.
func FreeSpace(folder string) (bytes uint64, ok bool) {
	var fs unix.Statfs_t
	if err := unix.Statfs(folder, &fs); err != nil || fs.Blocks == 0 { // some network file systems tell nothing
		return 0, false
	}
	return fs.Bavail * uint64(fs.Bsize), true
}
