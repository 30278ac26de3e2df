package roster

import (
	"bufio"
	"fmt"
	"io"
	"strings"
)

// WriteUsers writes IDs or logins as a file that [Open] accepts: one row each, whatever characters
// they have, but none for an empty one.
func WriteUsers(w io.Writer, users []string) error {
	b := bufio.NewWriter(w)
	_, _ = b.WriteString("login\n") // Flush reports what went wrong
	for _, u := range users {
		// Always quoted: a login may contain characters that CSV uses.
		_, _ = b.WriteString(`"` + strings.ReplaceAll(u, `"`, `""`) + "\"\n")
	}
	if err := b.Flush(); err != nil {
		return fmt.Errorf("write the users: %w", err)
	}
	return nil
}
