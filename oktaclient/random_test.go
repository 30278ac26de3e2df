package oktaclient_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"oktareset/oktaclient"
	"oktareset/oktaclient/standin"
)

var randomSeeds = flag.Uint64("random.seeds", 12, "how many seeds of trouble the client is tried with")

// Whatever troubles come together, each call ends, and its outcome is true.
func TestRandomTrouble(t *testing.T) {
	t.Parallel()
	for seed := range *randomSeeds {
		virtually(t, fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			rng := rand.New(rand.NewPCG(seed, 1))
			pick := func(n ...int) int { return n[rng.IntN(len(n))] }
			cfg := standin.Config{
				Seed: seed, Limits: limits(pick(3, 50, 600, 6000)), TokenShare: pick(50, 100), Concurrency: pick(1, 3, 17, 37), OrgNumbers: rng.IntN(3) == 0,
				Latency: time.Duration(pick(10, 100, 300, 2000)) * time.Millisecond,
			}
			cfg.LatencyJitter = cfg.Latency * time.Duration(rng.IntN(3))
			users := min(300, cfg.Limits[standin.BucketUsers]*3)
			w, _ := newWire(t, users, cfg)
			// without any answer it would give up sooner
			if _, _, err := w.client.GetMe(t.Context()); err != nil {
				t.Fatal(err)
			}
			limited := make(map[string]bool)
			for range rng.IntN(5) {
				f := anyFault(rng, w.ids)
				w.org.Script(f)
				limited[f.UserID] = f.Kind == standin.TooManyUser
			}
			ctx, cancel := context.WithCancelCause(t.Context())
			defer cancel(nil)
			stopped := errors.New("stopped by hand")
			if rng.IntN(4) == 0 {
				time.AfterFunc(time.Duration(rng.IntN(200))*time.Second, func() { cancel(stopped) })
			}
			var others sync.WaitGroup
			done := make(chan struct{})
			if rng.IntN(3) == 0 {
				spend := rng.IntN(cfg.Limits[standin.BucketUsers])
				others.Go(func() {
					for {
						w.org.Consume(standin.BucketUsers, spend)
						select {
						case <-time.After(time.Minute):
						case <-done:
							return
						}
					}
				})
			}
			if rng.IntN(2) == 0 {
				w.client.Expect(users)
			}
			start, later, workers := time.Now(), rng.IntN(4), pick(1, 2, 8, 30)
			_, failed := w.enrollAll(ctx, workers, later)
			close(done)
			others.Wait()
			if took := time.Since(start); took > 6*time.Hour {
				t.Errorf("took %v", took)
			}
			fates := make(map[oktaclient.Fate]int)
			for _, id := range w.ids {
				did, err := w.org.Did(id), failed[id]
				fate := oktaclient.FateOf(err)
				fates[fate]++
				if did.Resets > 1 || err == nil && did.Resets != 1 {
					t.Errorf("user %s was reset %d times: %v", id, did.Resets, err)
				}
				if errors.Is(err, oktaclient.ErrOwnLimit) && !limited[id] || !errors.Is(err, oktaclient.ErrOwnLimit) && fate == oktaclient.Limited {
					t.Errorf("user %s has no limit of its own: %v", id, err)
				}
				if fate == oktaclient.NotSent && ctx.Err() == nil {
					t.Errorf("user %s: %v", id, err)
				}
			}
			t.Logf("%d users, %d workers, %d later calls: by fate %v, %v", users, workers, later, fates, time.Since(start))
		})
	}
}

// anyFault is some trouble.
func anyFault(rng *rand.Rand, ids []string) standin.Fault {
	kinds := []standin.Fault{
		{Kind: standin.Drop, When: standin.After, Probability: 0.01},
		{Kind: standin.Drop, Probability: 0.05},
		{Kind: standin.Hang, Probability: 0.005},
		{Kind: standin.ServerError, Probability: 0.01},
		{Kind: standin.TooManyBare, Probability: 0.01},
		{Kind: standin.TooManyConcurrency, Probability: 0.01},
		{Kind: standin.Refuse, Probability: 0.1},
		{Kind: standin.ReadOnly, Probability: 0.05},
		{Kind: standin.Slow, Delay: 10 * time.Second, Probability: 0.01},
		{Kind: standin.Outage, For: 40 * time.Second},
		{Kind: standin.OutageClosed, When: standin.After, For: 90 * time.Second},
		{Kind: standin.Portal, For: time.Minute},
		{Kind: standin.OutageRefused, For: 20 * time.Minute},
	}
	f := kinds[rng.IntN(len(kinds))]
	switch rng.IntN(3) {
	case 0:
		f = standin.Fault{Kind: standin.TooManyUser, UserID: ids[rng.IntN(len(ids))]}
	case 1:
		f.Op = []string{standin.OpResetFactors, standin.OpGetUser, standin.OpClearSessions}[rng.IntN(3)]
	}
	if f.For > 0 {
		f.Op, f.From = "", time.Duration(rng.IntN(100))*time.Second
	}
	return f
}
