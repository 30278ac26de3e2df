package oktaclient_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"oktareset/oktaclient"
	"oktareset/oktaclient/standin"
)

// expecting resets all users like resetAll, and sets before each how many are still to come.
func (w *world) expecting(ctx context.Context, workers int) {
	var mu sync.Mutex
	left := len(w.ids)
	var wg sync.WaitGroup
	feed := make(chan string)
	for range workers {
		wg.Go(func() {
			for id := range feed {
				_, _ = w.client.ResetFactors(ctx, id, nil)
				mu.Lock()
				left--
				w.client.Expect(left)
				mu.Unlock()
			}
		})
	}
	w.client.Expect(left)
	for _, id := range w.ids {
		feed <- id
	}
	close(feed)
	wg.Wait()
}

// A window in which the run doesn't end is spent completely, with few requests under way; the
// last one as fast as possible.
func TestNoHurryBeforeTheLastWindow(t *testing.T) {
	t.Parallel()
	for _, latency := range []time.Duration{50 * time.Millisecond, 300 * time.Millisecond} {
		virtually(t, latency.String(), func(t *testing.T) {
			w := newWorld(t, 900, standin.Config{Limits: limits(600), TokenShare: 100, Latency: latency}, oktaclient.Options{Capacity: 100})
			var wg sync.WaitGroup
			wg.Go(func() { w.expecting(t.Context(), 32) })
			pass(time.Minute)
			if s := w.org.Stats(); s.ResetsApplied != 600 || s.MaxInFlight > 8 {
				t.Errorf("%d requests in the first window, up to %d under way; want 600 and 8", s.ResetsApplied, s.MaxInFlight)
			}
			start := time.Now()
			wg.Wait()
			w.onceEach(t)
			if took, most := time.Since(start), 2*time.Second+20*latency; took > most {
				t.Errorf("the last 300 took %v, want %v at most", took, most)
			}
			if n := w.org.Stats().TooMany; n != 0 {
				t.Errorf("%d 429s when alone, want none", n)
			}
		})
	}
}

// Somebody else spends the org's bucket, which no header shows: each time, at most the requests
// under way are refused.
func TestOthersSpendTheBucket(t *testing.T) {
	t.Parallel()
	for _, part := range []float64{0.25, 0.5, 0.6} {
		virtually(t, fmt.Sprint(part), func(t *testing.T) {
			w := newWorld(t, 1200, standin.Config{Limits: limits(600), TokenShare: 100, Latency: 200 * time.Millisecond}, oktaclient.Options{Capacity: 100})
			ctx, cancel := context.WithCancel(t.Context())
			var wg sync.WaitGroup
			wg.Go(func() {
				for ctx.Err() == nil {
					w.org.Consume(standin.BucketUsers, int(part*600))
					select {
					case <-time.After(time.Minute):
					case <-ctx.Done():
					}
				}
			})
			start := time.Now()
			w.expecting(t.Context(), 32)
			took := time.Since(start)
			cancel()
			wg.Wait()
			w.onceEach(t)
			s := w.org.Stats()
			windows := int(1200 / (600 * (1 - part)))
			t.Logf("%d 429s in %d requests, %v", s.TooMany, s.Requests, took)
			if s.TooMany*50 > s.Requests {
				t.Errorf("%d 429s in %d requests, want at most 1 in 50", s.TooMany, s.Requests)
			}
			if most := time.Duration(windows)*oktaclient.Window + 40*time.Second; took > most {
				t.Errorf("took %v, want at most %v", took, most)
			}
		})
	}
}

// Two clients with one token that could each end in this window, but not both: neither floods it
// again and again.
func TestOthersWithTheSameToken(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1000, standin.Config{Limits: limits(100), TokenShare: 100, Latency: 200 * time.Millisecond}, oktaclient.Options{Capacity: 100})
		other := newWorld(t, 0, standin.Config{}, oktaclient.Options{})
		other.org, other.ids = w.org, w.ids[500:]
		url, err := oktaclient.ParseOrgURL("http://127.0.0.1")
		if err != nil {
			t.Fatal(err)
		}
		other.client = oktaclient.New(url, oktaclient.Options{Capacity: 100, Token: oktaclient.Token(w.org.Token()), Transport: w.org.Transport()})
		all := w.ids
		w.ids = w.ids[:500]
		var wg sync.WaitGroup
		wg.Go(func() { w.expecting(t.Context(), 32) })
		wg.Go(func() { other.expecting(t.Context(), 32) })
		wg.Wait()
		w.ids = all
		w.onceEach(t)
		if s := w.org.Stats(); (s.TooMany+s.ConcurrencyTooMany)*50 > s.Requests {
			t.Errorf("%d and %d 429s in %d requests, want at most 1 in 50", s.TooMany, s.ConcurrencyTooMany, s.Requests)
		}
	})
}
