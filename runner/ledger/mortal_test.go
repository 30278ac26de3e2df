package ledger

import "errors"

// choices makes the decisions of a test out of bytes. When they are used up, every decision is 0.
type choices struct{ data []byte }

func (c *choices) next(n int) int {
	if len(c.data) == 0 {
		return 0
	}
	b := c.data[0]
	c.data = c.data[1:]
	return int(b) % n
}

var errDead = errors.New("the process died")

// mortal is a ledger's file whose process may die in any call, and that knows what would survive a power failure.
type mortal struct {
	file
	size, synced int64
	calls        int // until death; below 0: it lives on
	keep         int // bytes of the write in which it dies
	room         int64
	dead         bool
}

// dies reports whether the process is dead, or dies now.
func (f *mortal) dies() bool {
	if f.calls == 0 {
		f.dead = true
	}
	f.calls--
	return f.dead
}

func (f *mortal) WriteAt(p []byte, off int64) (int, error) {
	was := f.dead
	if f.dies() {
		if n := min(f.keep, len(p)); !was && n > 0 {
			_, _ = f.file.WriteAt(p[:n], off)
			f.size = off + int64(n)
		}
		return 0, errDead
	}
	full := f.room > 0 && off+int64(len(p)) > f.room
	if full {
		p = p[:max(0, f.room-off)]
	}
	n, err := f.file.WriteAt(p, off)
	f.size = max(f.size, off+int64(n))
	if full {
		err = errors.New("no space left on device")
	}
	return n, err
}

func (f *mortal) Sync() error {
	if f.dies() {
		return errDead
	}
	f.synced = f.size
	return nil // nothing here outlives the machine
}

func (f *mortal) Truncate(size int64) error {
	if f.dies() {
		return errDead
	}
	f.size, f.synced = size, min(f.synced, size)
	return f.file.Truncate(size)
}
