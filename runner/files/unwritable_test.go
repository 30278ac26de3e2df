package files

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// Whoever can't write hears of the file that was asked for, not of one beside it.
func TestUnwritable(t *testing.T) {
	t.Parallel()
	draft := func(err error) error { return &fs.PathError{Op: "open", Path: "a.csv.123.tmp", Err: err} }
	for _, tt := range []struct {
		path       string
		err        error
		want, hint string
	}{
		{"a.csv", draft(syscall.EACCES), `"a.csv" can't be written: permission denied in this folder`, "with -o"},
		{"in/a.csv", draft(syscall.EPERM), `"in/a.csv" can't be written: permission denied in the folder "in"`, "with -o"},
		{"in/a.csv", draft(syscall.EROFS), `"in/a.csv" can't be written: read-only file system in the folder "in"`, "with -o"},
		{"in/a.csv", draft(syscall.ENOENT), `"in/a.csv" can't be written: the folder "in" isn't there`, "mounted"},
		{"in/a.csv", draft(syscall.ENOTDIR), `"in/a.csv" can't be written: "in" is no folder`, "with -o"},
		{"a.csv", errors.New("odd"), `"a.csv" can't be written: odd`, "with -o"},
	} {
		e := &UnwritableError{tt.path, tt.err}
		if e.Error() != tt.want || !strings.Contains(e.Advice(), tt.hint) || !errors.Is(e, tt.err) {
			t.Errorf("%v, hint %q, want %s", e, e.Advice(), tt.want)
		}
	}
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	path = filepath.Join(path, "a.csv")
	d, err := NewDraft(path)
	if e := (*UnwritableError)(nil); !errors.As(err, &e) || e.Path != path {
		t.Errorf("NewDraft() = %v, %v", d, err)
	}
	if e := (*UnwritableError)(nil); !errors.As(Absent(path), &e) || e.Path != path {
		t.Errorf("Absent() = %v", Absent(path))
	}
}
