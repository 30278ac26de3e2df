package files

import (
	"io/fs"
	"os"
)

// Windows has no such flags: a name that leads elsewhere is seen by the look before.
const (
	flagNoWait = 0
	flagNoLink = 0
)

// Flags for what opens a file itself.
const (
	NoWait   = 0
	NoFollow = 0
)

// owner can't be told from a mode here.
func (Rule) owner(string, fs.FileInfo) error { return nil }

// MakePrivate does nothing: a new file has the access control list of its folder.
func MakePrivate(*os.File) error { return nil }
