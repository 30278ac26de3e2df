package oktaclient_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/time/rate"

	"oktareset/oktaclient"
	"oktareset/oktaclient/standin"
)

// world is a stand-in org, a client for it and the times at which requests were sent, in a
// synctest bubble.
type world struct {
	org    *standin.Org
	client *oktaclient.Client
	ids    []string

	mu   sync.Mutex
	sent []time.Time
}

type recordingTransport struct {
	w    *world
	next http.RoundTripper
}

func (r recordingTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	r.w.mu.Lock()
	r.w.sent = append(r.w.sent, time.Now())
	r.w.mu.Unlock()
	return r.next.RoundTrip(req)
}

func newWorld(t *testing.T, users int, cfg standin.Config, o oktaclient.Options) *world {
	t.Helper()
	w := &world{org: standin.New(cfg)}
	for i := range users {
		w.ids = append(w.ids, fmt.Sprintf("00u%017d", i))
	}
	w.org.AddIdentifiers(slices.Values(w.ids))
	url, err := oktaclient.ParseOrgURL("http://127.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	o.Token = oktaclient.Token(w.org.Token())
	o.Transport = recordingTransport{w, w.org.Transport()}
	w.client = oktaclient.New(url, o)
	return w
}

// resetAll resets all users with this many workers and returns the errors by user.
func (w *world) resetAll(ctx context.Context, workers int) map[string]error {
	var wg sync.WaitGroup
	var mu sync.Mutex
	failed := make(map[string]error)
	feed := make(chan string)
	for range workers {
		wg.Go(func() {
			for id := range feed {
				if _, err := w.client.ResetFactors(ctx, id, nil); err != nil {
					mu.Lock()
					failed[id] = err
					mu.Unlock()
				}
			}
		})
	}
	for _, id := range w.ids {
		feed <- id
	}
	close(feed)
	wg.Wait()
	return failed
}

// onceEach fails the test unless every user was reset exactly once.
func (w *world) onceEach(t *testing.T) {
	t.Helper()
	for _, id := range w.ids {
		if n := w.org.Did(id).Resets; n != 1 {
			t.Fatalf("user %s was reset %d times", id, n)
		}
	}
}

func virtually(t *testing.T, name string, f func(t *testing.T)) {
	t.Helper()
	t.Run(name, func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, f)
	})
}

// pass lets virtual time pass.
func pass(d time.Duration) { <-time.After(d) }

func limits(perMinute int) map[string]int { return map[string]int{standin.BucketUsers: perMinute} }

// The whole allowance is used without a single 429: the goal is 1.05 times the time for the
// windows and the last window's calls.
func TestWindowsAreUsedWholly(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		users, limit int
		latency      time.Duration
		skew         time.Duration
		missing      int // users that don't exist: their 404s count too
	}{
		{1500, 600, 50 * time.Millisecond, 0, 0},
		{1500, 600, 300 * time.Millisecond, 0, 0},
		{1500, 600, 100 * time.Millisecond, time.Hour, 0},
		{1500, 600, 100 * time.Millisecond, -time.Hour, 0},
		{1500, 600, 100 * time.Millisecond, 450 * time.Millisecond, 300},
		{200, 50, 250 * time.Millisecond, 0, 0},
	} {
		virtually(t, fmt.Sprintf("%+v", tt), func(t *testing.T) {
			w := newWorld(t, tt.users, standin.Config{Limits: limits(tt.limit), TokenShare: 100, Latency: tt.latency, ClockSkew: tt.skew},
				oktaclient.Options{Capacity: 100})
			for i := range tt.missing {
				w.ids[i] = fmt.Sprintf("00u0missing%09d", i)
			}
			start := time.Now()
			failed := w.resetAll(t.Context(), 32)
			took := time.Since(start)
			if len(failed) != tt.missing {
				t.Errorf("%d rows failed, want %d", len(failed), tt.missing)
			}
			w.ids = w.ids[tt.missing:]
			w.onceEach(t)
			if n := w.org.Stats().TooMany; n != 0 {
				t.Errorf("%d 429s when alone, want none", n)
			}
			full := (tt.users - 1) / tt.limit
			last := tt.users - full*tt.limit
			goal := time.Duration(full)*61*time.Second + time.Duration(last)*tt.latency/32
			t.Logf("took %v, floor %v, ratio %.3f", took, goal, float64(took)/float64(goal))
			if float64(took) > 1.05*float64(goal) {
				t.Errorf("took %v, want at most 1.05 times %v", took, goal)
			}
		})
	}
}

func TestCapacityLeavesTheRestToOthers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 200, standin.Config{Limits: limits(100), TokenShare: 100}, oktaclient.Options{Capacity: 90})
		w.resetAll(t.Context(), 16)
		w.onceEach(t)
		first := 0
		for _, at := range w.sent {
			if at.Sub(w.sent[0]) < 60*time.Second {
				first++
			}
		}
		if first != 90 {
			t.Errorf("%d requests in the first window, want 90 of 100", first)
		}
	})
}

// Another client uses half of the org's bucket all the time.
func TestCompetitor(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1500, standin.Config{Limits: limits(600), TokenShare: 100, Latency: 100 * time.Millisecond}, oktaclient.Options{Capacity: 100})
		ctx, cancel := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		wg.Go(func() {
			tick := time.NewTicker(time.Second)
			defer tick.Stop()
			for {
				w.org.Consume(standin.BucketUsers, 5)
				select {
				case <-tick.C:
				case <-ctx.Done():
					return
				}
			}
		})
		if failed := w.resetAll(t.Context(), 32); len(failed) > 0 {
			t.Errorf("%d rows lost", len(failed))
		}
		cancel()
		wg.Wait()
		w.onceEach(t)
		if s := w.org.Stats(); s.TooMany*50 > s.Requests {
			t.Errorf("%d 429s in %d calls, want at most 1 in 50", s.TooMany, s.Requests)
		}
		if c := w.client.Stats(); c.TooMany == 0 || c.AtOnce != 0 {
			t.Errorf("of %d 429s, %d count for the limit on requests at the same time", c.TooMany, c.AtOnce)
		}
	})
}

// After a 429 nothing is sent to the bucket until the server's window has ended, however many
// workers wait.
func TestNoRequestInsideAHold(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 60, standin.Config{Limits: limits(1000), TokenShare: 100, Latency: 50 * time.Millisecond}, oktaclient.Options{})
		w.org.Consume(standin.BucketUsers, 990) // the org's limit, which the token's numbers don't show
		if failed := w.resetAll(t.Context(), 20); len(failed) > 0 {
			t.Errorf("%d rows lost: %v", len(failed), failed)
		}
		w.onceEach(t)
		slices.SortFunc(w.sent, time.Time.Compare)
		for i := 1; i < len(w.sent); i++ {
			if gap := w.sent[i].Sub(w.sent[i-1]); gap > 30*time.Second {
				if in := w.sent[i].Sub(w.sent[0]); in < 60*time.Second || in > 63*time.Second {
					t.Errorf("the hold ended after %v, want the window's 60 s and one or two more", in)
				}
				return
			}
			if since := w.sent[i].Sub(w.sent[0]); since > 2*time.Second {
				t.Errorf("request %d was sent %v after the start, inside the hold", i, since)
			}
		}
		t.Error("there was no hold")
	})
}

func TestConcurrencyLimitShrinksTheCap(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 2000, standin.Config{Limits: limits(100000), Concurrency: 20, Latency: 200 * time.Millisecond}, oktaclient.Options{})
		start := time.Now()
		if failed := w.resetAll(t.Context(), 32); len(failed) > 0 {
			t.Errorf("%d rows lost", len(failed))
		}
		w.onceEach(t)
		s := w.org.Stats()
		t.Logf("%d concurrency 429s in %d requests, took %v; at 10 at a time it would be 40 s", s.ConcurrencyTooMany, s.Requests, time.Since(start))
		if s.ConcurrencyTooMany == 0 || s.ConcurrencyTooMany*50 > s.Requests {
			t.Errorf("%d concurrency 429s in %d requests, want some, at most 1 in 50", s.ConcurrencyTooMany, s.Requests)
		}
		if c := w.client.Stats(); c.TooMany != s.TooMany+s.ConcurrencyTooMany || c.AtOnce != s.ConcurrencyTooMany {
			t.Errorf("%d 429s, %d of them of this limit; want %d", c.TooMany, c.AtOnce, s.ConcurrencyTooMany)
		}
		if took := time.Since(start); took > 90*time.Second {
			t.Errorf("took %v: the pauses are no per-minute holds", took)
		}
	})
}

func TestRateIsACeiling(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 50, standin.Config{}, oktaclient.Options{Rate: rate.Limit(5)})
		w.resetAll(t.Context(), 16)
		w.onceEach(t)
		slices.SortFunc(w.sent, time.Time.Compare)
		for i := 1; i < len(w.sent); i++ {
			if gap := w.sent[i].Sub(w.sent[i-1]); gap < 199*time.Millisecond {
				t.Fatalf("requests %d and %d are %v apart, want 200 ms", i-1, i, gap)
			}
		}
	})
}

// A 429 may lack its details or contain nonsense: the pause then grows, and nobody is lost or
// reset twice.
func TestStrange429s(t *testing.T) {
	t.Parallel()
	for _, kind := range []standin.Kind{standin.TooManyBare, standin.TooManyPast, standin.TooManyConcurrency} {
		virtually(t, string(kind), func(t *testing.T) {
			w := newWorld(t, 40, standin.Config{Latency: 50 * time.Millisecond}, oktaclient.Options{})
			w.org.Script(standin.Fault{Kind: kind, Op: standin.OpResetFactors, Skip: 10, Times: 8})
			start := time.Now()
			if failed := w.resetAll(t.Context(), 8); len(failed) > 0 {
				t.Errorf("%d rows lost: %v", len(failed), failed)
			}
			w.onceEach(t)
			if took := time.Since(start); took > 4*time.Minute {
				t.Errorf("took %v", took)
			}
			if n := w.org.Unused(); len(n) > 0 {
				t.Errorf("unused faults: %v", n)
			}
		})
	}
}

func TestAnswersLostAreNotSentAgain(t *testing.T) {
	t.Parallel()
	for _, f := range []standin.Fault{
		{Kind: standin.Drop, When: standin.Before},
		{Kind: standin.Drop, When: standin.After},
		{Kind: standin.ServerError, When: standin.After},
		{Kind: standin.BadGateway, When: standin.Before},
		{Kind: standin.GatewayTimeout, When: standin.After},
		{Kind: standin.GatewayTimeout, When: standin.Late, Delay: time.Minute},
		{Kind: standin.Hang},
		{Kind: standin.Portal},
		{Kind: standin.Redirect},
	} {
		virtually(t, fmt.Sprint(f.Kind, f.When), func(t *testing.T) {
			f.Op, f.Times = standin.OpResetFactors, 1
			w := newWorld(t, 1, standin.Config{}, oktaclient.Options{})
			w.org.Script(f)
			rep, err := w.client.ResetFactors(t.Context(), w.ids[0], nil)
			if fate := oktaclient.FateOf(err); fate != oktaclient.InDoubt || rep.Attempts != 1 {
				t.Errorf("fate %d after %d attempts (%v), want in doubt after 1", fate, rep.Attempts, err)
			}
			pass(2 * time.Minute)
			if n := len(w.sent); n != 1 {
				t.Errorf("%d requests, want 1", n)
			}
		})
	}
}

func TestRefusalsForNowAreTriedAgain(t *testing.T) {
	t.Parallel()
	for _, kind := range []standin.Kind{standin.ReadOnly, standin.Activating, standin.Reconciling, standin.Refuse} {
		virtually(t, string(kind), func(t *testing.T) {
			w := newWorld(t, 1, standin.Config{}, oktaclient.Options{})
			// without any answer it would give up sooner
			if _, _, err := w.client.GetMe(t.Context()); err != nil {
				t.Fatal(err)
			}
			w.org.Script(standin.Fault{Kind: kind, Op: standin.OpResetFactors, Times: 3})
			dispatched := 0
			rep, err := w.client.ResetFactors(t.Context(), w.ids[0], func() error { dispatched++; return nil })
			if err != nil || rep.Attempts != 4 || dispatched != 1 {
				t.Errorf("%d attempts, dispatched %d times, %v; want 4, once, nil", rep.Attempts, dispatched, err)
			}
			w.onceEach(t)
		})
	}
	virtually(t, "not for ever", func(t *testing.T) {
		w := newWorld(t, 1, standin.Config{}, oktaclient.Options{})
		w.org.Script(standin.Fault{Kind: standin.Activating, Op: standin.OpResetFactors})
		_, err := w.client.ResetFactors(t.Context(), w.ids[0], nil)
		if fate := oktaclient.FateOf(err); fate != oktaclient.Busy {
			t.Errorf("fate %d (%v), want busy", fate, err)
		}
	})
}

func TestCancelEndsAHoldAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 100, standin.Config{Limits: limits(20), TokenShare: 100}, oktaclient.Options{})
		ctx, cancel := context.WithCancelCause(t.Context())
		var wg sync.WaitGroup
		var failed map[string]error
		wg.Go(func() { failed = w.resetAll(ctx, 8) })
		pass(10 * time.Second) // in the hold by now
		start := time.Now()
		cause := errors.New("stopped by hand")
		cancel(cause)
		wg.Wait()
		if took := time.Since(start); took != 0 {
			t.Errorf("ended after %v, want at once", took)
		}
		for id, err := range failed {
			if oktaclient.FateOf(err) != oktaclient.NotSent || !errors.Is(err, cause) {
				t.Errorf("user %s: %v, want not sent", id, err)
			}
			if n := w.org.Did(id).Resets; n != 0 {
				t.Errorf("user %s is said not to be sent, but was reset %d times", id, n)
			}
		}
		if s := w.org.Stats(); s.ResetsApplied+len(failed) != 100 {
			t.Errorf("%d reset and %d not, want 100", s.ResetsApplied, len(failed))
		}
	})
}

// A request that is under way when the run is stopped is waited for: its answer matters.
func TestCancelWaitsForWhatWasSent(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1, standin.Config{Latency: 5 * time.Second}, oktaclient.Options{})
		ctx, cancel := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		var err error
		wg.Go(func() { _, err = w.client.ResetFactors(ctx, w.ids[0], nil) })
		pass(time.Second)
		cancel()
		wg.Wait()
		if err != nil {
			t.Errorf("%v, want the answer", err)
		}
	})
}

func TestDispatchErrorSendsNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1, standin.Config{}, oktaclient.Options{})
		full := errors.New("disk full")
		rep, err := w.client.ResetFactors(t.Context(), w.ids[0], func() error { return full })
		if !errors.Is(err, full) || oktaclient.FateOf(err) != oktaclient.NotSent || rep.Attempts != 0 || len(w.sent) != 0 {
			t.Errorf("%v after %d attempts, %d requests; want nothing sent", err, rep.Attempts, len(w.sent))
		}
		if _, err := w.client.ResetFactors(t.Context(), w.ids[0], nil); err != nil {
			t.Errorf("the slot wasn't given back: %v", err)
		}
	})
}
