package roster

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"hash/maphash"
	"io"
)

// blockSize is how much of a copy is checked at a time.
const blockSize = 64 << 10

// recorder writes what is read of an input to its copy, and remembers enough of it to know every
// byte again: a checksum for each block, 8 bytes for 64 KiB. Whoever changes a copy doesn't know
// the seed.
type recorder struct {
	to    Copy
	hash  hash.Hash // of all of it
	seed  maphash.Seed
	block []byte // what isn't written yet
	sums  []uint64
	size  int64 // of what was written
}

func newRecorder(to Copy) *recorder {
	return &recorder{to: to, hash: sha256.New(), seed: maphash.MakeSeed(), block: make([]byte, 0, blockSize)}
}

// Write takes what was read.
func (r *recorder) Write(b []byte) (int, error) {
	n := len(b)
	for len(b) > 0 {
		room := min(len(b), blockSize-len(r.block))
		r.block = append(r.block, b[:room]...)
		b = b[room:]
		if len(r.block) == blockSize {
			if err := r.flush(); err != nil {
				return 0, err
			}
		}
	}
	return n, nil
}

// flush writes a block that is full, or the last one.
func (r *recorder) flush() error {
	if len(r.block) == 0 {
		return nil
	}
	if _, err := r.to.Write(r.block); err != nil {
		return fmt.Errorf("copy the input: %w", err)
	}
	r.hash.Write(r.block)
	r.sums = append(r.sums, maphash.Bytes(r.seed, r.block))
	r.size += int64(len(r.block))
	r.block = r.block[:0]
	return nil
}

// sha256 is the hash of what was written, in hexadecimal.
func (r *recorder) sha256() string { return hex.EncodeToString(r.hash.Sum(nil)) }

// content reads what was written. No byte of a block is returned before all of it is known again.
func (r *recorder) content() io.Reader { return &checked{of: r, block: make([]byte, 0, blockSize)} }

// checked reads a copy, block by block.
type checked struct {
	of    *recorder
	n     int    // blocks read
	block []byte // the last one
	rest  []byte // what of it wasn't returned yet
}

// Read returns [ErrChanged] when the copy isn't what was written.
func (c *checked) Read(p []byte) (int, error) {
	if len(c.rest) == 0 {
		if err := c.next(); err != nil {
			return 0, err
		}
	}
	n := copy(p, c.rest)
	c.rest = c.rest[n:]
	return n, nil
}

func (c *checked) next() error {
	offset := int64(c.n) * blockSize
	if c.n == len(c.of.sums) {
		return io.EOF
	}
	c.block = c.block[:min(blockSize, c.of.size-offset)]
	if n, err := c.of.to.ReadAt(c.block, offset); n < len(c.block) {
		if errors.Is(err, io.EOF) {
			err = ErrChanged
		}
		return err
	}
	if maphash.Bytes(c.of.seed, c.block) != c.of.sums[c.n] {
		return ErrChanged
	}
	c.n++
	c.rest = c.block
	return nil
}

// MaxInMemory is how long a file may be that is kept in memory, in bytes: some ten million users.
const MaxInMemory = 256 << 20

// memory is a copy of a small file.
type memory struct {
	path  string
	bytes []byte
}

// Write refuses to take more than [MaxInMemory].
func (m *memory) Write(b []byte) (int, error) {
	if len(m.bytes)+len(b) > MaxInMemory {
		return 0, &Error{Path: m.path, Message: fmt.Sprintf("is longer than %d bytes", MaxInMemory), Hint: "divide it"}
	}
	m.bytes = append(m.bytes, b...)
	return len(b), nil
}

// ReadAt implements [io.ReaderAt].
func (m *memory) ReadAt(p []byte, offset int64) (int, error) {
	if offset >= int64(len(m.bytes)) {
		return 0, io.EOF
	}
	n := copy(p, m.bytes[offset:])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}
