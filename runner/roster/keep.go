package roster

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

// Keep copies r to a new file that only its owner may read, and returns once it can't be lost any more: a resume reads it. A file
// that is there already is never overwritten ([io/fs.ErrExist]); one that can't be completed is removed.
func Keep(r io.Reader, path string) (err error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("keep the input: %w", err)
	}
	_, err = io.Copy(f, r)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return errors.Join(fmt.Errorf("keep the input in %s: %w", path, err), os.Remove(path))
	}
	return nil
}

// WriteUsers writes IDs or logins as a file that [Open] takes: one row each, whatever they hold.
func WriteUsers(w io.Writer, users []string) error {
	b := bufio.NewWriter(w)
	_, _ = b.WriteString("login\n") // Flush reports what went wrong
	for _, u := range users {
		// Always quoted: a row that is empty would be a blank line, and lost.
		_, _ = b.WriteString(`"` + strings.ReplaceAll(u, `"`, `""`) + "\"\n")
	}
	if err := b.Flush(); err != nil {
		return fmt.Errorf("write the users: %w", err)
	}
	return nil
}
