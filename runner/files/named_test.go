//go:build unix

package files

import (
	"context"
	"errors"
	"io"
	"os"
	"strings"
	"syscall"
	"testing"
)

// A path from the user may be a pipe; its content has a limit too.
func TestReadNamedPipe(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{"secret": "secret", strings.Repeat("x", 101): ""} {
		path := put(t, func(p string) error { return syscall.Mkfifo(p, 0o600) })
		go func() {
			w, err := os.OpenFile(path, os.O_WRONLY, 0)
			if err == nil {
				_, _ = io.WriteString(w, text)
				_ = w.Close()
			}
		}()
		within(t, func() {
			b, _, err := ReadNamed(t.Context(), path, 100, os.Open)
			if string(b) != want || (err == nil) != (want != "") {
				t.Errorf("ReadNamed() of %d bytes = %q, %v", len(text), b, err)
			}
		})
	}
}

func TestReadNamedEndsWithItsContext(t *testing.T) {
	t.Parallel()
	stopped := errors.New("stopped")
	ctx, stop := context.WithCancelCause(t.Context())
	path := put(t, func(p string) error { return syscall.Mkfifo(p, 0o600) })
	stop(stopped)
	within(t, func() {
		if _, _, err := ReadNamed(ctx, path, 100, os.Open); !errors.Is(err, stopped) {
			t.Errorf("ReadNamed() of a pipe that nobody writes to = %v, want %v", err, stopped)
		}
	})
	w, err := os.OpenFile(path, os.O_RDWR, 0) // so that the reader ends
	if err != nil {
		t.Fatal(err)
	}
	_ = w.Close()
}

func TestReadNamedRefuses(t *testing.T) {
	t.Parallel()
	for name, do := range map[string]func(string) error{
		"a device":  link("/dev/zero"),
		"a folder":  func(p string) error { return os.Mkdir(p, 0o700) },
		"too much":  file(strings.Repeat("x", 101), 0o600),
		"much more": func(p string) error { return errors.Join(os.WriteFile(p, nil, 0o600), os.Truncate(p, 20<<30)) },
	} {
		within(t, func() {
			var refused *RefusedError
			if _, _, err := ReadNamed(t.Context(), put(t, do), 100, os.Open); !errors.As(err, &refused) {
				t.Errorf("%s: ReadNamed() = %v, want a RefusedError", name, err)
			}
		})
	}
}

func TestInterruptible(t *testing.T) {
	t.Parallel()
	in, out := io.Pipe()
	stopped := errors.New("stopped")
	ctx, stop := context.WithCancelCause(t.Context())
	r := Interruptible(ctx, in)
	go func() { _, _ = io.WriteString(out, "some text") }()
	b := make([]byte, 4)
	if n, err := io.ReadFull(r, b); err != nil || string(b[:n]) != "some" {
		t.Errorf("Read() = %q, %v", b[:n], err)
	}
	if n, err := io.ReadFull(r, b); err != nil || string(b[:n]) != " tex" {
		t.Errorf("Read() = %q, %v", b[:n], err)
	}
	if n, err := r.Read(b); err != nil || string(b[:n]) != "t" {
		t.Errorf("Read() = %q, %v", b[:n], err)
	}
	within(t, func() {
		go stop(stopped)
		if _, err := r.Read(b); !errors.Is(err, stopped) {
			t.Errorf("Read() of what nobody writes = %v, want %v", err, stopped)
		}
		if _, err := r.Read(b); !errors.Is(err, stopped) {
			t.Errorf("Read() after the end = %v, want %v", err, stopped)
		}
	})
	_ = out.Close()
}
