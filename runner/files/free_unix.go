//go:build linux || darwin

package files

import "golang.org/x/sys/unix"

// FreeSpace returns how many bytes this user may still write to a folder's disk, and false if the
// system doesn't say.
func FreeSpace(folder string) (bytes uint64, ok bool) {
	var fs unix.Statfs_t
	// some network file systems report nothing
	if err := unix.Statfs(folder, &fs); err != nil || fs.Blocks == 0 {
		return 0, false
	}
	return fs.Bavail * uint64(fs.Bsize), true
}
