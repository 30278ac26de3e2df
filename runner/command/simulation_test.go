//go:build simulation

package command

import (
	"bytes"
	"cmp"
	"context"
	"encoding/csv"
	"flag"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"oktareset/oktaclient"
	"oktareset/oktaclient/oktatest"
	"oktareset/runner/progress"
)

// The simulations: whole runs of the command against the stand-in org, hours and days of them in virtual time. Each tells how long
// it took compared with the least that the org's limits allow, and holds the results against what the org did.

var simFull = flag.Bool("sim.full", false, "run the long simulations too: days, and a million users")

// simulation is one run of the command, or several at the same time, against an org of its own.
type simulation struct {
	name     string
	users    int // over all runs
	phases   []phase
	logins   bool // the users are named by login
	runs     int  // at the same time, with the same token; 0 means 1
	capacity int  // --max-api-capacity of each run; 0 means 100
	skew     time.Duration
	full     bool // takes long

	others  func(context.Context, *simulated) // other clients of the org
	left    int                               // percent of the bucket that they leave; 0 means all, to whoever is first
	refused int                               // one 429 in so many calls at most; 0 means 50
	trip    time.Duration                     // of a call there and back, in which the org doesn't know of it
}

// phase is how the org is while an equal part of the users is reset: what the token may do, and how long a reset takes.
type phase struct {
	limit       int // calls a minute in the bucket of resets
	concurrency int // calls at the same time
	latency     time.Duration
}

// call is the time that a call takes of a phase in which as many as can be are always under way.
func (p phase) call() time.Duration {
	return p.latency / time.Duration(min(p.concurrency, oktaclient.DefaultMaxInFlight))
}

// floor is the least time that the simulation takes: full windows and the last window's calls; or all calls, where a window isn't
// long enough for the calls that it allows.
func (s simulation) floor() time.Duration {
	each := s.users / len(s.phases)
	last := s.phases[len(s.phases)-1]
	if time.Duration(last.limit)*last.call() > oktaclient.Window {
		return time.Duration(each) * last.call() // of one phase: there is no simulation of several such
	}
	windows := 0.0
	for _, p := range s.phases {
		windows += float64(each) / float64(p.limit*s.left/100)
	}
	full := math.Ceil(windows-1e-9) - 1
	rest := (windows - full) * float64(last.limit)
	return time.Duration(full)*oktaclient.Window + time.Duration(rest*float64(last.call()))
}

// workforce is a workforce org that leaves all of its bucket, and of its 75 calls at the same time half, to the token.
var workforce = phase{limit: 600, concurrency: 37, latency: 200 * time.Millisecond}

func simulations() []simulation {
	slower, smaller, narrower := workforce, workforce, workforce
	slower.latency, smaller.limit, narrower.concurrency = 2*time.Second, 150, 17
	usual, trip := []phase{workforce}, 50*time.Millisecond
	all := []simulation{
		{name: "whole windows", users: 3_000, phases: usual},
		{name: "five runs", users: 1_900, phases: usual, runs: 5, capacity: 20},
		{name: "limit changes", users: 3_300, phases: []phase{workforce, smaller, workforce}},
		{name: "latency changes", users: 3_300, phases: []phase{workforce, slower, workforce}},
		{name: "concurrency changes", users: 3_300, phases: []phase{workforce, narrower, workforce}},
		{name: "half taken, refused at once", users: 3_300, phases: usual, others: takeFirst, left: 50},
		{name: "half taken steadily", users: 3_300, phases: usual, others: takeHalf(time.Second), trip: trip, refused: 20},
		{name: "half taken in bursts", users: 3_300, phases: usual, others: takeHalf(10 * time.Second), trip: trip},
		// Whatever is under way when somebody else has spent the bucket is refused: up to the cap, in every window.
		{name: "half taken first", users: 3_300, phases: usual, others: takeFirst, left: 50, trip: trip, refused: 10},
		{
			name: "day/half taken, clock wrong, limit changes", users: 360_000, skew: -time.Hour, others: takeHalf(10 * time.Second), trip: trip,
			phases: []phase{workforce, smaller, workforce}, full: true,
		},
		{name: "day/five runs", users: 170_000, phases: usual, runs: 5, capacity: 20, full: true},
		{name: "million", users: 1_000_000, phases: usual, full: true},
	}
	for _, d := range []time.Duration{time.Hour, -time.Hour, 450 * time.Millisecond} {
		all = append(all, simulation{name: "clock off by " + d.String(), users: 2_700, phases: usual, skew: d})
	}
	for _, d := range []time.Duration{50, 100, 200, 300} {
		p := workforce
		p.latency = d * time.Millisecond
		all = append(all, simulation{name: "ids/" + p.latency.String(), users: 1_500, phases: []phase{p}},
			simulation{name: "logins/" + p.latency.String(), users: 1_500, phases: []phase{p}, logins: true})
	}
	return append(all, grid()...)
}

// grid is every kind of org: slow and fast, small and large, with a token that may use little and much of it.
func grid() (all []simulation) {
	for _, latency := range []time.Duration{50, 250, 2000} {
		for _, limit := range []int{50, 600, 6000} {
			for _, concurrency := range []int{17, 37} {
				p := phase{limit, concurrency, latency * time.Millisecond}
				all = append(all, simulation{
					name:  fmt.Sprintf("grid/%v, %d a minute, %d at once", p.latency, limit, concurrency),
					users: limit * 5 / 2, phases: []phase{p}, full: limit > 600,
				})
			}
		}
	}
	return all
}

func TestSimulation(t *testing.T) {
	for _, s := range simulations() {
		t.Run(s.name, func(t *testing.T) {
			if s.full && !*simFull {
				t.Skip("takes long: -sim.full")
			}
			s.run(t)
		})
	}
}

// simulated is a simulation under way.
type simulated struct {
	simulation
	t       *testing.T
	dir     string
	options resetOptions
	cfg     oktatest.Config // what the org is without faults: the fastest and widest of all phases
	org     *oktatest.Org
	limit   atomic.Int64 // of the bucket of resets
}

// run carries the simulation out.
func (s simulation) run(t *testing.T) {
	s.runs = max(1, s.runs)
	s.capacity, s.left, s.refused = cmp.Or(s.capacity, 100), cmp.Or(s.left, 100), cmp.Or(s.refused, 50)
	o, err := parse(t, "users.csv", "--progress", "none", confirm(s.users/s.runs), "--max-api-capacity", fmt.Sprint(s.capacity))
	if err != nil {
		t.Fatal(err)
	}
	t.Parallel()
	w := &simulated{simulation: s, dir: inMemory(t), options: o}
	real := time.Now()
	synctest.Test(t, func(t *testing.T) {
		w.t = t
		w.begin()
		start := time.Now()
		w.reset()
		took := time.Since(start)
		floor, st := s.floor(), w.org.Stats()
		t.Logf("%d users in %v, ratio %.3f to %v; %d requests, 429s: %d of the bucket, %d of the concurrency", s.users,
			took.Round(time.Millisecond), float64(took)/float64(floor), floor.Round(time.Second), st.Requests, st.TooMany, st.ConcurrencyTooMany)
		w.check()
	})
	t.Logf("took %v of real time", time.Since(real).Round(time.Millisecond))
}

// begin makes the org and the inputs.
func (w *simulated) begin() {
	first := w.phases[0]
	w.cfg = oktatest.Config{
		Limits: map[string]int{oktatest.BucketUsers: first.limit}, TokenShare: 100, Concurrency: first.concurrency, Latency: first.latency,
		ClockSkew: w.skew,
	}
	for _, p := range w.phases {
		w.cfg.Concurrency, w.cfg.Latency = max(w.cfg.Concurrency, p.concurrency), min(w.cfg.Latency, p.latency)
	}
	w.org = oktatest.New(w.cfg)
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
	w.limit.Store(int64(w.phases[0].limit))
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

// resetOne carries out one run. It goes round the command line, which can't be read twice at the same time.
func (w *simulated) resetOne(run int) {
	o := w.options
	o.file = w.path(run, "users.csv")
	env := map[string]string{"OKTA_CLIENT_ORGURL": "https://acme.okta.com", "OKTA_CLIENT_TOKEN": w.org.Token()}
	var stderr bytes.Buffer
	a := &app{
		Process: Process{Stdin: strings.NewReader(""), Stdout: io.Discard, Stderr: &stderr, Getenv: func(k string) string { return env[k] }, Version: "test"},
		console: newConsole(progress.NewScreen(&stderr), o.console), transport: far{w.org.Transport(), w.trip},
	}
	if err := a.reset(w.t.Context(), o); err != nil {
		w.t.Errorf("%v:\n%s", err, stderr.String())
	}
}

// far is an org behind a network: a refusal, too, takes its time.
type far struct {
	org  http.RoundTripper
	trip time.Duration // there and back
}

// RoundTrip implements [http.RoundTripper].
func (f far) RoundTrip(req *http.Request) (*http.Response, error) {
	pass(req.Context(), f.trip/2)
	resp, err := f.org.RoundTrip(req)
	pass(req.Context(), f.trip/2)
	return resp, err
}

// change takes the org from phase to phase.
func (w *simulated) change(ctx context.Context) {
	for i, p := range w.phases {
		w.during(ctx, p, w.users/len(w.phases)*(i+1))
	}
}

// during keeps the org as a phase has it until so many users are reset.
func (w *simulated) during(ctx context.Context, p phase, users int) {
	ctx, leave := context.WithCancel(ctx)
	var calls sync.WaitGroup
	defer calls.Wait()
	defer leave()
	w.enter(p)
	for range w.cfg.Concurrency - p.concurrency {
		calls.Go(func() { w.occupy(ctx) })
	}
	for w.org.Stats().ResetsApplied < users && pass(ctx, time.Second) {
	}
}

// enter gives the org the latency and the limit of a phase.
func (w *simulated) enter(p phase) {
	w.org.Clear()
	w.org.Script(oktatest.Fault{Kind: oktatest.Slow, Op: oktatest.OpOrg, Delay: 1000 * time.Hour}) // see occupy
	if more := p.latency - w.cfg.Latency; more > 0 {
		w.org.Script(oktatest.Fault{Kind: oktatest.Slow, Op: oktatest.OpResetFactors, Delay: more})
	}
	synctest.Wait() // nobody reads the limits now, and who does so later will have locked the org after Stats
	w.cfg.Limits[oktatest.BucketUsers] = p.limit
	w.org.Stats()
	w.limit.Store(int64(p.limit))
}

// occupy keeps one of the calls under way that the token may make at the same time.
func (w *simulated) occupy(ctx context.Context) {
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://acme.okta.com/api/v1/org", nil)
		if err != nil {
			w.t.Error(err)
			return
		}
		req.Header.Set("Authorization", "SSWS "+w.org.Token())
		if resp, err := w.org.Transport().RoundTrip(req); err == nil { // it was refused
			_ = resp.Body.Close()
		}
		if !pass(ctx, time.Second) {
			return
		}
	}
}

// takeHalf makes another client that takes half of the org's bucket, on an average: all the time, or in bursts of this distance.
func takeHalf(every time.Duration) func(context.Context, *simulated) {
	return func(ctx context.Context, w *simulated) {
		rng := rand.New(rand.NewPCG(1, uint64(every)))
		for pass(ctx, time.Duration(rng.Int64N(int64(2*every)))) {
			calls := float64(w.limit.Load()) / 2 * every.Minutes() * 2 * rng.Float64()
			w.org.Consume(oktatest.BucketUsers, int(calls+rng.Float64()))
		}
	}
}

// takeFirst makes another client that takes half of the org's bucket, on an average, whenever a window opens: before this program can.
func takeFirst(ctx context.Context, w *simulated) {
	rng := rand.New(rand.NewPCG(1, 2))
	for {
		w.org.Consume(oktatest.BucketUsers, int(rng.Int64N(w.limit.Load()+1)))
		if !pass(ctx, time.Minute) {
			return
		}
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

// check holds the results against the input, and both against what the org did.
func (w *simulated) check() {
	for run := range w.runs {
		w.checkResults(run)
	}
	st := w.org.Stats()
	if st.UsersReset != w.users || st.UsersResetTwice > 0 || st.ResetsApplied != w.users {
		w.t.Errorf("%d of %d users reset by %d resets, %d of them twice", st.UsersReset, w.users, st.ResetsApplied, st.UsersResetTwice)
	}
	if len(st.Surprises) > 0 {
		w.t.Errorf("surprises: %q", st.Surprises)
	}
	alone := w.others == nil && w.runs == 1 && len(w.phases) == 1
	if alone && st.TooMany > 0 {
		w.t.Errorf("%d 429s of the bucket when alone, want none", st.TooMany)
	}
	if n := st.TooMany + st.ConcurrencyTooMany; n*w.refused > st.Requests {
		w.t.Errorf("%d 429s in %d requests, want at most 1 in %d", n, st.Requests, w.refused)
	}
}

// checkResults fails the test unless the results of a run are its input's rows, in order, each of them reset.
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
