//go:build darwin || dragonfly || freebsd || netbsd || openbsd

package console

import "golang.org/x/sys/unix"

// discardInput throws away what was typed on a terminal and not read yet.
func discardInput(fd uintptr) error {
	const input = 1 // FREAD
	return unix.IoctlSetPointerInt(int(fd), unix.TIOCFLUSH, input)
}

// hideInput doesn't show what is typed on a terminal from now on.
func hideInput(fd uintptr) error {
	state, err := unix.IoctlGetTermios(int(fd), unix.TIOCGETA)
	if err != nil {
		return err
	}
	state.Lflag &^= unix.ECHO
	return unix.IoctlSetTermios(int(fd), unix.TIOCSETA, state)
}
