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

// Do works on one job. It calls [Book.Take] before the first attempt to change the target. The
// result counts in any case; an error beside it ends the run: no further row is started.
type Do func(ctx context.Context, j Job, b Book) (Result, error)

// Enough is an error of [Do] that ends a run without hurry: no further row is started, but
// those under way are worked on as if nothing had happened. Any other error ends their context,
// too.
type Enough struct{ Err error }

func (e Enough) Error() string { return e.Err.Error() }

// Unwrap returns e.Err.
func (e Enough) Unwrap() error { return e.Err }

// Book is the record that a run keeps: the ledger. It is safe for concurrent use.
type Book interface {
	// Take returns once the record that the row is taken can't be lost any more. On an error
	// nothing may be sent.
	Take(Row, Taken) error
	// Settle hands over the row's result. It is written at the latest with the next Take or a
	// moment later.
	Settle(Result) error
}

// Run works on the jobs with o.Workers goroutines and returns what ended it: nil once every job
// has been worked on, else the first error of jobs, do or b, or the cause of ctx's end.
// Cancelling ctx stops starting rows; do decides what becomes of the rows already started (a
// result that is not_attempted means that the end of ctx kept it from being worked on), and
// their results are settled in any case. Run returns only once jobs does: a source that blocks
// delays a stop.
//
// seen gets every settled result, one at a time and never concurrently; workers wait for it.
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
	_ = workers.Wait() // workers report through stop: one row's failure must not hide another's result
	if !r.incomplete.Load() {
		return nil
	}
	return context.Cause(r.starting)
}

// run is the state of one Run.
type run struct {
	ctx, starting      context.Context // of the rows under way; of starting more of them
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
	case settleErr != nil && !errors.Is(err, settleErr): // a ledger that can't be written says so each time
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
