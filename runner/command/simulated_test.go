package command

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"oktareset/oktaclient/standin"
	"oktareset/runner/access"
	"oktareset/runner/console"
	"oktareset/runner/job"
	"oktareset/runner/progress"
)

// simulated is a simulation under way.
type simulated struct {
	simulation
	t       *testing.T
	dir     string
	options job.Options
	org     *standin.Org
	limit   atomic.Int64 // of the bucket of resets

	requests, refused, concurrency atomic.Int64 // of the runs: all, 429s of the bucket, 429s of the concurrency limit
}

// begin makes the org and the inputs.
func (w *simulated) begin() {
	w.org = w.simulatedOrg()
	w.limit.Store(int64(w.phases[0].limit))
	for run := range w.runs {
		header := "userId"
		if w.logins {
			header = "login"
		}
		var input bytes.Buffer
		input.WriteString(header + "\n")
		w.org.AddIdentifiers(func(yield func(string) bool) {
			for n := range w.users / w.runs {
				input.WriteString(w.user(run, n) + "\n")
				yield(w.user(run, n))
			}
		})
		if err := os.WriteFile(w.path(run, "users.csv"), input.Bytes(), 0o600); err != nil {
			w.t.Fatal(err)
		}
	}
}

func (w *simulated) path(run int, name string) string {
	return filepath.Join(w.dir, fmt.Sprintf("run%d.%s", run, name))
}

// user is the n-th user of a run.
func (w *simulated) user(run, n int) string {
	if w.logins {
		return fmt.Sprintf("user%d.%d@example.com", run, n)
	}
	return fmt.Sprintf("00u%d%016d", run, n)
}

// reset carries out all runs, while the org changes and others use it.
func (w *simulated) reset() {
	ctx, cancel := context.WithCancel(w.t.Context())
	var runs, others sync.WaitGroup
	others.Go(func() { w.change(ctx) })
	if w.others != nil {
		others.Go(func() { w.others(ctx, w) })
	}
	for run := range w.runs {
		runs.Go(func() { w.resetOne(run) })
	}
	runs.Wait()
	cancel()
	others.Wait()
}

// resetOne carries out one run. It goes round the command line, which can't be read twice at
// the same time.
func (w *simulated) resetOne(run int) {
	o := w.options
	o.File = w.path(run, "users.csv")
	env := map[string]string{"OKTA_CLIENT_ORGURL": "https://acme.okta.com", "OKTA_CLIENT_TOKEN": w.org.Token()}
	var stderr bytes.Buffer
	a := appOf(access.Process{Stdin: strings.NewReader(""), Stdout: io.Discard, Stderr: &stderr, Getenv: func(k string) string { return env[k] }, Version: "test"})
	a.Console, a.Transport = console.New(progress.NewScreen(&stderr), console.Options{Quiet: true}), w
	if _, err := job.Run(w.t.Context(), a.Env, o); err != nil {
		w.t.Errorf("%v:\n%s", err, stderr.String())
	}
}

// RoundTrip counts the runs' requests and their 429s.
func (w *simulated) RoundTrip(req *http.Request) (*http.Response, error) {
	w.requests.Add(1)
	resp, err := w.org.Transport().RoundTrip(req)
	switch {
	case err != nil || resp.StatusCode != http.StatusTooManyRequests:
	case resp.Header.Get("X-Rate-Limit-Limit") == "0":
		w.concurrency.Add(1)
	default:
		w.refused.Add(1)
	}
	return resp, err
}

// change takes the org from phase to phase, each until its part of the users is reset.
func (w *simulated) change(ctx context.Context) {
	for i, p := range w.phases {
		w.org.SetLimit(standin.BucketUsers, p.limit)
		w.org.SetConcurrency(p.concurrency)
		w.org.SetLatency(p.latency - w.jitter()/2)
		w.limit.Store(int64(p.limit))
		if i == len(w.phases)-1 {
			return
		}
		for users := w.users / len(w.phases) * (i + 1); w.org.Stats().ResetsApplied < users; {
			if !pass(ctx, 100*time.Millisecond) {
				return
			}
		}
	}
}

// takeSteadily is another client that makes half of the calls that the org allows, each when it
// is due, with another token: the headers don't show it.
func takeSteadily(ctx context.Context, w *simulated) {
	for pass(ctx, time.Minute/time.Duration(max(1, w.limit.Load()/2))) {
		w.org.Consume(standin.BucketUsers, 1)
	}
}

// takeVisibly is the same with our token: the headers show what is left for both.
func takeVisibly(ctx context.Context, w *simulated) {
	var calls sync.WaitGroup
	defer calls.Wait()
	for pass(ctx, time.Minute/time.Duration(max(1, w.limit.Load()/2))) {
		calls.Go(func() {
			req, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://acme.okta.com/api/v1/users?limit=1", nil)
			if err != nil {
				w.t.Error(err)
				return
			}
			req.Header.Set("Authorization", "SSWS "+w.org.Token())
			if resp, err := w.org.Transport().RoundTrip(req); err == nil { // it may be refused: that is its own affair
				_ = resp.Body.Close()
			}
		})
	}
}

// takeBursts is another client that takes half of the org's bucket on an average, in bursts of
// up to a third of it.
func takeBursts(ctx context.Context, w *simulated) {
	const every = 10 * time.Second
	rng := rand.New(rand.NewPCG(1, 1))
	for pass(ctx, time.Duration(rng.Int64N(int64(2*every)))) {
		calls := float64(w.limit.Load()) / 2 * every.Minutes() * 2 * rng.Float64()
		w.org.Consume(standin.BucketUsers, int(calls+rng.Float64()))
	}
}

// takeFirst is a greedy client that takes its part of a window as soon as it opens, before this
// program can: from nothing to nearly all in turn, half on an average.
func takeFirst(ctx context.Context, w *simulated) {
	for i := 0; ; i++ {
		part := []float64{0.25, 0.9, 0, 0.75, 0.5}[i%5]
		w.org.Consume(standin.BucketUsers, int(part*float64(w.limit.Load())))
		if !pass(ctx, time.Minute) {
			return
		}
	}
}

// setClock is somebody who sets the server's clock to and fro, by seconds and by hours.
func setClock(ctx context.Context, w *simulated) {
	for i := 0; pass(ctx, 35*time.Second); i++ {
		w.org.SetClockSkew([]time.Duration{time.Hour, 0, 7 * time.Second, -2 * time.Hour, -3 * time.Second}[i%5])
	}
}

// pass lets virtual time pass. It reports false when ctx has ended.
func pass(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// checkResults fails the test unless the results of a run are its input's rows, in order, each
// of them reset.
func (w *simulated) checkResults(run int) {
	f, err := os.Open(w.path(run, "users.results.csv"))
	if err != nil {
		w.t.Error(err)
		return
	}
	defer f.Close()
	rows := csv.NewReader(f)
	rows.ReuseRecord = true
	for n := range w.users/w.runs + 1 {
		row, err := rows.Read()
		switch {
		case err != nil:
			w.t.Errorf("results of run %d, row %d: %v", run, n, err)
			return
		case n > 0 && (row[0] != fmt.Sprint(n) || row[1] != w.user(run, n-1) || row[4] != "reset"):
			w.t.Errorf("results of run %d, row %d: %q, want user %s reset", run, n, row, w.user(run, n-1))
			return
		}
	}
	if row, err := rows.Read(); err != io.EOF {
		w.t.Errorf("results of run %d: one row too many, %q, %v", run, row, err)
	}
}

// inMemory returns a folder in memory where there is one: a sync of a disk takes milliseconds.
func inMemory(tb testing.TB) string {
	tb.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "oktareset")
	if err != nil {
		return tb.TempDir()
	}
	tb.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}
