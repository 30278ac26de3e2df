package ledger

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
)

// replaceFile writes a new file and puts it in place of path atomically: whoever reads path finds the old file or the
// new one, whole, also after a power failure. When it fails, nothing else is left behind and the old file stays as it is;
// only if the folder can't be synced, it may be the new one.
func replaceFile(path string, write func(io.Writer) error) (err error) {
	tmp, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*.tmp") // mode 0600
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = tmp.Close()
			err = errors.Join(err, removeIfExists(tmp.Name()))
		}
	}()
	buf := bufio.NewWriterSize(tmp, 1<<16)
	if err := write(buf); err != nil {
		return err
	}
	if err := buf.Flush(); err != nil {
		return err
	}
	if err := tmp.Sync(); err != nil {
		return err
	}
	if err := tmp.Close(); err != nil { // before the rename: Windows renames no open file
		return err
	}
	if err := os.Rename(tmp.Name(), path); err != nil {
		return err
	}
	return syncDir(filepath.Dir(path))
}

// removeTemps removes what [replaceFile] has left of files when its program died. They are in the same folder.
func removeTemps(paths ...string) error {
	dir := filepath.Dir(paths[0])
	entries, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("look for files left behind: %w", err)
	}
	for _, e := range entries {
		for _, path := range paths {
			if !isTemp(e.Name(), filepath.Base(path)) || !e.Type().IsRegular() {
				continue
			}
			if err := removeIfExists(filepath.Join(dir, e.Name())); err != nil {
				return err
			}
		}
	}
	return nil
}

// isTemp reports whether name is that of a temporary file for the file base: base.DIGITS.tmp.
func isTemp(name, base string) bool {
	rest, ok := strings.CutPrefix(name, base+".")
	digits, tmp := strings.CutSuffix(rest, ".tmp")
	return ok && tmp && digits != "" && strings.Trim(digits, "0123456789") == ""
}

// syncDir makes the names in a folder as durable as the files are. Windows and some network file systems can't be asked.
func syncDir(dir string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	d, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("sync the folder: %w", err)
	}
	err = d.Sync()
	if errors.Is(err, errors.ErrUnsupported) || errors.Is(err, syscall.EINVAL) {
		err = nil
	}
	return errors.Join(err, d.Close())
}

// removeIfExists removes a file; that it doesn't exist is no error.
func removeIfExists(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}
