package files

import (
	"os"
	"path/filepath"
)

// SameFile reports whether two paths name one file, also if it isn't there.
func SameFile(a, b string) bool {
	ia, err1 := os.Stat(a)
	ib, err2 := os.Stat(b)
	return filepath.Clean(a) == filepath.Clean(b) || err1 == nil && err2 == nil && os.SameFile(ia, ib)
}
