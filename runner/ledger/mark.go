package ledger

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"oktareset/runner/results"
)

// This file keeps the mark in the manifest: how long the journal was, and its sum, at most ten
// seconds ago. A journal that is cut off, or replaced by another one, is known by it. The mark is
// written beside the commits, so that no row waits for it.

const (
	// markEvery is how long after a commit its mark follows, and markAgain after a mark that
	// couldn't be written.
	markEvery = 5 * time.Second
	markAgain = time.Second
	// markLimit is how old the mark may get. Where none can be written, nothing more is taken.
	markLimit = 10 * time.Second
)

// marker writes the marks of a ledger until it is stopped.
type marker struct {
	stopping chan struct{}
	stopped  chan struct{}
	once     sync.Once
}

// startMarks begins to keep the mark.
func (l *Ledger) startMarks() {
	l.marks = &marker{stopping: make(chan struct{}), stopped: make(chan struct{})}
	go l.marks.run(l)
}

func (m *marker) run(l *Ledger) {
	defer close(m.stopped)
	for {
		select {
		case <-l.commits.synced:
		case <-m.stopping:
			return
		}
		first := time.Now()
		for wait := markEvery; ; wait = markAgain {
			if !m.wait(wait) {
				return
			}
			select { // what came while it waited is in this mark
			case <-l.commits.synced:
			default:
			}
			err := l.Update(func(*results.Manifest) {})
			if err == nil || errors.Is(err, errClosed) {
				break
			}
			if time.Since(first) >= markLimit {
				l.commits.refuseMore(&WriteError{Path: l.ManifestPath(), Err: fmt.Errorf("how long the journal is can't be noted: %w", err)})
			}
		}
	}
}

// wait reports false if the marks are stopped first.
func (m *marker) wait(d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-m.stopping:
		return false
	}
}

// stop returns once no further mark will be written. It may be called again, and on nil.
func (m *marker) stop() {
	if m == nil {
		return
	}
	m.once.Do(func() { close(m.stopping) })
	<-m.stopped
}
