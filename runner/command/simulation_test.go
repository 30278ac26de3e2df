package command

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"text/tabwriter"
	"time"

	"oktareset/oktaclient"
	"oktareset/oktaclient/standin"
)

// The simulations are whole runs of the command against the stand-in org, which take minutes to
// days of virtual time. Each reports how long it took compared with the shortest time that the
// org's limits allow, and compares the results with what the org did. A few take part in every
// test, the others only with the build tag simulation.

var simFull = flag.Bool("sim.full", false, "run the long simulations too: days, and a million users")

// allSimulations is set by the build tag simulation.
var allSimulations bool

// simulation is one run of the command, or several at the same time, against an org of its own.
type simulation struct {
	name     string
	users    int // over all runs
	phases   []phase
	logins   bool // the users are named by login
	runs     int  // at the same time, with the same token; 0 means 1
	capacity int  // --max-api-capacity of each run; 0 means 100
	skew     time.Duration
	brief    bool // a part of every test
	full     bool // takes long

	others func(context.Context, *simulated) // other clients of the org
	left   int                               // percent of the bucket that others leave free; 0 means all
	most   float64                           // how many times the floor it may take; 0 means 1.05
}

// phase describes the org while an equal part of the users is reset: what the token may do, and how
// long a reset takes.
type phase struct {
	limit       int // calls a minute in the bucket of resets
	concurrency int // calls at the same time
	latency     time.Duration
}

// call returns the time per call in a phase, if as many calls as possible are always under way.
func (p phase) call() time.Duration {
	return p.latency / time.Duration(min(p.concurrency, oktaclient.DefaultMaxInFlight))
}

// perWindow returns how many calls fit into a window: as many as its limit leaves, or as its time
// allows.
func (p phase) perWindow(left int) float64 {
	return min(float64(p.limit*left)/100, float64(oktaclient.Window)/float64(p.call()))
}

// floor is the least time that the simulation takes: full windows, and the last window's calls
// at least one after the other has ended. Others' part of the bucket is what they ask for; they
// may get less.
func (s simulation) floor() time.Duration {
	windows := 0.0
	for _, p := range s.phases {
		windows += float64(s.users/len(s.phases)) / p.perWindow(s.left)
	}
	last := s.phases[len(s.phases)-1]
	full := math.Ceil(windows-1e-9) - 1
	rest := time.Duration((windows - full) * last.perWindow(s.left) * float64(last.call()))
	return time.Duration(full*float64(oktaclient.Window)) + max(rest, last.latency)
}

// jitter is how much longer one call may take than another. Without it, all would end at the same
// instant.
func (s simulation) jitter() time.Duration { return s.phases[0].latency / 5 }

// mostRefused returns how many calls may be answered with 429, because of the bucket or of the
// concurrency limit.
const mostRefused = 1.0 / 50

// workforce is a workforce org that leaves its whole bucket to the token, and half of its 75 calls
// at the same time.
var workforce = phase{limit: 600, concurrency: 37, latency: 200 * time.Millisecond}

func simulations() []simulation {
	usual := []phase{workforce}
	all := []simulation{
		{name: "whole windows", users: 3_000, phases: usual},
		{name: "a part of a window", users: 500, phases: usual, most: 1.6}, // in seconds: what has to be asked first counts, too
		{name: "five runs", users: 1_900, phases: usual, runs: 5, capacity: 20, left: 20},
		{name: "million", users: 1_000_000, phases: usual, full: true},
		{
			name: "day/half taken, clock wrong, limit changes", users: 360_000, skew: -time.Hour, others: takeBursts, left: 50,
			phases: []phase{workforce, {150, 37, workforce.latency}, workforce}, full: true,
			most: 1.15, // where little is left, only two calls may be under way, and the bursts come before us
		},
		{
			name: "day/half taken first", users: 360_000, phases: usual, others: takeFirst, left: 50, full: true,
			most: 1.15, // few calls are under way after a window that others have spent, also in one that they leave alone
		},
		{name: "day/five runs", users: 170_000, phases: usual, runs: 5, capacity: 20, left: 20, full: true},
	}
	for _, d := range []time.Duration{time.Hour, -time.Hour, 450 * time.Millisecond} {
		all = append(all, simulation{name: "clock off by " + d.String(), users: 2_700, phases: usual, skew: d})
	}
	all = append(all, simulation{name: "clock set again and again", users: 2_700, phases: usual, others: setClock})
	for _, d := range []time.Duration{50, 100, 200, 300} {
		p := []phase{{600, 37, d * time.Millisecond}}
		at := "/" + p[0].latency.String()
		all = append(all, simulation{name: "ids" + at, users: 1_500, phases: p}, simulation{name: "logins" + at, users: 1_500, phases: p, logins: true},
			// A phase of its own for each kind of competitor: two that take their half whatever
			// we do, one that comes before us.
			simulation{name: "half taken steadily" + at, users: 1_500, phases: p, others: takeSteadily, left: 50},
			simulation{name: "half taken with the same token" + at, users: 1_500, phases: p, others: takeVisibly, left: 50},
			simulation{name: "half taken in bursts" + at, users: 1_500, phases: p, others: takeBursts, left: 50},
			simulation{name: "half taken first" + at, users: 1_500, phases: p, others: takeFirst, left: 50},
		)
	}
	all = append(append(all, grid()...), stepped()...)
	for i, s := range all {
		all[i].brief = slices.Contains([]string{"ids/200ms", "half taken steadily/200ms", "half taken first/200ms", "grid/250ms, 50 a minute, 17 at once"}, s.name)
	}
	return all
}

// grid returns simulations of every kind of org: slow and fast, small and large, with a token that
// may use little or much of the limits.
func grid() (all []simulation) {
	for _, latency := range []time.Duration{50 * time.Millisecond, 250 * time.Millisecond, 2 * time.Second} {
		for _, limit := range []int{50, 600, 6000} {
			for _, concurrency := range []int{17, 37} {
				p := phase{limit, concurrency, latency}
				all = append(all, simulation{
					name:  fmt.Sprintf("grid/%v, %d a minute, %d at once", p.latency, limit, concurrency),
					users: limit * 5 / 2, phases: []phase{p}, most: 1.05 + latency.Seconds()/40, // some calls have to be made alone
				})
			}
		}
	}
	return all
}

// stepped is one thing about the org that changes half-way and changes back.
func stepped() (all []simulation) {
	for _, s := range []struct {
		name  string
		users int
		step  func(*phase)
	}{
		{"600 to 150 a minute", 3_300, func(p *phase) { p.limit = 150 }},
		{"600 to 6000 a minute", 18_000, func(p *phase) { p.limit = 6000 }},
		{"200ms to 2s", 3_300, func(p *phase) { p.latency = 2 * time.Second }},
		{"200ms to 50ms", 3_300, func(p *phase) { p.latency = 50 * time.Millisecond }},
		{"37 to 17 at once", 3_300, func(p *phase) { p.concurrency = 17 }},
		{"37 to 3 at once", 3_300, func(p *phase) { p.concurrency = 3 }},
	} {
		changed := workforce
		s.step(&changed)
		for _, limit := range []int{0, 6000} {
			phases := []phase{workforce, changed, workforce}
			name, users := "step/"+s.name, s.users
			if limit > 0 && changed.limit == workforce.limit { // the limit isn't what holds the run back, but the number of calls at once
				name, users = name+", 6000 a minute", 20*users/3
				for i := range phases {
					phases[i].limit = limit
				}
			} else if limit > 0 {
				continue
			}
			all = append(all, simulation{name: name, users: users / 3 * 3, phases: phases})
		}
	}
	return all
}

func TestSimulation(t *testing.T) {
	var done simulationTable
	t.Cleanup(func() { t.Log(done.String()) }) // once all of them have ended
	for _, s := range simulations() {
		t.Run(s.name, func(t *testing.T) {
			if s.full && !*simFull || !s.brief && !allSimulations {
				t.Skip("takes long: build with the tag simulation; for days, run with -sim.full")
			}
			s.run(t, &done)
		})
	}
}

// told describes how a simulation went.
type told struct {
	name                 string
	users                int
	took, floor, real    time.Duration
	requests             int
	refused, concurrency int // 429s, of the bucket and of the concurrency limit
}

func (r told) ratio() float64 { return float64(r.took) / float64(r.floor) }

func (r told) refusedPart() float64 { return float64(r.refused+r.concurrency) / float64(r.requests) }

// run carries the simulation out and adds its outcome to the table.
func (s simulation) run(t *testing.T, table *simulationTable) {
	s.runs, s.capacity, s.left, s.most = max(1, s.runs), cmp.Or(s.capacity, 100), cmp.Or(s.left, 100), cmp.Or(s.most, 1.05)
	o, err := parse(t, "users.csv", confirm(s.users/s.runs), "--max-api-capacity", fmt.Sprint(s.capacity))
	if err != nil {
		t.Fatal(err)
	}
	t.Parallel()
	w := &simulated{simulation: s, dir: inMemory(t), options: o}
	r := told{name: s.name, users: s.users, floor: s.floor()}
	begun := time.Now()
	defer func() { // a failed one, too
		r.real = time.Since(begun)
		table.add(r)
	}()
	synctest.Test(t, func(t *testing.T) {
		w.t = t
		w.begin()
		start := time.Now()
		w.reset()
		r.took = time.Since(start)
		r.requests, r.refused, r.concurrency = int(w.requests.Load()), int(w.refused.Load()), int(w.concurrency.Load())
		t.Logf("%d users in %v, ratio %.3f to %v; %d requests, 429s: %d of the bucket, %d of the concurrency", s.users,
			r.took.Round(time.Millisecond), r.ratio(), r.floor.Round(time.Second), r.requests, r.refused, r.concurrency)
		w.check(r)
	})
}

// check compares the results with the input, and both with what the org did.
func (w *simulated) check(r told) {
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
	alone := w.left == 100 && w.runs == 1 && len(w.phases) == 1
	if alone && r.refused > 0 {
		w.t.Errorf("%d 429s of the bucket when alone, want none", r.refused)
	}
	if r.refusedPart() > mostRefused {
		w.t.Errorf("%d 429s in %d requests, %.4f; want at most %.4f", r.refused+r.concurrency, r.requests, r.refusedPart(), mostRefused)
	}
	if r.ratio() > w.most {
		w.t.Errorf("took %v, %.3f times %v, want at most %.2f times", r.took, r.ratio(), r.floor, w.most)
	}
}

// simulationTable collects what simulations report.
type simulationTable struct {
	mu   sync.Mutex
	rows []told
}

func (s *simulationTable) add(r told) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rows = append(s.rows, r)
}

func (s *simulationTable) String() string {
	var b strings.Builder
	out := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(out, "\nsimulation\tusers\ttook\tratio to the floor\t429s a call\tof bucket\tof concurrency\treal time")
	slices.SortFunc(s.rows, func(a, b told) int { return cmp.Compare(a.name, b.name) })
	for _, r := range s.rows {
		_, _ = fmt.Fprintf(out, "%s\t%d\t%v\t%.3f\t%.4f\t%d\t%d\t%v\n", r.name, r.users, r.took.Round(100*time.Millisecond), r.ratio(),
			r.refusedPart(), r.refused, r.concurrency, r.real.Round(10*time.Millisecond))
	}
	_ = out.Flush()
	return b.String()
}

// simulatedOrg returns the org with which a simulation begins.
func (s simulation) simulatedOrg() *standin.Org {
	first := s.phases[0]
	return standin.New(standin.Config{
		Limits: map[string]int{standin.BucketUsers: first.limit}, TokenShare: 100, Concurrency: first.concurrency, Latency: first.latency,
		LatencyJitter: s.jitter(), ClockSkew: s.skew,
	})
}
