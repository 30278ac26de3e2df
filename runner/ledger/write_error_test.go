package ledger

import (
	"io/fs"
	"strings"
	"syscall"
	"testing"

	"oktareset/runner/fault"
)

// A full disk is said with its path once, and with what to do.
func TestWriteErrorText(t *testing.T) {
	t.Parallel()
	const path = "a.journal"
	err := &WriteError{Path: path, Err: &fs.PathError{Op: "write", Path: path, Err: syscall.ENOSPC}}
	if text := err.Error(); strings.Count(text, path) != 1 || !strings.Contains(text, syscall.ENOSPC.Error()) {
		t.Errorf("%q", text)
	}
	if hint := fault.Hint(err); !strings.Contains(hint, "--resume") {
		t.Errorf("hint %q", hint)
	}
}
