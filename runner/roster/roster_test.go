package roster

import (
	"os"
	"path/filepath"
	"testing"

	"oktareset/runner"
)

// IDs of users.
const (
	idA = "00u1aaaaaaaaaaaaaaaa"
	idB = "00u1bbbbbbbbbbbbbbbb"
)

// write puts text into a new file and returns its path.
func write(t testing.TB, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "users.csv")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// open opens a file that holds text.
func open(t testing.TB, text string, o Options) *File {
	t.Helper()
	f, err := Open(write(t, text), o)
	if err != nil {
		t.Fatalf("Open(%q) = %v", text, err)
	}
	t.Cleanup(func() { _ = f.Close() })
	return f
}

// survey opens and surveys a file that holds text.
func survey(t testing.TB, text string, o Options) (*File, Survey) {
	t.Helper()
	f := open(t, text, o)
	s, err := f.Survey(t.Context())
	if err != nil {
		t.Fatalf("Survey() of %q = %v", text, err)
	}
	return f, s
}

// collect returns the rows of f and the error that ended them.
func collect(f *File) (rows []runner.Row, err error) {
	for row, err := range f.Rows() {
		if err != nil {
			return rows, err
		}
		rows = append(rows, row)
	}
	return rows, nil
}
