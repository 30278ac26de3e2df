package after

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"oktareset/oktaclient"
	"oktareset/runner"
	"oktareset/runner/access"
	"oktareset/runner/console"
	"oktareset/runner/evidence"
	"oktareset/runner/fault"
	"oktareset/runner/progress"
	"oktareset/runner/results"
	"oktareset/runner/roster"
)

// Options are what the flags of after set.
type Options struct {
	Results string
	Output  string
	Wait    time.Duration // until all are back, at most; 0: one look
	JSON    bool
	Org     access.Flags
}

// scopes are what a service app needs. Without that of the log, the lists of factors remain.
var scopes = access.Scopes{Needed: []string{oktaclient.ScopeUsersRead}, Optional: []string{oktaclient.ScopeLogsRead}}

// run is one execution, from the results to the summary.
type run struct {
	*access.Env
	opts     Options
	manifest results.Manifest
	runs     evidence.Runs
	classic  bool

	people []*person
	byID   map[string]*person
	rows   int // of the results
	left   int // of these, who aren't asked about

	to     *access.Connection
	client *oktaclient.Client
	shown  atomic.Pointer[oktaclient.Client] // the same, for the bar, which another goroutine draws
	log    reading
	asOf   time.Time // when the last look began, by the server's clock
	shared addresses // as of then
	out    *results.List
	told   *outcome // of the list that was written last; nil: there is none
	bar    *progress.Progress
	name   func(cells []string) roster.Person
	kept   *kept
}

// Near so many bytes, garbage is collected more often: a page of the log leaves ten megabytes of it.
const (
	leastMemory = 52 << 20
	memoryOf    = 550 // of a user who is back, as measured
)

// Run carries out the after command. It changes nothing in the org.
func Run(ctx context.Context, e *access.Env, o Options) error {
	r := &run{Env: e, opts: o, byID: make(map[string]*person), kept: newKept()}
	if err := r.open(ctx); err != nil {
		return results.Refused(err)
	}
	c, err := r.ConnectToOrgOf(ctx, &r.manifest, o.Results, access.Way{Flags: o.Org, Scopes: scopes})
	if err != nil {
		return err
	}
	r.to = c
	r.use(c.Client)
	r.begin()
	err = r.follow(ctx)
	r.bar.Done()
	if r.told == nil {
		return err
	}
	return r.summarize(err)
}

// use makes the command use this client.
func (r *run) use(c *oktaclient.Client) {
	r.client = c
	r.shown.Store(c)
}

// open reads the manifest and the results.
func (r *run) open(ctx context.Context) error {
	m, err := results.ReadWhole(r.opts.Results, r.opts.Org)
	if err != nil {
		return err
	}
	if r.LimitMemory != nil {
		r.LimitMemory(leastMemory + memoryOf*int64(m.Counts.Total()))
	}
	r.manifest, r.runs, r.classic = m, evidence.RunsOf(&m), m.Engine == oktaclient.EngineClassic
	columns, err := results.Columns(r.opts.Results)
	if err != nil {
		return err
	}
	r.out = results.AfterList(r.opts.Output, &m, columns)
	if err := r.out.Writable(ctx); err != nil {
		return err
	}
	recorded := results.Recorded(m.Steps)
	r.name = roster.People(columns)
	for e, err := range results.Scan(ctx, r.opts.Results) {
		if err == nil {
			err = r.add(&e, recorded)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// add adds a row of the results. recorded is what [results.Recorded] reports of them.
func (r *run) add(e *results.Entry, recorded bool) error {
	r.rows++
	rec := &e.Record
	if !results.MayBeAway(rec, recorded) {
		r.left++
		return nil
	}
	since, err := rec.ResetAt()
	if err != nil {
		return fmt.Errorf("row %s: %w", rec.Row, err)
	}
	if r.byID[rec.UserID] != nil { // another row has the same user: one is enough
		r.left++
		return nil
	}
	p := &person{
		row: e.Row, id: strings.Clone(rec.UserID), named: rec.Login != "", since: since, request: strings.Clone(rec.RequestID), doubt: e.Status == runner.StatusUnknown,
	}
	r.byID[p.id] = p
	r.people = append(r.people, p)
	return nil
}

// begin says which users and which time the command asks about.
func (r *run) begin() {
	text := fmt.Sprintf("%s: %s, %s, in %s", r.opts.Results, console.Plural(r.rows, "row"), results.RunsText(&r.manifest), r.manifest.Org)
	if r.left > 0 {
		text += fmt.Sprintf("; %s left out: no factor was removed there", console.Are(r.left, "row"))
	}
	r.Console.Info("%s", text)
	if slices.Contains(r.manifest.Steps, runner.StepChooseFactors) {
		r.Console.Info("the run removed only some factors: users without a new one may sign in with another")
	}
}

const (
	// lookEvery is the time between two looks. It is at least lookShare times as long as the look
	// took, which leaves the org's limits to others.
	lookEvery = time.Minute
	lookShare = 10
	// sayEvery is the time between two lines while the command waits without a bar.
	sayEvery = 10 * time.Minute
)

// follow looks until everybody is back, or the time is over. If it ends after the first look, the
// last list stays.
func (r *run) follow(ctx context.Context) error {
	ends := time.Now().Add(r.opts.Wait)
	if r.opts.Wait > 0 {
		bar := r.barOptions("back", len(r.people))
		bar.Unpaced, bar.Every = true, sayEvery
		r.bar = r.Progress(bar)
	}
	for {
		began := time.Now()
		switch err := r.look(ctx); {
		case err == nil:
			if err := r.write(ctx); err != nil {
				return err
			}
		case ctx.Err() == nil && r.told != nil && r.to.MayPass(err):
			r.Console.Warn("trying again in %s: %v", lookEvery, err)
			r.use(r.to.Client)
		default:
			return err
		}
		left := time.Until(ends)
		if left <= 0 || r.told.away() == 0 {
			return nil
		}
		if err := runner.Pause(ctx, min(left, max(lookEvery, lookShare*time.Since(began)))); err != nil {
			return fault.Stopped(err)
		}
	}
}

// look finds the users who are back by now.
func (r *run) look(ctx context.Context) error {
	began := r.client.Now()
	if len(r.people) == 0 {
		r.asOf = began
		return nil
	}
	if err := r.readLog(ctx); err != nil {
		return err
	}
	if err := r.listOpen(ctx, began); err != nil {
		return err
	}
	if err := r.readHistory(ctx); err != nil {
		return err
	}
	r.asOf, r.shared = began, share(r.people, r.classic)
	return nil
}

// barOptions returns the options of a bar that shows how many of total were counted.
func (r *run) barOptions(label string, total int) progress.Options {
	return progress.Options{Label: label, Total: total, Reads: true, State: func() progress.State {
		until, why := r.shown.Load().Hold()
		return progress.State{Hold: until, Why: why}
	}}
}

// explain returns an error that says why the org can't be asked.
func (r *run) explain(err error) error {
	if sig, ok := errors.AsType[fault.Signal](err); ok {
		return fault.Stopped(sig)
	}
	return evidence.ExplainLog(r.client, err)
}
