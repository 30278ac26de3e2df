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

	"oktareset/oktaclient"
	"oktareset/oktaclient/standin"
)

// wire connects a client to its org. It knows which requests are under way, and in which order they
// were sent.
type wire struct {
	next http.RoundTripper

	mu      sync.Mutex
	changes int      // under way
	sent    []string // "change 3" if 3 are then under way, "change lost", "read"
}

func (x *wire) RoundTrip(req *http.Request) (*http.Response, error) {
	change := req.Method != http.MethodGet
	x.mu.Lock()
	if change {
		x.changes++
		x.sent = append(x.sent, fmt.Sprint("change ", x.changes))
	} else {
		x.sent = append(x.sent, "read")
	}
	x.mu.Unlock()
	resp, err := x.next.RoundTrip(req)
	x.mu.Lock()
	defer x.mu.Unlock()
	if change {
		x.changes--
		if err != nil {
			x.sent = append(x.sent, "change lost")
		}
	}
	return resp, err
}

func (x *wire) underWay() int {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.changes
}

// newWire makes a world whose client speaks over a wire.
func newWire(t *testing.T, users int, cfg standin.Config) (*world, *wire) {
	t.Helper()
	w := newWorld(t, users, cfg, oktaclient.Options{})
	url, err := oktaclient.ParseOrgURL("http://127.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	x := &wire{next: w.org.Transport()}
	w.client = oktaclient.New(url, oktaclient.Options{Token: oktaclient.Token(w.org.Token()), Transport: x})
	return w, x
}

// settled fails the test unless each user was reset once; users with a lost answer, at most once;
// and users whose change failed otherwise, not at all. It returns how many are in doubt and how
// many weren't sent.
func (w *world) settled(t *testing.T, failed map[string]error) (doubt, unsent int) {
	t.Helper()
	for _, id := range w.ids {
		resets, calls := w.org.Did(id).Resets, w.org.Did(id).ResetCalls
		switch fate := oktaclient.FateOf(failed[id]); {
		case calls > 1 || resets > 1:
			t.Errorf("user %s: %d calls, %d resets", id, calls, resets)
		case fate == oktaclient.Done && resets != 1:
			t.Errorf("user %s is said to be reset, and was %d times", id, resets)
		case fate == oktaclient.InDoubt:
			doubt++
		case fate == oktaclient.NotSent || fate == oktaclient.Unreachable:
			unsent++
			if resets > 0 {
				t.Errorf("user %s is said not to be reset: %v", id, failed[id])
			}
		case fate != oktaclient.Done:
			t.Errorf("user %s: %v", id, failed[id])
		}
	}
	return doubt, unsent
}

// An outage costs what is under way when it begins, and at most one more, which goes alone.
func TestOutageCostsWhatWasUnderWay(t *testing.T) {
	t.Parallel()
	for _, kind := range []standin.Kind{standin.Outage, standin.OutageClosed, standin.OutageRefused} {
		for _, when := range []standin.When{standin.Before, standin.After} {
			for _, workers := range []int{1, 8, 30} {
				for _, limit := range []int{0, 600} {
					virtually(t, fmt.Sprintf("%s %s, %d workers, %d a minute", kind, when, workers, limit), func(t *testing.T) {
						cfg := standin.Config{Latency: 150 * time.Millisecond, LatencyJitter: 100 * time.Millisecond, Unlimited: limit == 0}
						if limit > 0 {
							cfg.Limits = limits(limit)
						}
						w, x := newWire(t, 1500, cfg)
						const from, long = 3 * time.Second, 20 * time.Second
						w.org.Script(standin.Fault{Kind: kind, When: when, From: from, For: long})
						underWay := 0
						time.AfterFunc(from-time.Nanosecond, func() { underWay = x.underWay() })
						start := time.Now()
						w.client.Expect(len(w.ids))
						doubt, unsent := w.settled(t, w.resetAll(t.Context(), workers))
						t.Logf("%d in doubt of %d under way, %v", doubt, underWay, time.Since(start))
						if underWay == 0 || doubt > underWay+1 || unsent > 0 {
							t.Errorf("%d in doubt and %d not sent, with %d under way when the outage began", doubt, unsent, underWay)
						}
					})
				}
			}
		}
	}
}

// Pages that aren't Okta's cost as much as silence.
func TestPortalInTheMiddle(t *testing.T) {
	t.Parallel()
	for _, workers := range []int{1, 8, 30} {
		virtually(t, fmt.Sprint(workers), func(t *testing.T) {
			w, x := newWire(t, 1500, standin.Config{Latency: 200 * time.Millisecond, Unlimited: true})
			w.org.Script(standin.Fault{Kind: standin.Portal, From: 3 * time.Second, For: 30 * time.Second})
			most := 0
			time.AfterFunc(3*time.Second-time.Nanosecond, func() { most = x.underWay() })
			if doubt, unsent := w.settled(t, w.resetAll(t.Context(), workers)); doubt == 0 || doubt > most+1 || unsent > 0 {
				t.Errorf("%d in doubt and %d not sent, want at most %d in doubt", doubt, unsent, most+1)
			}
		})
	}
}

// Nothing else is changed before Okta has answered the first change, even if answers were lost
// before.
func TestFirstChangeGoesAlone(t *testing.T) {
	t.Parallel()
	for lost := range 3 {
		virtually(t, fmt.Sprintf("%d lost", lost), func(t *testing.T) {
			w, x := newWire(t, 100, standin.Config{Latency: 100 * time.Millisecond})
			if lost > 0 {
				w.org.Script(standin.Fault{Kind: standin.Drop, Op: standin.OpResetFactors, Times: lost})
			}
			if doubt, unsent := w.settled(t, w.resetAll(t.Context(), 30)); doubt != lost || unsent > 0 {
				t.Errorf("%d in doubt, %d not sent; want %d and none", doubt, unsent, lost)
			}
			want := []string{"change 1"}
			for range lost {
				want = append(want, "change lost", "read", "change 1")
			}
			want = append(want, "change 1", "change 2") // the first was answered
			if got := x.sent[:len(want)]; fmt.Sprint(got) != fmt.Sprint(want) {
				t.Errorf("%q, want %q", got, want)
			}
		})
	}
}

// After one loss the pool continues as soon as a read is answered; after two, one change goes
// alone first.
func TestAfterALoss(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		fault standin.Fault
		slow  bool // the read that follows takes 3 s
		want  int  // changes at the same time that follow the read at once
	}{
		{"one", standin.Fault{Kind: standin.Drop, Skip: 50, Times: 1}, false, 8},
		{"one, and Okta is long in answering", standin.Fault{Kind: standin.Drop, Skip: 50, Times: 1}, true, 1},
		{"two", standin.Fault{Kind: standin.Drop, Skip: 50, Times: 2}, false, 1},
	} {
		virtually(t, tt.name, func(t *testing.T) {
			w, x := newWire(t, 200, standin.Config{Latency: 100 * time.Millisecond, LatencyJitter: 50 * time.Millisecond, Unlimited: true})
			tt.fault.Op = standin.OpResetFactors
			w.org.Script(tt.fault)
			if tt.slow {
				w.org.Script(standin.Fault{Kind: standin.Slow, Op: standin.OpGetUser, Delay: 3 * time.Second})
			}
			if doubt, unsent := w.settled(t, w.resetAll(t.Context(), 8)); doubt != tt.fault.Times || unsent > 0 {
				t.Errorf("%d in doubt, %d not sent", doubt, unsent)
			}
			var after []string
			for _, s := range x.sent {
				if s == "read" {
					after = nil
				} else if s != "change lost" { // of one that was under way
					after = append(after, s)
				}
			}
			// One more with each answer: twice as many each round.
			slowly := after[0] == "change 1" && after[1] == "change 1" && after[2] == "change 2"
			if at := slices.Index(after, "change 8"); slowly == (tt.want > 1) || at < 0 || at > 16 {
				t.Errorf("after the read: %q, want %d at the same time at first", after[:16], tt.want)
			}
		})
	}
}

// Answers to changes are lost without end, while reads are answered: three that went alone are
// enough to stop.
func TestAllChangesLost(t *testing.T) {
	t.Parallel()
	for _, kind := range []standin.Kind{standin.Drop, standin.Hang, standin.Portal, standin.ServerError} {
		for _, workers := range []int{1, 8, 30} {
			virtually(t, fmt.Sprintf("%s, %d workers", kind, workers), func(t *testing.T) {
				w, _ := newWire(t, 100, standin.Config{Latency: 100 * time.Millisecond})
				w.org.Script(standin.Fault{Kind: kind, Op: standin.OpResetFactors})
				start := time.Now()
				failed := w.resetAll(t.Context(), workers)
				if doubt, unsent := w.settled(t, failed); doubt != 3 || unsent != 97 {
					t.Errorf("%d in doubt, %d not sent; want 3 and 97", doubt, unsent)
				}
				if took := time.Since(start); took > 90*time.Second {
					t.Errorf("gave up after %v", took)
				}
				for _, err := range failed {
					if fate := oktaclient.FateOf(err); fate == oktaclient.Unreachable && !errors.Is(err, oktaclient.ErrTooManyLost) {
						t.Errorf("%v, want %v", err, oktaclient.ErrTooManyLost)
					}
				}
			})
		}
	}
}

// If more than one change in twenty is lost, each on its own, the run stops. With one in thirty
// it continues.
func TestTooManyLost(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		every, doubt int
		unsent       bool
	}{{10, 20, true}, {30, 50, false}} {
		for _, workers := range []int{1, 8, 30} {
			virtually(t, fmt.Sprintf("one in %d, %d workers", tt.every, workers), func(t *testing.T) {
				w, _ := newWire(t, 1500, standin.Config{Latency: 100 * time.Millisecond, Unlimited: true})
				w.org.Script(standin.Fault{Kind: standin.Drop, When: standin.After, Op: standin.OpResetFactors, Every: tt.every})
				failed := w.resetAll(t.Context(), workers)
				doubt, unsent := w.settled(t, failed)
				if doubt < tt.doubt || doubt > tt.doubt+3 || tt.unsent != (unsent > 0) {
					t.Errorf("%d in doubt, %d not sent; want %d", doubt, unsent, tt.doubt)
				}
			})
		}
	}
}

// Repeated resumes don't lose a user each time.
func TestLostBefore(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		skip, doubt, unsent int
	}{{0, 1, 49}, {1, 1, 0}} {
		virtually(t, fmt.Sprintf("after %d answers", tt.skip), func(t *testing.T) {
			w, _ := newWire(t, 50, standin.Config{Latency: 100 * time.Millisecond})
			w.client.LostBefore()
			w.org.Script(standin.Fault{Kind: standin.Drop, Op: standin.OpResetFactors, Skip: tt.skip, Times: 1})
			if doubt, unsent := w.settled(t, w.resetAll(t.Context(), 8)); doubt != tt.doubt || unsent != tt.unsent {
				t.Errorf("%d in doubt, %d not sent; want %d and %d", doubt, unsent, tt.doubt, tt.unsent)
			}
		})
	}
}

// The run is stopped while it waits for Okta to answer a read.
func TestCancelEndsAPauseAtOnce(t *testing.T) {
	t.Parallel()
	for _, workers := range []int{1, 8, 30} {
		virtually(t, fmt.Sprint(workers), func(t *testing.T) {
			w, _ := newWire(t, 100, standin.Config{Latency: 100 * time.Millisecond})
			w.org.Script(standin.Fault{Kind: standin.Drop, Op: standin.OpResetFactors, Skip: 20, Times: 1},
				standin.Fault{Kind: standin.Portal, Op: standin.OpGetUser})
			stopped := errors.New("stopped by hand")
			ctx, cancel := context.WithCancelCause(t.Context())
			time.AfterFunc(20*time.Second, func() { cancel(stopped) })
			start := time.Now()
			failed := w.resetAll(ctx, workers)
			if took := time.Since(start); took < 20*time.Second || took > 21*time.Second {
				t.Errorf("ended after %v, want 20 s", took)
			}
			if doubt, unsent := w.settled(t, failed); doubt != 1 || unsent < 100-21-workers {
				t.Errorf("%d in doubt, %d not sent; want one, and most of the others", doubt, unsent)
			}
			for _, err := range failed {
				if oktaclient.FateOf(err) == oktaclient.NotSent && !errors.Is(err, stopped) {
					t.Errorf("%v, want %v", err, stopped)
				}
			}
		})
	}
}

// Okta's answer never comes: the run waits as long as in any outage, and reads of other things
// continue meanwhile.
func TestPauseThatLasts(t *testing.T) {
	t.Parallel()
	virtually(t, "the user's record", func(t *testing.T) {
		w, _ := newWire(t, 60, standin.Config{Latency: 100 * time.Millisecond})
		w.org.Script(standin.Fault{Kind: standin.Drop, Op: standin.OpResetFactors, Skip: 20, Times: 1},
			standin.Fault{Kind: standin.Hang, Op: standin.OpGetUser})
		start := time.Now()
		failed := w.resetAll(t.Context(), 8)
		if took := time.Since(start); took < 5*time.Minute || took > 15*time.Minute {
			t.Errorf("gave up after %v, want about ten minutes", took)
		}
		if doubt, unsent := w.settled(t, failed); doubt != 1 || unsent == 0 {
			t.Errorf("%d in doubt, %d not sent; want one, and the rest", doubt, unsent)
		}
		for _, err := range failed {
			if oktaclient.FateOf(err) == oktaclient.Unreachable && !errors.Is(err, oktaclient.ErrOutage) {
				t.Errorf("%v, want %v", err, oktaclient.ErrOutage)
			}
		}
	})
	// A read of something else isn't held back, and its answer counts too.
	virtually(t, "not of everything", func(t *testing.T) {
		w, _ := newWire(t, 60, standin.Config{Latency: 100 * time.Millisecond})
		w.org.Script(standin.Fault{Kind: standin.Drop, Op: standin.OpResetFactors, Skip: 20, Times: 1},
			standin.Fault{Kind: standin.Hang, Op: standin.OpGetUser})
		time.AfterFunc(30*time.Second, func() {
			start := time.Now()
			if _, _, err := w.client.ListFactors(t.Context(), w.ids[0]); err != nil || time.Since(start) > time.Second {
				t.Errorf("a read: %v after %v", err, time.Since(start))
			}
		})
		start := time.Now()
		if doubt, unsent := w.settled(t, w.resetAll(t.Context(), 8)); doubt != 1 || unsent > 0 || time.Since(start) > time.Minute {
			t.Errorf("%d in doubt, %d not sent after %v; want one, none, soon", doubt, unsent, time.Since(start))
		}
	})
	// One user's record can't be read, but Okta answers: reading the next user's record shows
	// that.
	virtually(t, "one user's", func(t *testing.T) {
		w, _ := newWire(t, 60, standin.Config{Latency: 100 * time.Millisecond})
		w.org.Script(standin.Fault{Kind: standin.Drop, Op: standin.OpResetFactors, UserID: w.ids[20], Times: 1},
			standin.Fault{Kind: standin.ServerError, Op: standin.OpGetUser, UserID: w.ids[20]})
		start := time.Now()
		if doubt, unsent := w.settled(t, w.resetAll(t.Context(), 8)); doubt != 1 || unsent > 0 || time.Since(start) > 10*time.Second {
			t.Errorf("%d in doubt, %d not sent after %v; want one, none, soon", doubt, unsent, time.Since(start))
		}
	})
}

// An answer is lost while the ledger records others as taken: those aren't sent before Okta has
// answered a read.
func TestLossDuringDispatch(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, x := newWire(t, 20, standin.Config{Latency: 100 * time.Millisecond, Unlimited: true})
		if _, err := w.client.ResetFactors(t.Context(), w.ids[0], nil); err != nil {
			t.Fatal(err)
		}
		w.org.Script(standin.Fault{Kind: standin.Drop, Op: standin.OpResetFactors, UserID: w.ids[1]},
			standin.Fault{Kind: standin.Slow, Op: standin.OpGetUser, Delay: time.Second})
		var calls sync.WaitGroup
		for i := 1; i <= 5; i++ {
			calls.Go(func() {
				_, _ = w.client.ResetFactors(t.Context(), w.ids[i], func() error {
					if i > 1 {
						pass(500 * time.Millisecond)
					}
					return nil
				})
			})
		}
		calls.Wait()
		if want := []string{"change 1", "change 1", "change lost", "read", "change 1"}; fmt.Sprint(x.sent[:5]) != fmt.Sprint(want) {
			t.Errorf("%q, want %q first", x.sent, want)
		}
	})
}

// The failures of the waiting callers suffice to see that Okta can't be reached: callers who wait
// for an answer to a read have none of their own.
func TestPauseBecomesAnOutage(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, _ := newWire(t, 200, standin.Config{Latency: 100 * time.Millisecond, Unlimited: true})
		w.org.Script(standin.Fault{Kind: standin.Drop, Op: standin.OpResetFactors, Skip: 100, Times: 1},
			standin.Fault{Kind: standin.Drop, Op: standin.OpGetUser})
		ctx, cancel := context.WithCancel(t.Context())
		seen := false
		time.AfterFunc(5*time.Second, func() {
			for range 250 { // it holds again and again, with one request in between
				_, why := w.client.Hold()
				seen = seen || why == "Okta can't be reached"
				pass(100 * time.Millisecond)
			}
			cancel()
		})
		w.resetAll(ctx, 30)
		if !seen {
			t.Error("the pool never held for an outage")
		}
	})
}
