package ledger

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"oktareset/runner/results"
)

// This file keeps the mark in the manifest: the length of the journal and its sum, as of at most
// ten seconds ago. It shows when a journal was cut off or replaced. The mark is written beside
// the commits, so that no row waits for it.

const (
	// markEvery is how long after a commit its mark follows, and markAgain how long after a mark
	// that couldn't be written.
	markEvery = 5 * time.Second
	markAgain = time.Second
	// markLimit is how old the mark may get. If it can't be written for that long, no more rows
	// are taken.
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
			select { // commits during the wait are covered by this mark
			case <-l.commits.synced:
			default:
			}
			err := l.Update(func(*results.Manifest) {})
			if err == nil || errors.Is(err, errClosed) {
				break
			}
			if time.Since(first) >= markLimit {
				l.commits.refuseMore(&WriteError{Path: l.ManifestPath(), Err: fmt.Errorf("the journal's length can't be recorded: %w", err)})
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
