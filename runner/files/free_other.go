//go:build !linux && !darwin && !windows

package files

// FreeSpace can't know here.
func FreeSpace(string) (bytes uint64, ok bool) { return 0, false }
