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

// Options are those of a run.
type Options struct {
	Workers int // goroutines that work on rows, at least 1
}

// Do works on one job. It calls [Book.Take] before the first attempt to change the target. Its
// result always counts. An error besides it ends the run: no further row is started.
type Do func(ctx context.Context, j Job, b Book) (Result, error)

// Enough is an error of [Do] that ends a run without hurry: no further row is started, but rows
// under way are completed. Any other error also ends their context.
type Enough struct{ Err error }

func (e Enough) Error() string { return e.Err.Error() }

// Unwrap returns e.Err.
func (e Enough) Unwrap() error { return e.Err }

// Book is the record that a run keeps: the ledger. It is safe for concurrent use.
type Book interface {
	// Take returns once the record that the row is taken can no longer be lost. After an error
	// nothing may be sent.
	Take(Row, Taken) error
	// Settle records the row's result. It is written with the next Take or a moment later.
	Settle(Result) error
}

// Run works on the jobs with o.Workers goroutines and returns what ended it: nil once all jobs
// are done, otherwise the first error of jobs, do or b, or the cause of ctx's end. After ctx is
// cancelled no further row is started; do decides about rows already started (a not_attempted
// result means that the end of ctx kept the row from being worked on), and their results are
// always settled. Run returns only after jobs does: a source that blocks delays a stop.
//
// seen gets every settled result, one at a time; workers wait for it.
func Run(ctx context.Context, o Options, jobs iter.Seq2[Job, error], do Do, b Book, seen func(Result)) error {
	if o.Workers < 1 {
		return fmt.Errorf("run: %d workers: at least 1 is needed", o.Workers)
	}
	r := run{feed: make(chan Job), do: do, book: b, seen: seen}
	r.ctx, r.stop = context.WithCancelCause(ctx)
	defer r.stop(nil)
	r.starting, r.stopStarting = context.WithCancelCause(r.ctx)
	defer r.stopStarting(nil)

	go r.read(jobs)
	var workers errgroup.Group
	for range o.Workers {
		workers.Go(func() error {
			for j := range r.feed {
				r.work(j)
			}
			return nil
		})
	}
	// workers report errors through stop: one row's failure must not hide another's result
	_ = workers.Wait()
	if !r.incomplete.Load() {
		return nil
	}
	return context.Cause(r.starting)
}

// run is the state of one Run.
type run struct {
	ctx, starting      context.Context // for the rows under way; for starting more of them
	stop, stopStarting context.CancelCauseFunc
	feed               chan Job
	do                 Do
	book               Book
	incomplete         atomic.Bool // a job wasn't worked on

	mu   sync.Mutex // one result at a time for seen
	seen func(Result)
}

// read hands the jobs to the workers.
func (r *run) read(jobs iter.Seq2[Job, error]) {
	defer close(r.feed)
	for j, err := range jobs {
		if err != nil {
			r.stop(err)
		}
		if r.starting.Err() != nil {
			r.incomplete.Store(true)
			return
		}
		select {
		case r.feed <- j:
		case <-r.starting.Done():
			r.incomplete.Store(true)
			return
		}
	}
}

// work does one job, unless the run was stopped in the meantime: a select with both ways open
// picks either.
func (r *run) work(j Job) {
	if r.starting.Err() != nil {
		r.incomplete.Store(true)
		return
	}
	res, err := r.do(r.ctx, j, r.book)
	switch settleErr := r.book.Settle(res); {
	case err == nil:
		err = settleErr
	// a ledger that can't be written returns the same error each time
	case settleErr != nil && !errors.Is(err, settleErr):
		err = fmt.Errorf("%w; %w", err, settleErr)
	}
	if enough := (Enough{}); errors.As(err, &enough) {
		r.stopStarting(err)
	} else if err != nil {
		r.stop(err)
	}
	if err != nil || res.Status == StatusNotAttempted || res.Status == StatusPartial && r.ctx.Err() != nil {
		r.incomplete.Store(true)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.seen(res)
}
