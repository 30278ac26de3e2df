package oktaclient_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"oktareset/oktaclient"
	"oktareset/oktaclient/standin"
)

// While the org can't be reached the pool holds and asks at growing pauses; later it continues by
// itself.
func TestOutageThatEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 100, standin.Config{Latency: 50 * time.Millisecond}, oktaclient.Options{})
		if _, _, err := w.client.GetMe(t.Context()); err != nil {
			t.Fatal(err)
		}
		w.org.Script(standin.Fault{Kind: standin.Refuse})
		var wg sync.WaitGroup
		wg.Go(func() {
			pass(5 * time.Minute)
			w.org.Clear()
		})
		failed := w.resetAll(t.Context(), 16)
		wg.Wait()
		if len(failed) > 0 {
			t.Errorf("%d rows lost", len(failed))
		}
		w.onceEach(t)
		if tried := len(w.sent) - 101; tried > 40 {
			t.Errorf("%d requests during the outage, want few", tried)
		}
	})
}

func TestOutageThatLasts(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		kind     standin.Kind
		from, to time.Duration
		want     error // an org that answers 429 all the time is reached
	}{
		{standin.Refuse, 10 * time.Minute, 12 * time.Minute, oktaclient.ErrOutage},
		{standin.TooManyBare, 5 * time.Minute, 8 * time.Minute, oktaclient.ErrLimited},
		{standin.TooManyConcurrency, 5 * time.Minute, 8 * time.Minute, oktaclient.ErrLimited},
	} {
		virtually(t, string(tt.kind), func(t *testing.T) {
			w := newWorld(t, 30, standin.Config{}, oktaclient.Options{})
			if _, _, err := w.client.GetMe(t.Context()); err != nil {
				t.Fatal(err)
			}
			w.org.Script(standin.Fault{Kind: tt.kind})
			start := time.Now()
			failed := w.resetAll(t.Context(), 8)
			if took := time.Since(start); took < tt.from || took > tt.to {
				t.Errorf("gave up after %v, want %v to %v", took, tt.from, tt.to)
			}
			for id, err := range failed {
				if oktaclient.FateOf(err) != oktaclient.Unreachable || !errors.Is(err, tt.want) || errors.Is(err, oktaclient.ErrOutage) != errors.Is(tt.want, oktaclient.ErrOutage) {
					t.Errorf("user %s: %v, want %v", id, err, tt.want)
				}
			}
			if len(failed) != 30 {
				t.Errorf("%d of 30 rows failed", len(failed))
			}
		})
	}
}

// Nobody has to wait ten minutes because of a typo in the org's address.
func TestFirstCallGivesUpSoon(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 0, standin.Config{}, oktaclient.Options{})
		w.org.Script(standin.Fault{Kind: standin.Refuse})
		start := time.Now()
		_, _, err := w.client.GetMe(t.Context())
		if oktaclient.FateOf(err) != oktaclient.NotSent || time.Since(start) > time.Minute {
			t.Errorf("%v after %v, want not sent within a minute", err, time.Since(start))
		}
	})
}

// A 429 from something in between, perhaps after the change was made, holds the pool and never
// causes the same change to be sent again.
func TestTooManyRequestsOfAnother(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 40, standin.Config{}, oktaclient.Options{})
		url, err := oktaclient.ParseOrgURL("http://127.0.0.1")
		if err != nil {
			t.Fatal(err)
		}
		org := w.org.Transport()
		w.client = oktaclient.New(url, oktaclient.Options{Token: oktaclient.Token(w.org.Token()), Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
			resp, err := org.RoundTrip(r)
			if err != nil || r.Method != http.MethodPost {
				return resp, err
			}
			rec := httptest.NewRecorder()
			rec.WriteHeader(http.StatusTooManyRequests)
			_, _ = rec.WriteString("<html>slow down</html>")
			return rec.Result(), resp.Body.Close()
		})})
		if _, _, err := w.client.GetMe(t.Context()); err != nil {
			t.Fatal(err)
		}
		doubt := 0
		for _, err := range w.resetAll(t.Context(), 8) {
			if errors.Is(err, oktaclient.ErrNotOkta) && oktaclient.FateOf(err) == oktaclient.InDoubt {
				doubt++
			}
		}
		for _, id := range w.ids {
			if n := w.org.Did(id).Resets; n > 1 {
				t.Errorf("user %s was reset %d times", id, n)
			}
		}
		if s := w.org.Stats(); s.ResetsApplied != doubt || doubt == 0 || doubt > 20 {
			t.Errorf("%d users reset, %d rows in doubt; want as many, and few", s.ResetsApplied, doubt)
		}
	})
}
