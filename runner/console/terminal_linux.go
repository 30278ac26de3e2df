package console

import "golang.org/x/sys/unix"

// discardInput throws away what was typed on a terminal and not read yet.
func discardInput(fd uintptr) error { return unix.IoctlSetInt(int(fd), unix.TCFLSH, unix.TCIFLUSH) }
