package standin_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"oktareset/oktaclient/standin"
)

// An outage strikes what comes while it lasts and what is under way when it begins: before and
// after it, all is well.
func TestOutage(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		fault   string
		lost    int           // resets of ten, one a second, each takes 1.5 s
		done    int           // of these
		refused int           // connections
		takes   time.Duration // until the call under way at 3 s hears
	}{
		{fault: "outage:from=3250ms:for=4s", lost: 6, takes: 20 * time.Second},
		{fault: "outage_after:from=3250ms:for=4s", lost: 6, done: 6, takes: 20 * time.Second},
		{fault: "outage_closed:from=3250ms:for=4s", lost: 6, takes: 250 * time.Millisecond},
		{fault: "outage_closed_after:from=3250ms:for=4s", lost: 6, done: 6, takes: 1500 * time.Millisecond},
		{fault: "outage_refused:from=3250ms:for=4s", lost: 6, refused: 4, takes: 250 * time.Millisecond},
	} {
		t.Run(tt.fault, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				ids := make([]string, 10)
				for i := range ids {
					ids[i] = fmt.Sprintf("user%d@example.com", i)
				}
				o := standin.New(standin.Config{Latency: 1500 * time.Millisecond, Concurrency: 6})
				o.AddIdentifiers(slices.Values(ids))
				script(t, o, tt.fault)
				type outcome struct {
					err  error
					took time.Duration
				}
				outcomes := make([]chan outcome, len(ids))
				for i, id := range ids {
					outcomes[i] = make(chan outcome, 1)
					go func() {
						ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
						defer cancel()
						began := time.Now()
						a, err := send(ctx, o, "POST", resetPath(id))
						if err == nil && a.status != 200 {
							err = errors.New(a.body)
						}
						outcomes[i] <- outcome{err, time.Since(began)}
					}()
					pause(time.Second)
				}
				lost, done, refused := 0, 0, 0
				for i, c := range outcomes {
					got := <-c
					if i == 3 && got.took != tt.takes {
						t.Errorf("the call under way heard after %s, want %s", got.took, tt.takes)
					}
					resets := o.Did(ids[i]).Resets
					if got.err == nil {
						if resets != 1 {
							t.Errorf("%s: answered and reset %d times", ids[i], resets)
						}
						continue
					}
					var dial *net.OpError
					if errors.As(got.err, &dial) && dial.Op == "dial" {
						refused++
					}
					lost++
					done += resets
				}
				if lost != tt.lost || done != tt.done || refused != tt.refused {
					t.Errorf("%d lost, %d of them done, %d refused; want %d, %d, %d", lost, done, refused, tt.lost, tt.done, tt.refused)
				}
				quiet(t, o)
			})
		})
	}
}

// Reads, refusals and pages that nobody has are out, too; one operation alone can be.
func TestOutageOfEverything(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o := orgOfBob(standin.Config{})
		script(t, o, "outage_closed:for=1m")
		for _, path := range []string{"/api/v1/users/me", "/api/v1/nowhere", "/.well-known/okta-organization", "/api/v1/logs"} {
			if a, err := send(t.Context(), o, "GET", path); err == nil {
				t.Errorf("%s: %d", path, a.status)
			}
		}
		if len(o.Stats().Surprises) != 1 {
			t.Errorf("surprises: %q", o.Stats().Surprises)
		}
		pause(time.Minute)
		want(t, call(t, o, "GET", "/api/v1/users/me"), 200, "")
		script(t, o, "outage_closed:logs")
		want(t, call(t, o, "GET", "/api/v1/users/me"), 200, "")
		if _, err := send(t.Context(), o, "GET", "/api/v1/logs"); err == nil {
			t.Error("the log was read")
		}
	})
}
