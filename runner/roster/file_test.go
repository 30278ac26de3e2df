package roster

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

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
		"missing":    {path: filepath.Join(dir, "none.csv"), message: "it isn't there", is: fs.ErrNotExist},
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
