package oktaclient_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"oktareset/oktaclient"
	"oktareset/oktaclient/standin"
)

// A 429 may speak of the org's window, which began before the token's: it still has to be waited
// out.
func TestOrgLimitWithTheOrgsNumbers(t *testing.T) {
	t.Parallel()
	for _, lead := range []time.Duration{0, 10 * time.Second, 50 * time.Second} {
		virtually(t, lead.String(), func(t *testing.T) {
			w := newWorld(t, 300, standin.Config{Limits: limits(600), OrgNumbers: true, Latency: 100 * time.Millisecond}, oktaclient.Options{})
			w.org.Consume(standin.BucketUsers, 500)
			pass(lead)
			if failed := w.resetAll(t.Context(), 32); len(failed) > 0 {
				t.Errorf("%d rows lost", len(failed))
			}
			w.onceEach(t)
			if n := w.org.Stats().TooMany; n > oktaclient.DefaultMaxInFlight {
				t.Errorf("%d 429s in 300 calls", n)
			}
		})
	}
}

// A single 429 without details costs a pause, not the rest of the window.
func TestBare429CostsLittle(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 100, standin.Config{Limits: limits(600), TokenShare: 100, Latency: 50 * time.Millisecond}, oktaclient.Options{})
		w.org.Script(standin.Fault{Kind: standin.TooManyBare, Op: standin.OpResetFactors, Skip: 50, Times: 1})
		start := time.Now()
		w.resetAll(t.Context(), 16)
		w.onceEach(t)
		if took := time.Since(start); took > 5*time.Second {
			t.Errorf("took %v, want a few seconds", took)
		}
	})
}

// A proxy that begins to answer in Okta's place must not use up the file: only the requests under
// way are in doubt, and those tried alone after that.
func TestWhatIsNotOktaIsAnOutage(t *testing.T) {
	t.Parallel()
	for _, kind := range []standin.Kind{standin.Portal, standin.Redirect} {
		virtually(t, string(kind), func(t *testing.T) {
			w := newWorld(t, 1000, standin.Config{Latency: 50 * time.Millisecond, Unlimited: true}, oktaclient.Options{})
			w.org.Script(standin.Fault{Kind: kind, Op: standin.OpResetFactors, Skip: 100})
			doubt := 0
			for _, err := range w.resetAll(t.Context(), 32) {
				if oktaclient.FateOf(err) == oktaclient.InDoubt {
					doubt++
				}
			}
			if doubt < 3 || doubt > 32+3 {
				t.Errorf("%d rows in doubt, want 3 to %d", doubt, 32+3)
			}
		})
	}
}

// A single worker with an occasional lost answer isn't an outage.
func TestDropsDontStopASingleWorker(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1500, standin.Config{Latency: 100 * time.Millisecond, Unlimited: true}, oktaclient.Options{MaxInFlight: 1})
		w.org.Script(standin.Fault{Kind: standin.Drop, When: standin.After, Op: standin.OpResetFactors, Probability: 0.04})
		start := time.Now()
		w.resetAll(t.Context(), 1)
		w.onceEach(t)
		if took := time.Since(start); took > 165*time.Second {
			t.Errorf("took %v, want about 150 s", took)
		}
	})
}

// Stopped between the ledger's fsync and the request: it isn't sent.
func TestCancelDuringDispatchSendsNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1, standin.Config{}, oktaclient.Options{})
		ctx, cancel := context.WithCancelCause(t.Context())
		stopped := errors.New("stopped by hand")
		rep, err := w.client.ResetFactors(ctx, w.ids[0], func() error { cancel(stopped); return nil })
		if !errors.Is(err, stopped) || oktaclient.FateOf(err) != oktaclient.NotSent || rep.Attempts != 0 || len(w.sent) != 0 {
			t.Errorf("%v after %d attempts, %d requests; want nothing sent", err, rep.Attempts, len(w.sent))
		}
	})
}

// A hold that begins while the ledger is synced keeps the request back.
func TestHoldDuringDispatch(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 20, standin.Config{Limits: limits(100), TokenShare: 100}, oktaclient.Options{})
		if _, err := w.client.ResetFactors(t.Context(), w.ids[0], nil); err != nil {
			t.Fatal(err)
		}
		w.org.Consume(standin.BucketUsers, 99)
		done := make(chan error, 4)
		for i := 1; i <= 4; i++ {
			go func() {
				_, err := w.client.ResetFactors(t.Context(), w.ids[i], func() error {
					pass(time.Duration(i) * 100 * time.Millisecond)
					return nil
				})
				done <- err
			}()
		}
		for range 4 {
			if err := <-done; err != nil {
				t.Error(err)
			}
		}
		if n := w.org.Stats().TooMany; n != 2 {
			t.Errorf("%d 429s, want the first request's, and that of one other which finds out whether the bucket is meant", n)
		}
	})
}

// A peer that answers 101 keeps the connection open: nothing is waited for on it.
func TestSwitchingProtocols(t *testing.T) {
	t.Parallel()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	var calls atomic.Int32
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			calls.Add(1)
			_, _ = http.ReadRequest(bufio.NewReader(conn))
			_, _ = io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n")
			defer conn.Close()
		}
	}()
	url, err := oktaclient.ParseOrgURL(fmt.Sprintf("http://%s", l.Addr()))
	if err != nil {
		t.Fatal(err)
	}
	c := oktaclient.New(url, oktaclient.Options{Timeout: 30 * time.Second})
	start := time.Now()
	_, err = c.ResetFactors(t.Context(), someID, nil)
	if fate := oktaclient.FateOf(err); fate != oktaclient.InDoubt || time.Since(start) > 10*time.Second || calls.Load() != 1 {
		t.Errorf("fate %d (%v) after %v and %d calls, want in doubt, soon, after one", fate, err, time.Since(start), calls.Load())
	}
}
