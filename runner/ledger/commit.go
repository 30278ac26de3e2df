package ledger

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"sync"
	"time"

	"oktareset/runner"
	"oktareset/runner/journal"
	"oktareset/runner/results"
)

const (
	// linger is how long a settled line waits for a Take whose sync it can share: far less than a
	// call to Okta takes (50 ms and more), so that a crash leaves few results unwritten.
	linger = 5 * time.Millisecond

	// maxPending is how many bytes of settled lines may wait for the disk before Settle waits
	// too.
	maxPending = 1 << 20
)

// errClosed is returned for a row after the end.
var errClosed = errors.New("the ledger is closed")

// WriteError says that the ledger can't be written any more, or that another program has changed
// its file. Everything that was synced before is intact; [Ledger.Unwritten] returns the rest.
type WriteError struct {
	Path string // of the journal
	Err  error
}

func (e *WriteError) Error() string {
	err := e.Err
	if of := (*fs.PathError)(nil); errors.As(err, &of) && of.Path == e.Path {
		err = of.Err // the path is named once
	}
	return fmt.Sprintf("write %q: %v", e.Path, err)
}

// Advice says what to do.
func (e *WriteError) Advice() string {
	return "make room on the disk, or repair what the error names; then continue with --resume"
}

// Unwrap returns the cause.
func (e *WriteError) Unwrap() error { return e.Err }

// batch is what one write and one sync make durable.
type batch struct {
	lines []byte
	sum   journal.Sum   // of the last line
	takes bool          // somebody waits for it to send a request
	done  chan struct{} // closed after err is set and, if err is nil, the lines are synced
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
	synced   chan struct{} // more is on the disk than at the last receive

	mu      sync.Mutex
	pending *batch
	spare   []byte      // the last batch's memory, for reuse
	end     int64       // the file offset of the pending batch
	sum     journal.Sum // of the last line added
	durable point       // how far the file is certainly on the disk
	index   index
	closed  bool
	err     error  // the first failure; nothing is written after it
	touched error  // another program has changed the file: no more rows are taken
	lost    []byte // lines that a failure kept from the disk; the pending ones follow
	used    bool   // a line was added
}

// point is a place in the journal: the end of a line, and the line's sum.
type point struct {
	end int64
	sum journal.Sum
}

// newCommitter starts the writer for a file that durably ends at a point.
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

// add adds the line that gives a row a status; the line's sum is still missing. With wait, it
// returns once the line is synced, otherwise at once, unless too much is pending.
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

// append adds a line to the pending batch. The caller has locked c.mu.
func (c *committer) append(text []byte) {
	c.sum = c.sum.After(text)
	c.pending.lines = c.sum.AppendTo(append(c.pending.lines, text...))
	c.pending.sum = c.sum
}

// refuse returns why a line can't be added. The caller has locked c.mu.
func (c *committer) refuse(row int, s runner.Status) error {
	switch {
	case c.err != nil:
		return c.err
	case c.closed:
		return errClosed
	}
	return c.index.check(row, s)
}

// notify wakes the receiver of ch, now or at its next receive.
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
		// it may belong to an earlier batch: then this one is written early, or is empty
		case <-timer.C:
		case <-c.stopping:
			c.commit()
			return
		}
		c.commit()
	}
}

// commit writes and syncs the pending batch.
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

// swap takes the pending batch and replaces it by an empty one. After a failure the batch is
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
		// on a full disk, some lines may have been written
		written := bytes.LastIndexByte(b.lines[:n], '\n') + 1
		return c.fail(err, b.lines[written:])
	}
	return c.written(b, offset, touched)
}

// fail records the first failure and the lines that it kept from the disk.
func (c *committer) fail(err error, lines []byte) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.err = &WriteError{Path: c.path, Err: err}
	c.lost = append(c.lost, lines...)
	return c.err
}

// written records that a batch is on the disk, and returns the error for a batch that must not be
// acted on nevertheless, because another program changed the file, now or earlier. Such a change
// may make lines unreadable after a crash, so no more rows are taken. Results are still written,
// and Finish restores the journal.
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

// refuseMore keeps further rows from being taken, because of err. Results are still written.
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

// unwritten returns the lines that a failure kept from the disk, for taken rows too.
func (c *committer) unwritten() []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err == nil {
		return nil
	}
	return slices.Concat(c.lost, c.pending.lines)
}

// stop commits the pending batch and ends the goroutine. It returns the first failure of any
// write. It may be called again.
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
