//go:build unix

package files

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// put makes something in a new folder and returns its path.
func put(t *testing.T, do func(path string) error) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "users.results.json")
	if err := do(path); err != nil {
		t.Fatal(err)
	}
	return path
}

func file(text string, mode os.FileMode) func(string) error {
	return func(path string) error {
		return errors.Join(os.WriteFile(path, []byte(text), 0o600), os.Chmod(path, mode))
	}
}

func link(to string) func(string) error {
	return func(path string) error { return os.Symlink(to, path) }
}

// chown gives a file to another user, which only root can.
func chown(uid int, do func(string) error) func(string) error {
	return func(path string) error { return errors.Join(do(path), os.Chown(path, uid, -1)) }
}

// within fails a test that waits for a pipe: it would wait for ever.
func within(t *testing.T, do func()) {
	t.Helper()
	done := make(chan struct{})
	go func() { defer close(done); do() }()
	select {
	case <-done:
	case <-time.After(30 * time.Second):
		t.Fatal("it waits for ever")
	}
}

func needRoot(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("only root can give files to other users")
	}
}

func TestReadRefuses(t *testing.T) {
	t.Parallel()
	strict := Rule{Max: 100, Ours: true, Private: true}
	for name, tt := range map[string]struct {
		do   func(string) error
		rule Rule
		want string // of the message
	}{
		"a pipe":                    {func(p string) error { return syscall.Mkfifo(p, 0o600) }, Rule{Max: 100}, "is a pipe"},
		"a folder":                  {func(p string) error { return os.Mkdir(p, 0o700) }, Rule{Max: 100}, "is a folder"},
		"a link":                    {link("/etc/passwd"), Rule{Max: 1 << 20}, "is a link"},
		"a link that leads nowhere": {link("/nowhere"), Rule{Max: 100}, "is a link"},
		"a link to a device":        {link("/dev/zero"), Rule{Max: 100, Links: true}, "is a device"},
		"a link to a folder":        {link("/"), Rule{Max: 100, Links: true}, "is a folder"},
		"too much":                  {file(strings.Repeat("x", 101), 0o600), Rule{Max: 100}, "longer than the 100 bytes"},
		"20 GB of nothing": {func(p string) error {
			return errors.Join(os.WriteFile(p, nil, 0o600), os.Truncate(p, 20<<30))
		}, Rule{Max: 100}, "longer than the 100 bytes"},
		"a second name": {func(p string) error {
			return errors.Join(os.WriteFile(p, nil, 0o600), os.Link(p, p+".2"))
		}, strict, "has 2 names"},
		"written by a group": {file("", 0o620), strict, "can be changed by others (mode 0620)"},
		"written by all":     {file("", 0o602), strict, "can be changed by others (mode 0602)"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := put(t, tt.do)
			within(t, func() {
				b, err := Read(path, tt.rule)
				var refused *RefusedError
				if !errors.As(err, &refused) || !strings.Contains(refused.Message, tt.want) || refused.Path != path || refused.Hint == "" {
					t.Errorf("Read() = %d bytes, %v, want a RefusedError: %s", len(b), err, tt.want)
				}
			})
		})
	}
}

// A file that another user has written is refused, whatever its mode.
func TestReadRefusesOthers(t *testing.T) {
	t.Parallel()
	needRoot(t)
	for _, mode := range []os.FileMode{0o600, 0o644, 0o400} {
		path := put(t, chown(4711, file("forged", mode)))
		_, err := Read(path, Rule{Max: 100, Ours: true})
		var refused *RefusedError
		if !errors.As(err, &refused) || !strings.Contains(refused.Message, "another user (number 4711)") {
			t.Errorf("mode %o: Read() = %v, want a RefusedError", mode, err)
		}
		if b, err := Read(path, Rule{Max: 100}); err != nil || string(b) != "forged" {
			t.Errorf("mode %o: without Ours: Read() = %q, %v", mode, b, err)
		}
	}
}

func TestReadTakes(t *testing.T) {
	t.Parallel()
	strict := Rule{Max: 4, Ours: true, Private: true}
	for name, tt := range map[string]struct {
		do   func(string) error
		rule Rule
	}{
		"a file of ours":            {file("text", 0o600), strict},
		"one that others may read":  {file("text", 0o644), strict},
		"a link that may lead away": {func(p string) error { return errors.Join(file("text", 0o600)(p+".real"), os.Symlink(p+".real", p)) }, Rule{Max: 4, Links: true}},
		"one that others may write": {file("text", 0o666), Rule{Max: 4, Ours: true}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if b, err := Read(put(t, tt.do), tt.rule); err != nil || string(b) != "text" {
				t.Errorf("Read() = %q, %v", b, err)
			}
		})
	}
	if _, err := Read(filepath.Join(t.TempDir(), "none"), strict); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Read() of nothing = %v", err)
	}
}

// The kernel refuses a link that appears after the first check.
func TestNoFollow(t *testing.T) {
	t.Parallel()
	path := put(t, link("/etc/passwd"))
	f, err := os.OpenFile(path, os.O_RDONLY|NoFollow, 0)
	if err == nil {
		_ = f.Close()
	}
	if !errors.Is(err, unix.ELOOP) && !errors.Is(err, unix.EMLINK) {
		t.Errorf("OpenFile() = %v, want that the kernel refuses it", err)
	}
}

// A pipe that appears after the first check is refused, and nothing waits for it.
func TestOpenedPipe(t *testing.T) {
	t.Parallel()
	path := put(t, func(p string) error { return syscall.Mkfifo(p, 0o600) })
	within(t, func() {
		f, err := os.OpenFile(path, os.O_RDONLY|NoFollow, 0)
		if err != nil {
			t.Error(err)
			return
		}
		defer f.Close()
		var refused *RefusedError
		if err := (Rule{}).Judge(f); !errors.As(err, &refused) {
			t.Errorf("Judge() = %v", err)
		}
	})
}

func TestMakePrivate(t *testing.T) {
	t.Parallel()
	path := put(t, file("text", 0o644))
	f, err := OpenToWrite(path, Rule{Ours: true, Private: true})
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := MakePrivate(f); err != nil {
		t.Error(err)
	}
	if _, err := f.WriteAt([]byte("T"), 0); err != nil {
		t.Error(err)
	}
	wantMode(t, path, 0o600)

	through := put(t, link(path))
	if f, err := OpenToWrite(through, Rule{Links: true}); err == nil {
		_ = f.Close()
		t.Error("OpenToWrite() went through a link")
	}
}

func wantMode(t *testing.T, path string, want os.FileMode) {
	t.Helper()
	info, err := os.Lstat(path)
	if err != nil {
		t.Error(err)
		return
	}
	if got := info.Mode(); got != want {
		t.Errorf("%s has mode %v, want %v", filepath.Base(path), got, want)
	}
}

func TestJudgeFolder(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		mode            os.FileMode
		uid             int
		trusted, shared bool
		message         string
	}{
		"of this user":                 {mode: 0o755, trusted: true},
		"of a group":                   {mode: 0o775, trusted: true, shared: true},
		"of a group, each their own":   {mode: 0o775 | os.ModeSticky, trusted: true},
		"of all":                       {mode: 0o777, shared: true, message: "by everybody (mode 0777)"},
		"of all, each their own":       {mode: 0o777 | os.ModeSticky, trusted: true},
		"of another user":              {mode: 0o755, uid: 4711, message: "another user (number 4711)"},
		"of another user, for all too": {mode: 0o777 | os.ModeSticky, uid: 4711, message: "another user (number 4711)"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			if tt.uid != 0 {
				needRoot(t)
				if err := os.Chown(dir, tt.uid, -1); err != nil {
					t.Fatal(err)
				}
			}
			if err := os.Chmod(dir, tt.mode); err != nil {
				t.Fatal(err)
			}
			f, err := JudgeFolder(dir)
			if err != nil || f.Trusted != tt.trusted || f.Shared != tt.shared || !strings.Contains(f.Message, tt.message) || f.Trusted != (f.Message == "") {
				t.Errorf("JudgeFolder() = %+v, %v", f, err)
			}
		})
	}
	if _, err := JudgeFolder(filepath.Join(t.TempDir(), "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("JudgeFolder() of nothing = %v", err)
	}
}
