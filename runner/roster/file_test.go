package roster

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"oktareset/runner/table"
)

func TestOpenRefusesTheFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, tt := range map[string]struct {
		path    string
		message string
		is      error
	}{
		"missing":    {path: filepath.Join(dir, "none.csv"), message: "no such file", is: fs.ErrNotExist},
		"directory":  {path: dir, message: "is a directory"},
		"device":     {path: os.DevNull, message: "is not a regular file"},
		"empty":      {path: write(t, ""), message: "is empty", is: table.ErrEmpty},
		"blank":      {path: write(t, "\n\n"), message: "is empty", is: table.ErrEmpty},
		"workbook":   {path: write(t, "PK\x03\x04"), message: "Excel workbook"},
		"CR alone":   {path: write(t, "login\ra\rb\r"), message: "CR alone"},
		"wide cell":  {path: write(t, "login\n\""+strings.Repeat("x", 10<<20)), message: ""},
		"wide first": {path: write(t, strings.Repeat("x", 10<<20)), message: "longer than"},
	} {
		f, err := Open(tt.path, Options{})
		if name == "wide cell" { // seen by the survey only
			if err != nil {
				t.Fatal(err)
			}
			_, err = f.Survey(t.Context())
		}
		var e *Error
		if !errors.As(err, &e) || e.Path != tt.path ||
			!strings.Contains(e.Message, tt.message) || strings.Contains(e.Message, tt.path) {
			t.Errorf("%s: %v, want an Error with %q", name, err, tt.message)
		}
		if tt.is != nil && !errors.Is(err, tt.is) {
			t.Errorf("%s: %v, want %v", name, err, tt.is)
		}
	}
}

func TestErrorText(t *testing.T) {
	t.Parallel()
	for want, e := range map[string]*Error{
		"users.csv: line 7: broken": {Path: "users.csv", Line: 7, Message: "broken"},
		"users.csv: broken":         {Path: "users.csv", Message: "broken"},
	} {
		if got := e.Error(); got != want {
			t.Errorf("Error() = %q, want %q", got, want)
		}
	}
}

func TestKeep(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "kept.csv")
	if err := Keep(strings.NewReader("login\na\n"), path); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil || string(text) != "login\na\n" {
		t.Errorf("Keep() wrote %q, %v", text, err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("Keep() made %v, %v, want mode 0600", info.Mode(), err)
	}
	if err := Keep(strings.NewReader("other"), path); !errors.Is(err, fs.ErrExist) {
		t.Errorf("Keep() over a file = %v, want %v", err, fs.ErrExist)
	}
	if text, _ := os.ReadFile(path); string(text) != "login\na\n" {
		t.Errorf("Keep() over a file left %q", text)
	}
}

func TestKeepLeavesNoHalfFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "kept.csv")
	broken := errors.New("broken pipe")
	if err := Keep(io.MultiReader(strings.NewReader("login\n"), iotest.ErrReader(broken)), path); !errors.Is(err, broken) {
		t.Errorf("Keep() of a broken pipe = %v, want %v", err, broken)
	}
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Keep() of a broken pipe left a file: %v", err)
	}
}

func TestWriteUsers(t *testing.T) {
	t.Parallel()
	users := []string{idA, "a@b", `say "x", y`, "'=1", "two\nlines", "a;b"}
	var b strings.Builder
	if err := WriteUsers(&b, users); err != nil {
		t.Fatal(err)
	}
	f, _ := survey(t, b.String(), Options{})
	rows, err := collect(f)
	if err != nil || len(rows) != len(users) {
		t.Fatalf("%d rows of %q, %v, want %d", len(rows), b.String(), err, len(users))
	}
	for i, row := range rows {
		if row.Input != users[i] || row.Cells != nil {
			t.Errorf("row %d = %+v, want %q", i+1, row, users[i])
		}
	}
	if err := WriteUsers(&failingWriter{}, users); err == nil {
		t.Error("WriteUsers() to a full disk = nil")
	}
}

type failingWriter struct{}

func (*failingWriter) Write([]byte) (int, error) { return 0, errors.New("disk full") }

// While the input is read, and after a kill then, there is nothing under its name.
func TestKeepShowsNoHalfFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "kept.csv")
	looked := false
	look := readerFunc(func([]byte) (int, error) {
		_, err := os.Lstat(path)
		looked = errors.Is(err, fs.ErrNotExist)
		return 0, io.EOF
	})
	if err := Keep(io.MultiReader(strings.NewReader("login\n"), look), path); err != nil || !looked {
		t.Fatalf("Keep() = %v; nothing to see before the end: %v", err, looked)
	}
	if files, err := os.ReadDir(filepath.Dir(path)); err != nil || len(files) != 1 || files[0].Name() != "kept.csv" {
		t.Errorf("Keep() left %v, %v", files, err)
	}
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(b []byte) (int, error) { return f(b) }
