package files

import (
	"os"
	"path/filepath"
)

// SameFile reports whether two paths name the same file, also if it doesn't exist.
func SameFile(a, b string) bool {
	ia, err1 := os.Stat(a)
	ib, err2 := os.Stat(b)
	return filepath.Clean(a) == filepath.Clean(b) || err1 == nil && err2 == nil && os.SameFile(ia, ib)
}
