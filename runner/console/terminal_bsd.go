//go:build darwin || dragonfly || freebsd || netbsd || openbsd

package console

import "golang.org/x/sys/unix"

// discardInput throws away what was typed on a terminal and not read yet.
func discardInput(fd uintptr) error {
	const input = 1 // FREAD
	return unix.IoctlSetPointerInt(int(fd), unix.TIOCFLUSH, input)
}
