package ledger

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"oktareset/runner"
	"oktareset/runner/journal"
	"oktareset/runner/results"
)

const (
	// linger is how long a settled line waits for a Take to share its sync with: far less than a
	// call to Okta takes (50 ms and more), so that a crash leaves few results unwritten.
	linger = 5 * time.Millisecond

	// maxPending is how many bytes of settled lines may wait for the disk before Settle waits too.
	maxPending = 1 << 20
)

// errClosed is returned for a row that comes after the end.
var errClosed = errors.New("the ledger is closed")

// WriteError says that the ledger can't be written any more, or that another program has touched
// its file. What had been synced before is intact; what hadn't is told by [Ledger.Unwritten].
type WriteError struct {
	Path string // of the journal
	Err  error
}

func (e *WriteError) Error() string { return fmt.Sprintf("write %q: %v", e.Path, e.Err) }

// Unwrap returns the cause.
func (e *WriteError) Unwrap() error { return e.Err }

// batch is what one write and one sync make durable.
type batch struct {
	lines []byte
	sum   journal.Sum   // of the last line
	takes bool          // somebody will send a request because of it
	done  chan struct{} // closed once err is set and, when it is nil, the lines are synced
	err   error
}

// committer is the only writer of the journal. Its goroutine ends with stop.
type committer struct {
	path string
	file file

	taken    chan struct{} // somebody waits for the pending batch
	settled  chan struct{} // the pending batch has its first line
	stopping chan struct{} // closed by stop
	stopped  chan struct{} // closed when the goroutine has ended
	stopOnce sync.Once
	synced   chan struct{} // there is more on the disk than the last time

	mu      sync.Mutex
	pending *batch
	spare   []byte      // the last batch's memory
	end     int64       // where the pending batch will begin in the file
	sum     journal.Sum // of the last line that was added
	durable point       // how far the file is certainly on the disk
	index   index
	closed  bool
	err     error  // the first failure; nothing is written after it
	touched error  // another program has touched the file: nothing more is taken
	lost    []byte // lines that a failure has kept from the disk; those of pending follow
	used    bool   // a line was added
}

// point is a place in the journal: where a line ends, and its sum.
type point struct {
	end int64
	sum journal.Sum
}

// newCommitter starts the writer of a file that ends, durably, at a point.
func newCommitter(path string, f file, at point, x index) *committer {
	c := &committer{
		path: path, file: f, end: at.end, sum: at.sum, durable: at, index: x,
		taken: make(chan struct{}, 1), settled: make(chan struct{}, 1), synced: make(chan struct{}, 1),
		stopping: make(chan struct{}), stopped: make(chan struct{}),
		pending: &batch{done: make(chan struct{})},
	}
	go c.run()
	return c
}

// add appends the line that gives a row a status, and whose sum isn't reckoned yet. With wait, it
// returns once the line is synced, else at once, unless too much is pending.
func (c *committer) add(row int, s runner.Status, text []byte, wait bool) error {
	c.mu.Lock()
	b := c.pending
	if err := c.refuse(row, s); err != nil {
		if c.err != nil {
			c.append(text) // for unwritten
		}
		c.mu.Unlock()
		return err
	}
	first := len(b.lines) == 0
	c.used, b.takes = true, b.takes || wait
	c.index.set(row, s, c.end+int64(len(b.lines)))
	c.append(text)
	wait = wait || len(b.lines) >= maxPending
	c.mu.Unlock()

	if !wait {
		if first {
			notify(c.settled)
		}
		return nil
	}
	notify(c.taken)
	<-b.done
	return b.err
}

// append adds a line to what is pending. c.mu is held.
func (c *committer) append(text []byte) {
	c.sum = c.sum.After(text)
	c.pending.lines = c.sum.AppendTo(append(c.pending.lines, text...))
	c.pending.sum = c.sum
}

// refuse returns why a line can't be added. c.mu is held.
func (c *committer) refuse(row int, s runner.Status) error {
	switch {
	case c.err != nil:
		return c.err
	case c.closed:
		return errClosed
	}
	return c.index.check(row, s)
}

// notify wakes whoever receives from ch, now or when it next looks.
func notify(ch chan<- struct{}) {
	select {
	case ch <- struct{}{}:
	default:
	}
}

func (c *committer) run() {
	defer close(c.stopped)
	timer := time.NewTimer(linger)
	defer timer.Stop()
	for {
		select {
		case <-c.settled:
			timer.Reset(linger)
			continue
		case <-c.taken:
		case <-timer.C: // it may be an earlier batch's: then this one goes out early, or is empty
		case <-c.stopping:
			c.commit()
			return
		}
		c.commit()
	}
}

// commit writes and syncs what is pending.
func (c *committer) commit() {
	b, offset, err := c.swap()
	if err == nil && len(b.lines) > 0 {
		err = c.write(b, offset)
	}
	b.err = err
	close(b.done)

	c.mu.Lock()
	c.spare = b.lines[:0]
	c.mu.Unlock()
}

// swap takes the pending batch and puts an empty one in its place. After a failure the batch is
// lost.
func (c *committer) swap() (b *batch, offset int64, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	b, offset = c.pending, c.end
	c.pending, c.spare = &batch{lines: c.spare, done: make(chan struct{})}, nil
	c.end += int64(len(b.lines))
	if c.err != nil {
		c.lost = append(c.lost, b.lines...)
	}
	return b, offset, c.err
}

// write makes a batch durable at an offset.
func (c *committer) write(b *batch, offset int64) error {
	touched := c.file.Intact(offset)
	n, err := c.file.WriteAt(b.lines, offset)
	if syncErr := c.file.Sync(); syncErr != nil {
		n, err = 0, errors.Join(err, syncErr)
	}
	if err != nil {
		written := bytes.LastIndexByte(b.lines[:n], '\n') + 1 // a full disk may have taken some lines
		return c.fail(err, b.lines[written:])
	}
	return c.written(b, offset, touched)
}

// fail notes the first failure and the lines that it has kept from the disk.
func (c *committer) fail(err error, lines []byte) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.err = &WriteError{Path: c.path, Err: err}
	c.lost = append(c.lost, lines...)
	return c.err
}

// written notes that a batch is on the disk, at an offset, and returns why nobody may act on it all
// the same: touched, now or earlier. What another program has touched may not be found after a
// crash, so nothing more is taken. Results are still written, and Finish puts everything where it
// belongs.
func (c *committer) written(b *batch, offset int64, touched error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.durable = point{offset + int64(len(b.lines)), b.sum}
	notify(c.synced)
	if touched != nil && c.touched == nil {
		c.touched = &WriteError{Path: c.path, Err: touched}
	}
	if b.takes {
		return c.touched
	}
	return nil
}

// refuseMore keeps further rows from being taken, because of err. What is done is still written.
func (c *committer) refuseMore(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.touched == nil {
		c.touched = err
	}
}

// mark returns how far the file is certainly on the disk.
func (c *committer) mark() *results.Mark {
	c.mu.Lock()
	defer c.mu.Unlock()
	return &results.Mark{Bytes: c.durable.end, Sum: c.durable.sum.String()}
}

// unwritten returns the lines that a failure has kept from the disk, those of rows taken among
// them.
func (c *committer) unwritten() []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err == nil {
		return nil
	}
	return slices.Concat(c.lost, c.pending.lines)
}

// stop commits what is pending and ends the goroutine. It returns the first failure of any write.
// It may be called again.
func (c *committer) stop() error {
	c.stopOnce.Do(func() {
		c.mu.Lock()
		c.closed = true
		c.mu.Unlock()
		close(c.stopping)
	})
	<-c.stopped
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err
}

// unused reports whether no line was ever added.
func (c *committer) unused() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return !c.used
}
