package command

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"oktareset/oktaclient/standin"
)

// The runs in trouble: whole runs of the command in virtual time, each of which tells in one line
// what a goal asks for. A few take part in every test, the others where the build tag simulation
// says so.

func notAlways(t *testing.T, brief bool) {
	t.Helper()
	if !brief && !allSimulations {
		t.Skip("takes long: build with the tag simulation")
	}
}

// wiretap is between the command and the org, and notes what becomes of changes.
type wiretap struct {
	mu       sync.Mutex
	underWay int
	lost     int
	reset    map[string]time.Time
	gaps     []time.Duration // from a user's reset to the new factor
}

func (x *wiretap) roundTrip(r *http.Request, next http.RoundTripper) (*http.Response, error) {
	if r.Method == http.MethodGet {
		return next.RoundTrip(r)
	}
	x.mu.Lock()
	x.underWay++
	x.mu.Unlock()
	resp, err := next.RoundTrip(r)
	x.mu.Lock()
	defer x.mu.Unlock()
	x.underWay--
	if err != nil || resp.Header.Get("X-Okta-Request-Id") == "" {
		x.lost++
		return resp, err
	}
	if resp.StatusCode != http.StatusOK {
		return resp, nil
	}
	switch user, what, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/api/v1/users/"), "/"); what {
	case "lifecycle/reset_factors":
		x.reset[user] = time.Now()
	case "factors":
		x.gaps = append(x.gaps, time.Since(x.reset[user]))
	}
	return resp, nil
}

func (x *wiretap) now() int {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.underWay
}

func (v *virtual) tap() *wiretap {
	x := &wiretap{reset: make(map[string]time.Time)}
	v.tampered = x.roundTrip
	return x
}

// workforceWith is the workforce org with another limit and latency, all of it for this token.
func workforceWith(limit int, latency time.Duration) standin.Config {
	return standin.Config{
		Limits: map[string]int{standin.BucketUsers: limit}, TokenShare: 100, Concurrency: workforce.concurrency,
		Latency: latency * 9 / 10, LatencyJitter: latency / 5,
	}
}

// TestTroubleEnroll is the time from a user's reset to the new factor.
func TestTroubleEnroll(t *testing.T) {
	t.Parallel()
	for _, limit := range []int{50, 600} {
		for _, latency := range []time.Duration{50 * time.Millisecond, 200 * time.Millisecond, time.Second} {
			for _, workers := range []string{"1", "8", "30"} {
				t.Run(fmt.Sprintf("%d a minute, %v, %s workers", limit, latency, workers), func(t *testing.T) {
					notAlways(t, limit == 50 && latency < time.Second)
					virtually(t, limit*5/4, workforceWith(limit, latency), func(v *virtual) {
						v.phones()
						x := v.tap()
						code := v.reset(confirm(len(v.ids)), "--enroll", "sms:OKTA", "--activate", "--update-phone", "--max-api-capacity", "100", "--workers", workers)
						v.want(code, 0, map[string]int{"reset": len(v.ids)})
						v.resets(map[int]int{1: len(v.ids)})
						slices.Sort(x.gaps)
						p99 := float64(x.gaps[len(x.gaps)*99/100]) / float64(latency)
						t.Logf("measured %.3f", p99)
						if len(x.gaps) != len(v.ids) || p99 > 3 {
							t.Errorf("%d enrolled; 99 in 100 after %.3f times the latency of a call, want 3", len(x.gaps), p99)
						}
					})
				})
			}
		}
	}
}

// TestTroubleOutage is how many requests an outage costs their answers, beside those that are under
// way when it begins.
func TestTroubleOutage(t *testing.T) {
	t.Parallel()
	for _, kind := range []standin.Kind{standin.Outage, standin.OutageClosed} {
		for _, when := range []standin.When{standin.Before, standin.After} {
			for _, workers := range []string{"1", "8", "30"} {
				t.Run(fmt.Sprintf("%s %s, %s workers", kind, when, workers), func(t *testing.T) {
					notAlways(t, when == standin.After && workers != "1")
					cfg := workforceWith(600, 200*time.Millisecond)
					cfg.Unlimited = true
					virtually(t, 1500, cfg, func(v *virtual) {
						x := v.tap()
						const from = 4 * time.Second
						v.org.Script(standin.Fault{Kind: kind, When: when, From: from, For: 20 * time.Second})
						underWay := 0
						time.AfterFunc(from-time.Nanosecond, func() { underWay = x.now() })
						if code := v.reset(confirm(1500), "--workers", workers); code != 0 {
							t.Errorf("exit code %d:\n%s", code, v.stderr)
						}
						v.resets(map[int]int{1: 1500})
						t.Logf("measured %d: %d lost, %d under way", x.lost-underWay, x.lost, underWay)
						if underWay == 0 || x.lost == 0 || x.lost > underWay+1 {
							t.Errorf("%d answers to changes were lost, with %d under way when the outage began", x.lost, underWay)
						}
					})
				})
			}
		}
	}
}

// TestTroubleLosses is how much longer a run takes of whose answers one in a hundred is lost.
func TestTroubleLosses(t *testing.T) {
	t.Parallel()
	for _, workers := range []string{"1", "8", "30"} {
		t.Run(workers+" workers", func(t *testing.T) {
			notAlways(t, workers == "8")
			var took [2]time.Duration
			for i, faults := range [][]standin.Fault{nil, {{Kind: standin.Drop, When: standin.After, Op: resetOp, Probability: 0.01}}} {
				virtually(t, 1500, workforceWith(600, 200*time.Millisecond), func(v *virtual) {
					x := v.tap()
					v.org.Script(faults...)
					start := time.Now()
					if code := v.reset(confirm(1500), "--max-api-capacity", "100", "--workers", workers); code != 0 {
						t.Errorf("exit code %d:\n%s", code, v.stderr)
					}
					took[i] = time.Since(start)
					v.resets(map[int]int{1: 1500})
					if faults != nil && x.lost == 0 {
						t.Error("nothing was lost")
					}
				})
			}
			ratio := float64(took[1]) / float64(took[0])
			t.Logf("measured %.3f: %v with losses, %v without", ratio, took[1], took[0])
			if ratio > 1.1 {
				t.Errorf("with losses it took %.3f times as long, want 1.1", ratio)
			}
		})
	}
}
