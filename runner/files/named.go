package files

import (
	"context"
	"io"
	"io/fs"
	"os"
)

// ReadNamed reads up to most bytes of a file that the user names, or of a pipe. open is
// [os.Open], or a function that keeps a path within a folder. ReadNamed ends with ctx, also while
// it waits for a writer.
func ReadNamed(ctx context.Context, path string, most int64, open func(string) (*os.File, error)) ([]byte, fs.FileInfo, error) {
	type content struct {
		bytes []byte
		info  fs.FileInfo
		err   error
	}
	done := make(chan content, 1)
	go func() { // it may wait for ever: only the end of the process ends it
		var c content
		c.bytes, c.info, c.err = readNamed(path, most, open)
		done <- c
	}()
	select {
	case c := <-done:
		return c.bytes, c.info, c.err
	case <-ctx.Done():
		return nil, nil, context.Cause(ctx)
	}
}

func readNamed(path string, most int64, open func(string) (*os.File, error)) ([]byte, fs.FileInfo, error) {
	f, err := open(path)
	if err != nil {
		return nil, nil, err
	}
	defer f.Close() //nolint:errcheck // it was only read
	info, err := f.Stat()
	if err != nil {
		return nil, nil, err
	}
	if info.Mode()&fs.ModeNamedPipe == 0 {
		if err := (Rule{Max: most}).Judge(f); err != nil {
			return nil, nil, err
		}
	}
	b, err := readAll(f, most)
	return b, info, err
}

// Interruptible returns a reader whose Read ends with ctx, also while nobody writes. Whatever is
// read later is lost.
func Interruptible(ctx context.Context, r io.Reader) io.Reader {
	if r == nil {
		return nil
	}
	return &interruptible{ctx: ctx, in: r}
}

type interruptible struct {
	ctx context.Context // Read has no parameter for it
	in  io.Reader
	buf []byte
}

func (r *interruptible) Read(p []byte) (int, error) {
	if err := context.Cause(r.ctx); err != nil {
		return 0, err
	}
	type read struct {
		n   int
		err error
	}
	if len(r.buf) < len(p) {
		r.buf = make([]byte, len(p))
	}
	buf := r.buf[:len(p)]
	done := make(chan read, 1)
	go func() {
		n, err := r.in.Read(buf)
		done <- read{n, err}
	}()
	select {
	case d := <-done:
		return copy(p, buf[:d.n]), d.err
	case <-r.ctx.Done():
		r.buf = nil // the read that is under way still writes to it
		return 0, context.Cause(r.ctx)
	}
}
