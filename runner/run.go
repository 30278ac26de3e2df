package runner

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"sync"
	"sync/atomic"

	"golang.org/x/sync/errgroup"
)

// Options of a run.
type Options struct {
	Workers int // goroutines that work on rows, at least 1
}

// Do works on one job. It calls [Book.Take] before the first attempt to change the target. The result counts in any case;
// an error beside it ends the run: no further row is started.
type Do func(ctx context.Context, j Job, b Book) (Result, error)

// Enough is an error of [Do] that ends a run without hurry: no further row is started, but those under way are worked on as if
// nothing had happened. Any other error ends their context, too.
type Enough struct{ Err error }

func (e Enough) Error() string { return e.Err.Error() }

// Unwrap returns e.Err.
func (e Enough) Unwrap() error { return e.Err }

// Book is the record that a run keeps: the ledger. It is safe for concurrent use.
type Book interface {
	// Take returns once the record that the row is taken can't be lost any more. On an error nothing may be sent.
	Take(Row, Taken) error
	// Settle hands over the row's result. It is written at the latest with the next Take or a moment later.
	Settle(Result) error
}

// Run works on the jobs with o.Workers goroutines and returns what ended it: nil once every job has been worked on, else
// the first error of jobs, do or b, or the cause of ctx's end. Cancelling ctx stops starting rows; do decides what becomes of the
// rows already started (a result that is not_attempted means that the end of ctx kept it from being worked on), and their results
// are settled in any case. Run returns only once jobs does: a source that blocks delays a stop.
//
// seen gets every settled result, one at a time and never concurrently; workers wait for it.
func Run(ctx context.Context, o Options, jobs iter.Seq2[Job, error], do Do, b Book, seen func(Result)) error {
	if o.Workers < 1 {
		return fmt.Errorf("run: %d workers: at least 1 is needed", o.Workers)
	}
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	starting, stopStarting := context.WithCancelCause(ctx)
	defer stopStarting(nil)

	var incomplete atomic.Bool // a job wasn't worked on
	feed := make(chan Job)
	go func() {
		defer close(feed)
		for j, err := range jobs {
			if err != nil {
				stop(err)
			}
			if starting.Err() != nil {
				incomplete.Store(true)
				return
			}
			select {
			case feed <- j:
			case <-starting.Done():
				incomplete.Store(true)
				return
			}
		}
	}()

	var mu sync.Mutex // one result at a time for seen
	var workers errgroup.Group
	for range o.Workers {
		workers.Go(func() error {
			for j := range feed {
				// A select with both ways open picks either: a stopped run starts nothing.
				if starting.Err() != nil {
					incomplete.Store(true)
					continue
				}
				res, err := do(ctx, j, b)
				if settleErr := b.Settle(res); !errors.Is(err, settleErr) { // a ledger that can't be written says so each time
					err = errors.Join(err, settleErr)
				}
				if enough := (Enough{}); errors.As(err, &enough) {
					stopStarting(err)
				} else if err != nil {
					stop(err)
				}
				if err != nil || res.Status == StatusNotAttempted {
					incomplete.Store(true)
				}
				mu.Lock()
				seen(res)
				mu.Unlock()
			}
			return nil
		})
	}
	_ = workers.Wait() // workers report through stop: one row's failure must not hide another's result
	if !incomplete.Load() {
		return nil
	}
	return context.Cause(starting)
}
