package runner

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"sync"

	"golang.org/x/sync/errgroup"
)

// Options of a run.
type Options struct {
	Workers int // goroutines that work on rows, at least 1
}

// Do works on one job. It calls [Book.Take] before the first attempt to change the target. The result counts in any case;
// an error beside it ends the run: no further row is started.
type Do func(ctx context.Context, j Job, b Book) (Result, error)

// Book is the record that a run keeps: the ledger. It is safe for concurrent use.
type Book interface {
	// Take returns once the record that the row is taken can't be lost any more. On an error nothing may be sent.
	Take(Row, Taken) error
	// Settle hands over the row's result. It is written at the latest with the next Take or a moment later.
	Settle(Result) error
}

// Run works on the jobs with o.Workers goroutines and returns what ended it: nil once every job has been worked on, else
// the first error of jobs, do or b, or the cause of ctx's end. Cancelling ctx stops starting rows; do decides what becomes of the
// rows already started, and their results are settled in any case.
//
// seen gets every settled result, one at a time and never concurrently.
func Run(ctx context.Context, o Options, jobs iter.Seq2[Job, error], do Do, b Book, seen func(Result)) error {
	if o.Workers < 1 {
		return fmt.Errorf("run: %d workers: at least 1 is needed", o.Workers)
	}
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)

	feed := make(chan Job)
	go func() {
		defer close(feed)
		for j, err := range jobs {
			if err != nil {
				stop(err)
				return
			}
			select {
			case feed <- j:
			case <-ctx.Done():
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
				if ctx.Err() != nil {
					continue
				}
				res, err := do(ctx, j, b)
				err = errors.Join(err, b.Settle(res))
				if err != nil {
					stop(err)
				}
				mu.Lock()
				seen(res)
				mu.Unlock()
			}
			return nil
		})
	}
	_ = workers.Wait() // workers report through stop: one row's failure must not hide another's result
	return context.Cause(ctx)
}
