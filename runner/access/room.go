package access

import (
	"path/filepath"

	"oktareset/runner/console"
	"oktareset/runner/fault"
)

// Room refuses an operation that needs this many bytes beside a file if they aren't free. what
// names the data, as "the results". If the free space isn't known, Room allows it.
func (e *Env) Room(beside string, needed int64, what string) error {
	if e.FreeSpace == nil {
		return nil
	}
	folder := filepath.Dir(beside)
	free, ok := e.FreeSpace(folder)
	if !ok || uint64(needed) <= free {
		return nil
	}
	return fault.Usage("make room, or name a file on another disk with -o", "%s may need %s in %q, where %s are free; nothing was changed",
		what, console.BytesText(uint64(needed)), folder, console.BytesText(free))
}
