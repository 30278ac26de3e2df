//go:build unix

package access

import (
	"os"
	"os/exec"
	"syscall"

	"golang.org/x/sys/unix"
)

// terminalName is this process's terminal, whatever its stdin is.
const terminalName = "/dev/tty"

// ownSession gives the program a session of its own, so that all its processes can be ended with
// it and Ctrl-C reaches only us. In a group of this session it would be stopped when it asks on
// the terminal; as the terminal's foreground it would stop a pager that reads our output.
func ownSession(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }
}

// endSession ends the remaining processes of the program.
func endSession(p *os.Process) { _ = syscall.Kill(-p.Pid, syscall.SIGKILL) }

// inForeground reports whether input typed on a terminal is for this process.
func inForeground(terminal *os.File) bool {
	group, err := unix.IoctlGetInt(int(terminal.Fd()), unix.TIOCGPGRP)
	return err == nil && group == unix.Getpgrp()
}
