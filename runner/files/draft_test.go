//go:build unix

package files

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func text(s string) func(io.Writer) error {
	return func(w io.Writer) error {
		_, err := io.WriteString(w, s)
		return err
	}
}

// want fails unless the folder has exactly these files, as NAME=CONTENT.
func want(t *testing.T, dir string, want ...string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range entries {
		b, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Error(err)
		}
		got = append(got, e.Name()+"="+string(b))
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("the folder holds %q, want %q", got, want)
	}
}

// Not parallel: the umask belongs to the process.
func TestModeUnderAnyUmask(t *testing.T) {
	for _, mask := range []int{0, 0o022, 0o077, 0o277, 0o777} {
		dir := t.TempDir()
		created, replaced, published := filepath.Join(dir, "a"), filepath.Join(dir, "b"), filepath.Join(dir, "c")
		private := func(s string) func(io.Writer) error {
			return func(w io.Writer) error { // before there is anything to read
				left, err := filepath.Glob(filepath.Join(dir, "*.tmp"))
				if len(left) != 1 {
					return errors.Join(err, fmt.Errorf("drafts %q", left))
				}
				wantMode(t, left[0], 0o600)
				return text(s)(w)
			}
		}
		before := syscall.Umask(mask)
		f, err := Create(created)
		if err == nil {
			wantMode(t, created, 0o600)
			err = f.Close()
		}
		err = errors.Join(err, Replace(replaced, private("b")), publish(published, private("c")))
		syscall.Umask(before)
		if err != nil {
			t.Errorf("umask %03o: %v", mask, err)
		}
		for _, path := range []string{created, replaced, published} {
			wantMode(t, path, 0o600)
		}
	}
}

func TestReplace(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "a")
	for _, s := range []string{"first", "second"} {
		if err := Replace(path, text(s)); err != nil {
			t.Fatal(err)
		}
		want(t, dir, "a="+s)
	}
	broken := errors.New("broken")
	if err := Replace(path, func(w io.Writer) error { return errors.Join(text("half")(w), broken) }); !errors.Is(err, broken) {
		t.Errorf("Replace() = %v, want %v", err, broken)
	}
	want(t, dir, "a=second")
}

// publish writes a file as a draft, and gives it a name that nothing has.
func publish(path string, write func(io.Writer) error) error {
	d, err := NewDraft(path)
	if err != nil {
		return err
	}
	return errors.Join(write(d), d.Publish())
}

// A link is replaced; its target stays.
func TestReplaceOfALink(t *testing.T) {
	t.Parallel()
	dir, elsewhere := t.TempDir(), filepath.Join(t.TempDir(), "theirs")
	path := filepath.Join(dir, "a")
	if err := errors.Join(os.WriteFile(elsewhere, []byte("theirs"), 0o600), os.Symlink(elsewhere, path), Replace(path, text("ours"))); err != nil {
		t.Fatal(err)
	}
	want(t, dir, "a=ours")
	want(t, filepath.Dir(elsewhere), "theirs=theirs")
	wantMode(t, path, 0o600)
}

// A file with the name stays, even one that appears while the new file is written.
func TestNothingIsOverwritten(t *testing.T) {
	t.Parallel()
	for name, make := range map[string]func(string) error{
		"a file":                    file("theirs", 0o600),
		"a link that leads nowhere": link("nowhere"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "a")
			d, err := NewDraft(path)
			if err != nil {
				t.Fatal(err)
			}
			if err := errors.Join(text("ours")(d), make(path)); err != nil {
				t.Fatal(err)
			}
			if err := d.Publish(); !errors.Is(err, fs.ErrExist) {
				t.Errorf("Publish() = %v, want ErrExist", err)
			}
			if err := d.Discard(); err != nil {
				t.Errorf("Discard() = %v", err)
			}
			if f, err := Create(path); !errors.Is(err, fs.ErrExist) {
				t.Errorf("Create() = %v, %v, want ErrExist", f, err)
			}
			if _, err := os.Lstat(filepath.Join(filepath.Dir(path), "nowhere")); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("the link was followed: %v", err)
			}
			if entries, err := os.ReadDir(filepath.Dir(path)); err != nil || len(entries) != 1 {
				t.Errorf("files are left behind: %v, %v", entries, err)
			}
		})
	}
}

func TestRenameNew(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	a, b := filepath.Join(dir, "a"), filepath.Join(dir, "b")
	if err := errors.Join(os.WriteFile(a, []byte("1"), 0o600), renameNew(a, b)); err != nil {
		t.Fatal(err)
	}
	want(t, dir, "b=1")
	if err := renameExclusive(filepath.Join(dir, "none"), a); !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("renameExclusive() of nothing = %v", err)
	}
}

func TestRemoveTemps(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, name := range []string{"a", "a.1.tmp", "a.x.tmp", "a.tmp", "b.123.tmp", "aa.1.tmp"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := RemoveTemps(filepath.Join(dir, "a"), filepath.Join(dir, "b")); err != nil {
		t.Fatal(err)
	}
	want(t, dir, "a=", "a.tmp=", "a.x.tmp=", "aa.1.tmp=")
}
