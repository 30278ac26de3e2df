package files

import "golang.org/x/sys/windows"

// FreeSpace returns how many bytes this user may still write to a folder's disk, and false if the
// system doesn't say.
func FreeSpace(folder string) (bytes uint64, ok bool) {
	name, err := windows.UTF16PtrFromString(folder)
	if err != nil {
		return 0, false
	}
	err = windows.GetDiskFreeSpaceEx(name, &bytes, nil, nil)
	return bytes, err == nil
}
