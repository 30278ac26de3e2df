package oktaclient_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"oktareset/oktaclient"
	"oktareset/oktaclient/standin"
)

// enrollAll resets each user and then clears the user's sessions this many times, as one series.
// It returns the times from the end of the reset to the end of the last call, sorted.
func (w *world) enrollAll(ctx context.Context, workers, later int) (gaps []time.Duration, failed map[string]error) {
	var wg sync.WaitGroup
	var mu sync.Mutex
	failed = make(map[string]error)
	feed := make(chan string)
	for range workers {
		wg.Go(func() {
			for id := range feed {
				gap, err := w.enrollOne(ctx, id, later)
				mu.Lock()
				if gaps = append(gaps, gap); err != nil {
					failed[id] = err
				}
				mu.Unlock()
			}
		})
	}
	for _, id := range w.ids {
		feed <- id
	}
	close(feed)
	wg.Wait()
	slices.Sort(gaps)
	return gaps, failed
}

func (w *world) enrollOne(ctx context.Context, id string, later int) (time.Duration, error) {
	s := w.client.NewSeries(false)
	defer s.Close()
	s.Later(later)
	if _, err := w.client.ResetFactors(s.In(ctx), id, nil); err != nil {
		return 0, err
	}
	done := time.Now()
	for range later {
		<-time.After(time.Millisecond) // the time for the ledger's record
		if _, err := w.client.ClearSessions(s.In(ctx), id, nil); err != nil {
			return 0, err
		}
	}
	return time.Since(done), nil
}

// Between a user's first change and the last lie neither the end of a window nor anybody else's
// first change.
func TestSeriesAreNotParted(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		limit, later, capacity int
		latency                time.Duration
	}{
		{100, 1, 100, 200 * time.Millisecond},
		{100, 1, 90, 200 * time.Millisecond},
		{101, 1, 100, 50 * time.Millisecond},
		{100, 2, 100, 200 * time.Millisecond},
		{600, 1, 100, 200 * time.Millisecond},
		{600, 3, 100, 300 * time.Millisecond},
		{50, 1, 100, 2 * time.Second},
	} {
		for _, workers := range []int{1, 8, 30} {
			virtually(t, fmt.Sprintf("%+v, %d workers", tt, workers), func(t *testing.T) {
				w := newWorld(t, 250, standin.Config{Limits: limits(tt.limit), TokenShare: 100, Latency: tt.latency}, oktaclient.Options{Capacity: tt.capacity})
				start := time.Now()
				gaps, failed := w.enrollAll(t.Context(), workers, tt.later)
				took := time.Since(start)
				if len(failed) > 0 {
					t.Fatalf("%d failed: %v", len(failed), failed)
				}
				w.onceEach(t)
				s := w.client.Stats()
				t.Logf("gaps up to %v, %v in all, %d 429s", gaps[len(gaps)-1], took, s.TooMany)
				if worst, most := gaps[len(gaps)-1], time.Duration(tt.later)*(3*tt.latency+50*time.Millisecond); worst > most {
					t.Errorf("a user waited %v for the last change, want %v at most", worst, most)
				}
				if s.TooMany > 0 || s.Parted > 0 {
					t.Errorf("%d 429s, %d parted; want none when alone", s.TooMany, s.Parted)
				}
				// At most a series and a half of each window is left over.
				perWindow := float64(tt.limit*tt.capacity/100/(tt.later+1)) - 1
				if windows := time.Duration(250/perWindow+1) * oktaclient.Window; took > windows+time.Duration(250*(tt.later+1))*tt.latency {
					t.Errorf("took %v, want at most %v", took, windows)
				}
			})
		}
	}
}

// A window without room for a whole series is no reason to stop: then series are split, because
// there is no other way.
func TestSeriesLongerThanAWindow(t *testing.T) {
	t.Parallel()
	for _, limit := range []int{1, 2} {
		virtually(t, fmt.Sprint(limit), func(t *testing.T) {
			w := newWorld(t, 4, standin.Config{Limits: limits(limit), TokenShare: 100, Latency: 100 * time.Millisecond}, oktaclient.Options{Capacity: 100})
			start := time.Now()
			if _, failed := w.enrollAll(t.Context(), 4, 2); len(failed) > 0 {
				t.Errorf("%d failed: %v", len(failed), failed)
			}
			w.onceEach(t)
			if took, most := time.Since(start), time.Duration(12/limit+1)*oktaclient.Window+3*time.Second; took > most {
				t.Errorf("took %v, want %v at most", took, most)
			}
		})
	}
}

// Others empty the bucket between the first change and the next: that is counted, and every user
// is completed.
func TestSeriesPartedByOthers(t *testing.T) {
	t.Parallel()
	for _, workers := range []int{1, 8, 30} {
		virtually(t, fmt.Sprint(workers), func(t *testing.T) {
			w := newWorld(t, 200, standin.Config{Limits: limits(600), TokenShare: 100, Latency: 200 * time.Millisecond}, oktaclient.Options{})
			time.AfterFunc(3*time.Second+100*time.Millisecond, func() { w.org.Consume(standin.BucketUsers, 600) })
			gaps, failed := w.enrollAll(t.Context(), workers, 1)
			if len(failed) > 0 {
				t.Errorf("%d failed: %v", len(failed), failed)
			}
			w.onceEach(t)
			long := 0
			for _, gap := range gaps {
				if gap > 10*time.Second {
					long++
				}
			}
			if n := w.client.Stats().Parted; n != long || long > workers {
				t.Errorf("%d parted by %d workers, %d counted", long, workers, n)
			}
		})
	}
}

// After a pause, the change that goes alone is a later one of a series, if there is one; and a
// series that waits with a promise doesn't delay the others for good.
func TestSeriesAfterAPause(t *testing.T) {
	t.Parallel()
	for _, workers := range []int{1, 8, 30} {
		for _, kind := range []standin.Kind{standin.Outage, standin.OutageClosed, standin.Portal} {
			virtually(t, fmt.Sprintf("%s, %d workers", kind, workers), func(t *testing.T) {
				w, x := newWire(t, 400, standin.Config{Latency: 200 * time.Millisecond, Unlimited: true})
				const from = 3*time.Second + 50*time.Millisecond
				w.org.Script(standin.Fault{Kind: kind, When: standin.After, From: from, For: 20 * time.Second})
				var underWay atomic.Int64
				time.AfterFunc(from-time.Nanosecond, func() { underWay.Store(int64(x.underWay())) })
				start := time.Now()
				_, failed := w.enrollAll(t.Context(), workers, 1)
				if len(failed) == 0 || len(failed) > int(underWay.Load())+1 {
					t.Errorf("%d users in doubt, with %d under way", len(failed), underWay.Load())
				}
				for id, err := range failed {
					if oktaclient.FateOf(err) != oktaclient.InDoubt {
						t.Errorf("user %s: %v", id, err)
					}
				}
				if took := time.Since(start); took > 5*time.Minute {
					t.Errorf("took %v", took)
				}
			})
		}
	}
}
