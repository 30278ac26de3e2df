package roster

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Keep copies r to a new file that only its owner may read, and returns once it can't be lost any more: a resume reads it. The file
// appears once it is whole, so that a program that is killed leaves no half input to resume. A file that is there already is never
// overwritten ([io/fs.ErrExist]).
func Keep(r io.Reader, path string) (err error) {
	if _, err := os.Lstat(path); err == nil {
		return fmt.Errorf("keep the input: %w", &fs.PathError{Op: "create", Path: path, Err: fs.ErrExist})
	}
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*.tmp") // its mode is 0600
	if err != nil {
		return fmt.Errorf("keep the input: %w", err)
	}
	_, err = io.Copy(f, r)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = name(f.Name(), path)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("keep the input in %s: %w", path, err), os.Remove(f.Name()))
	}
	return nil
}

// name gives a file its name, which nothing may have yet. Where a file can't have two names at a time, as on FAT, it is renamed, and
// of two programs at the same moment the later one wins.
func name(temp, path string) error {
	err := os.Link(temp, path)
	if err == nil {
		return os.Remove(temp)
	}
	if errors.Is(err, fs.ErrExist) {
		return err
	}
	return os.Rename(temp, path)
}

// WriteUsers writes IDs or logins as a file that [Open] takes: one row each, whatever they hold,
// but none for an empty one.
func WriteUsers(w io.Writer, users []string) error {
	b := bufio.NewWriter(w)
	_, _ = b.WriteString("login\n") // Flush reports what went wrong
	for _, u := range users {
		// Always quoted: a login may hold what means something in CSV.
		_, _ = b.WriteString(`"` + strings.ReplaceAll(u, `"`, `""`) + "\"\n")
	}
	if err := b.Flush(); err != nil {
		return fmt.Errorf("write the users: %w", err)
	}
	return nil
}
