package console

import "golang.org/x/sys/unix"

// discardInput discards typed input that was not read yet.
func discardInput(fd uintptr) error { return unix.IoctlSetInt(int(fd), unix.TCFLSH, unix.TCIFLUSH) }

// hideInput turns off the terminal's echo.
func hideInput(fd uintptr) error {
	state, err := unix.IoctlGetTermios(int(fd), unix.TCGETS)
	if err != nil {
		return err
	}
	state.Lflag &^= unix.ECHO
	return unix.IoctlSetTermios(int(fd), unix.TCSETS, state)
}
