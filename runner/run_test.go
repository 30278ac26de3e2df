package runner_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"oktareset/runner"
)

// pool is one run: a book, a do and a seen that record what happens.
type pool struct {
	work      func(context.Context, runner.Job) error // what do does besides
	settleErr map[int]error                           // by row
	takeErr   map[int]error

	mu       sync.Mutex
	started  []int
	settled  []int
	saw      []int
	busy     int
	maxBusy  int
	showing  atomic.Int32
	together bool // seen was called concurrently
}

func (p *pool) Take(r runner.Row, _ runner.Taken) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.takeErr[r.N]
}

func (p *pool) Settle(res runner.Result) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.settled = append(p.settled, res.Row.N)
	return p.settleErr[res.Row.N]
}

func (p *pool) do(ctx context.Context, j runner.Job, b runner.Book) (runner.Result, error) {
	p.mu.Lock()
	p.started = append(p.started, j.Row.N)
	p.busy++
	p.maxBusy = max(p.maxBusy, p.busy)
	p.mu.Unlock()
	defer func() {
		p.mu.Lock()
		p.busy--
		p.mu.Unlock()
	}()
	var err error
	if p.work != nil {
		err = p.work(ctx, j)
	}
	if err == nil {
		err = b.Take(j.Row, runner.Taken{})
	}
	return runner.Result{Row: j.Row, Status: runner.StatusReset}, err
}

func (p *pool) seen(res runner.Result) {
	if p.showing.Add(1) > 1 {
		p.together = true
	}
	p.saw = append(p.saw, res.Row.N) // unguarded on purpose: the race detector watches
	// no waiting here: Run has locked a mutex, which a bubble's clock doesn't wait for
	runtime.Gosched()
	p.showing.Add(-1)
}

func (p *pool) run(ctx context.Context, workers int, jobs iter.Seq2[runner.Job, error]) error {
	return runner.Run(ctx, runner.Options{Workers: workers}, jobs, p.do, p, p.seen)
}

// check asserts what is true for every run: each started job is settled once and passed to seen
// once, after it was settled.
func (p *pool) check(t *testing.T, want []int) {
	t.Helper()
	for _, list := range [][]int{p.started, p.settled, p.saw} {
		slices.Sort(list)
	}
	for name, list := range map[string][]int{"started": p.started, "settled": p.settled, "seen": p.saw} {
		if diff := cmp.Diff(want, list, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("rows %s (-want +got):\n%s", name, diff)
		}
	}
	if p.together {
		t.Error("seen was called concurrently")
	}
	if p.busy != 0 {
		t.Errorf("%d jobs are still worked on", p.busy)
	}
}

// count makes n jobs, and then one with err unless it is nil.
func count(n int, err error) iter.Seq2[runner.Job, error] {
	return func(yield func(runner.Job, error) bool) {
		for i := range n {
			if !yield(runner.Job{Row: runner.Row{N: i + 1}, First: i + 1}, nil) {
				return
			}
		}
		if err != nil {
			<-time.After(time.Hour) // until everything handed out so far is done
			yield(runner.Job{}, err)
		}
	}
}

func upTo(n int) []int {
	list := make([]int, n)
	for i := range list {
		list[i] = i + 1
	}
	return list
}

// second is a job that takes one second, whatever happens to ctx.
func second(context.Context, runner.Job) error {
	<-time.After(time.Second)
	return nil
}

func TestRunSettlesEveryJobOnce(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ jobs, workers, busy int }{
		{0, 4, 0},
		{1, 4, 1},
		{3, 4, 3},
		{100, 1, 1},
		{100, 4, 4},
		{100, 200, 100},
	} {
		t.Run(fmt.Sprintf("%d jobs, %d workers", tt.jobs, tt.workers), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				p := &pool{work: second}
				if err := p.run(t.Context(), tt.workers, count(tt.jobs, nil)); err != nil {
					t.Errorf("Run = %v, want nil", err)
				}
				p.check(t, upTo(tt.jobs))
				if p.maxBusy != tt.busy {
					t.Errorf("%d jobs at a time, want %d", p.maxBusy, tt.busy)
				}
			})
		})
	}
}

func TestRunKeepsTheOrderOfOneWorker(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := &pool{}
		if err := p.run(t.Context(), 1, count(50, nil)); err != nil {
			t.Errorf("Run = %v, want nil", err)
		}
		for name, list := range map[string][]int{"started": p.started, "settled": p.settled, "seen": p.saw} {
			if !slices.IsSorted(list) {
				t.Errorf("rows %s out of order: %v", name, list)
			}
		}
		p.check(t, upTo(50))
	})
}

func TestRunWithoutWorkers(t *testing.T) {
	t.Parallel()
	for _, workers := range []int{0, -1} {
		p := &pool{}
		err := p.run(t.Context(), workers, func(func(runner.Job, error) bool) { t.Error("the jobs were read") })
		if err == nil {
			t.Errorf("Run with %d workers = nil, want an error", workers)
		}
		p.check(t, nil)
	}
}

func TestRunEndsWithItsFirstError(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	// Row 49 is on the other worker when row 50 fails: its result counts too.
	atRow50 := func(_ context.Context, j runner.Job) error {
		if j.Row.N == 50 {
			<-time.After(500 * time.Millisecond)
			return broken
		}
		<-time.After(time.Second)
		return nil
	}
	tests := []struct {
		name string
		pool *pool
		jobs iter.Seq2[runner.Job, error]
		want int // rows started
	}{
		{"source", &pool{work: second}, count(49, broken), 49},
		{"source at once", &pool{}, count(0, broken), 0},
		{"do", &pool{work: atRow50}, count(200, nil), 50},
		{"take", &pool{work: second, takeErr: map[int]error{50: broken}}, count(50, nil), 50},
		{"settle", &pool{work: second, settleErr: map[int]error{50: broken}}, count(50, nil), 50},
		{"settle of the last", &pool{work: second, settleErr: map[int]error{3: broken}}, count(3, nil), 3},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				if err := tt.pool.run(t.Context(), 2, tt.jobs); !errors.Is(err, broken) {
					t.Errorf("Run = %v, want %v", err, broken)
				}
				tt.pool.check(t, upTo(tt.want))
			})
		})
	}
}

// An error ends the run at once: rows under way are finished, nothing else begins.
func TestRunStartsNothingAfterAnError(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	for name, p := range map[string]*pool{
		"do":     {},
		"take":   {takeErr: map[int]error{2: broken}},
		"settle": {settleErr: map[int]error{2: broken}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				// Rows 1, 3 and 4 take an hour, row 2 fails in the first minute.
				p.work = func(_ context.Context, j runner.Job) error {
					if j.Row.N != 2 {
						<-time.After(time.Hour)
						return nil
					}
					<-time.After(time.Minute)
					if name == "do" {
						return broken
					}
					return nil
				}
				if err := p.run(t.Context(), 4, count(1000, nil)); !errors.Is(err, broken) {
					t.Errorf("Run = %v, want %v", err, broken)
				}
				p.check(t, upTo(4))
			})
		})
	}
}

// The error contains both do's and the book's.
func TestRunJoinsErrorsOfOneRow(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		one, two := errors.New("one"), errors.New("two")
		p := &pool{settleErr: map[int]error{1: two}, work: func(context.Context, runner.Job) error { return one }}
		err := p.run(t.Context(), 1, count(10, nil))
		if !errors.Is(err, one) || !errors.Is(err, two) {
			t.Errorf("Run = %v, want %v and %v", err, one, two)
		}
		p.check(t, upTo(1))
	})
}

// Jobs of a second on four workers, cancelled after five and a half: 24 were started, and 24 have
// a result.
func TestRunCancelled(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		cause := errors.New("enough")
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(5500*time.Millisecond, func() { cancel(cause) })
		p := &pool{work: second}
		start := time.Now()
		if err := p.run(ctx, 4, count(1000, nil)); !errors.Is(err, cause) {
			t.Errorf("Run = %v, want %v", err, cause)
		}
		if took := time.Since(start); took != 6*time.Second {
			t.Errorf("the run took %v, want 6s: what was started is finished", took)
		}
		p.check(t, upTo(24))
	})
}

func TestRunCancelledBeforeItStarts(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		p := &pool{work: second}
		if err := p.run(ctx, 4, count(1000, nil)); !errors.Is(err, context.Canceled) {
			t.Errorf("Run = %v, want %v", err, context.Canceled)
		}
		p.check(t, nil)
	})
}

// do sees in its context that the run ends, whatever ends it.
func TestRunCancelsItsWorkers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		broken := errors.New("broken")
		var causes []error
		var mu sync.Mutex
		p := &pool{work: func(ctx context.Context, j runner.Job) error {
			if j.Row.N == 4 {
				<-time.After(time.Minute)
				return broken
			}
			<-ctx.Done()
			mu.Lock()
			causes = append(causes, context.Cause(ctx))
			mu.Unlock()
			return nil
		}}
		if err := p.run(t.Context(), 4, count(1000, nil)); !errors.Is(err, broken) {
			t.Errorf("Run = %v, want %v", err, broken)
		}
		p.check(t, upTo(4))
		if len(causes) != 3 || !errors.Is(errors.Join(causes...), broken) {
			t.Errorf("workers were told %v, want %v three times", causes, broken)
		}
	})
}

// One goroutine reads the source, no further than there are workers for its jobs, and then
// releases it.
func TestRunReadsNoFurtherThanItWorks(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var read atomic.Int32
		ended := false
		jobs := func(yield func(runner.Job, error) bool) {
			defer func() { ended = true }()
			for j, err := range count(1000, nil) {
				read.Add(1)
				if !yield(j, err) {
					return
				}
			}
		}
		ctx, cancel := context.WithCancel(t.Context())
		p := &pool{work: second}
		time.AfterFunc(500*time.Millisecond, func() {
			if n := read.Load(); n != 5 {
				t.Errorf("%d jobs read with 4 workers busy, want 5", n)
			}
			cancel()
		})
		if err := p.run(ctx, 4, jobs); !errors.Is(err, context.Canceled) {
			t.Errorf("Run = %v, want %v", err, context.Canceled)
		}
		if !ended {
			t.Error("the source wasn't let go of")
		}
		p.check(t, upTo(4))
	})
}

// Enough starts no further row, but lets rows under way finish.
func TestRunEnough(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		enough := runner.Enough{Err: errors.New("enough")}
		var ended []int
		var mu sync.Mutex
		p := &pool{work: func(ctx context.Context, j runner.Job) error {
			if j.Row.N == 3 {
				<-time.After(time.Second) // the other two are under way by then
				return fmt.Errorf("row 3: %w", enough)
			}
			<-time.After(time.Minute)
			mu.Lock()
			defer mu.Unlock()
			ended = append(ended, j.Row.N)
			return ctx.Err()
		}}
		err := p.run(t.Context(), 3, count(10, nil))
		if !errors.Is(err, enough) {
			t.Errorf("Run = %v, want %v", err, enough)
		}
		slices.Sort(ended)
		if !slices.Equal(ended, []int{1, 2}) || len(p.settled) != 3 {
			t.Errorf("rows %v were worked on to their end, %v settled; want 1 and 2, and 3", ended, p.settled)
		}
	})
}
