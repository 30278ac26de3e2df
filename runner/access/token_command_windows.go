package access

import (
	"os"
	"os/exec"
)

// terminalName is the console of this process, whatever its stdin is.
const terminalName = "CONIN$"

// ownSession leaves the program in this console: Ctrl-C reaches both. Ending it ends it alone.
func ownSession(*exec.Cmd) {}

// endSession has nothing to do: the program was ended at once.
func endSession(*os.Process) {}

// inForeground: a console has no groups of which one is typed to.
func inForeground(*os.File) bool { return true }
