//go:build !linux

package ontty

import "os"

// Run fails: the scripts open a terminal on Linux only.
func Run() { os.Exit(125) }
