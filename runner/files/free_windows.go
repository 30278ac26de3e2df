package files

import "golang.org/x/sys/windows"

// FreeSpace returns how many bytes this user may still write to a folder's disk. It reports false
// if the system doesn't tell.
func FreeSpace(folder string) (bytes uint64, ok bool) {
	name, err := windows.UTF16PtrFromString(folder)
	if err != nil {
		return 0, false
	}
	err = windows.GetDiskFreeSpaceEx(name, &bytes, nil, nil)
	return bytes, err == nil
}
