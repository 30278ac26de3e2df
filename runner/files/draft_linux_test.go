package files

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
)

// In a folder where everybody may write, such as /tmp, somebody else's file with the name of a
// draft can't be removed, and stops nobody.
func TestRemoveTempsOfOthers(t *testing.T) {
	needRoot(t)
	dir := t.TempDir()
	theirs, ours := filepath.Join(dir, "a.1.tmp"), filepath.Join(dir, "a.2.tmp")
	err := errors.Join(os.WriteFile(theirs, nil, 0o600), os.WriteFile(ours, nil, 0o600), os.Chown(ours, 4711, -1), os.Chmod(dir, 0o777|os.ModeSticky), os.Chmod(filepath.Dir(dir), 0o755))
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error)
	go func() {
		runtime.LockOSThread() // and never unlocked: the thread ends with this goroutine
		if err := syscall.Setfsuid(4711); err != nil {
			done <- err
			return
		}
		done <- RemoveTemps(filepath.Join(dir, "a"))
	}()
	if err := <-done; err != nil {
		t.Error(err)
	}
	want(t, dir, "a.1.tmp=")
}
