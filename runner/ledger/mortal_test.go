package ledger

import (
	"errors"
	"io"
	"os"
	"sync"
)

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

// mortal is a ledger's file whose process may die in any call; it knows what would survive a
// power failure.
type mortal struct {
	file
	mu           sync.Mutex // guards what follows
	size, synced int64
	calls        int // until death; below 0: it survives
	keep         int // bytes of the write in which it dies
	room         int64
	dead         bool
}

// set changes how the file behaves.
func (f *mortal) set(change func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change()
}

// state returns how long the file is, how much of it survives a power failure, and whether the
// process is dead.
func (f *mortal) state() (size, synced int64, dead bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.size, f.synced, f.dead
}

// isDead reports whether the process is dead.
func (f *mortal) isDead() bool {
	_, _, dead := f.state()
	return dead
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
	f.mu.Lock()
	defer f.mu.Unlock()
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
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.dies() {
		return errDead
	}
	f.synced = f.size
	return nil // nothing in this file system survives the machine
}

func (f *mortal) Truncate(size int64) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.dies() {
		return errDead
	}
	f.size, f.synced = size, min(f.synced, size)
	return f.file.Truncate(size)
}

// mortalDisk is a disk whose process may die before, in the middle of, or after any step. Its
// effects until then stay.
type mortalDisk struct {
	disk
	left int // steps until death; below 0: it survives
	how  int // 0: before the step; 1: in the middle; 2: after it
	dead func() bool
	die  func()
}

// step does all of a step, or the part before the process dies.
func (d *mortalDisk) step(whole, part func() error) error {
	if d.dead() {
		return errDead
	}
	d.left--
	if d.left != -1 {
		return whole()
	}
	var err error
	switch d.how {
	case 1:
		err = part()
	case 2:
		err = whole()
	}
	d.die()
	return errors.Join(err, errDead)
}

func nothing() error { return nil }

// mortal returns the disk with each of its steps counted.
func (d *mortalDisk) mortal() disk {
	real := d.disk
	half := func(path string, write func(io.Writer) error) func() error {
		return func() error {
			f, err := os.Create(path + ".1.tmp")
			return errors.Join(err, write(&limited{w: f, n: 700}), f.Close())
		}
	}
	opened := func(open func(string) (file, error)) func(string) (file, error) {
		return func(path string) (f file, err error) {
			if err = d.step(func() error { f, err = open(path); return err }, nothing); err != nil && f != nil {
				err = errors.Join(err, f.Close())
			}
			return f, err
		}
	}
	return disk{
		create: opened(real.create), open: opened(real.open),
		replace: func(path string, write func(io.Writer) error) error {
			return d.step(func() error { return real.replace(path, write) }, half(path, write))
		},
		publish: func(path string, write func(io.Writer) error, named func() error) error {
			return d.step(func() error {
				return real.publish(path, write, func() error {
					if err := named(); err != nil {
						return err
					}
					return d.step(nothing, nothing)
				})
			}, half(path, write))
		},
		remove: func(path string) error {
			return d.step(func() error { return real.remove(path) }, nothing)
		},
	}
}
