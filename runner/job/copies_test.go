package job

import (
	"os"
	"path/filepath"
	"testing"

	"oktareset/runner/access"
)

// A rehearsal is never resumed, and keeps nothing, however it ends.
func TestRehearsalKeepsNoCopy(t *testing.T) {
	folder := t.TempDir()
	r := &run{Env: new(access.Env), opts: Options{Sandbox: true}, paths: paths{results: filepath.Join(folder, "x.csv")}}
	c, err := r.newCopy()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Write([]byte("login\n")); err != nil {
		t.Fatal(err)
	}
	left, err := os.ReadDir(folder)
	if err != nil || len(left) > 0 && os.PathSeparator == '/' {
		t.Errorf("while it runs there are %v, %v", left, err)
	}
	if err := (&input{run: r, copy: c}).close(); err != nil {
		t.Fatal(err)
	}
	if left, err = os.ReadDir(folder); err != nil || len(left) > 0 {
		t.Errorf("afterwards there are %v, %v", left, err)
	}
}
