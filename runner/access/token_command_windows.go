package access

import (
	"os"
	"os/exec"
)

// terminalName is this process's console, whatever its stdin is.
const terminalName = "CONIN$"

// ownSession leaves the program in this console: Ctrl-C reaches both. Only the program itself can
// be ended, not its children.
func ownSession(*exec.Cmd) {}

// endSession does nothing: the program was ended before.
func endSession(*os.Process) {}

// inForeground is always true: a console has no foreground group.
func inForeground(*os.File) bool { return true }
