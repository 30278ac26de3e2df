package files

import (
	"io/fs"
	"os"
)

// Windows has no such flags: the check before the opening finds a link.
const (
	flagNoWait = 0
	flagNoLink = 0
)

// Flags for code outside this package that opens a file itself.
const (
	NoWait   = 0
	NoFollow = 0
)

// owner accepts every file: modes don't show the owner here.
func (Rule) owner(string, fs.FileInfo) error { return nil }

// MakePrivate does nothing: a new file inherits its folder's access control list.
func MakePrivate(*os.File) error { return nil }
