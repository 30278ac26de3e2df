package doubt

import (
	"math"
	"slices"
	"sync"
	"time"

	"oktareset/oktaclient"
	"oktareset/runner"
)

const (
	// settleTime is how long after a request was given up its change may still take effect: three
	// times the longest wait for an answer.
	settleTime = 60 * time.Second
	// againTime is the pause before a harmless step is repeated: an org that has lost an answer
	// may lose the next one.
	againTime = 5 * time.Second
	// logInterval is how often the System Log is read during that time: it lags, usually by
	// seconds.
	logInterval = 15 * time.Second
	// keptWitnesses is how many answered resets are remembered: on Identity Engine, the reset of
	// a user without factors writes no event, so one isn't enough. The newest are for rows that
	// were lost late; the others, spread over the run, for a log that is minutes behind.
	keptWitnesses   = 20
	newestWitnesses = keptWitnesses / 2
	// witnessTime is how long the log may take to show a witness after it was taken.
	witnessTime = logInterval
	// shownTime is how long after a reset the log certainly doesn't lag any more. It only decides
	// whether a run waits: nothing is proved by it.
	shownTime = 15 * time.Minute
)

// Run is what the manifest says about a run.
type Run struct {
	Actor string // ID of the account that it used; "" if that isn't known
	Clock bool   // Okta's own windows confirmed its times, from the beginning
}

// Options are those of a prover.
type Options struct {
	RunID string         // of this run, as in its User-Agent
	Runs  map[string]Run // all runs of the ledger, this one included
	Blind bool           // the log may not be read, and the user knows
	Warn  func(error)    // gets each reason why less can be proved, once
	// gets the time until which the prover waits, zero at the wait's end; may be nil
	Waiting func(time.Time)
}

// Prover finds out what became of rows in doubt. It is safe for concurrent use, except that only
// one [Prover.Look] or [Prover.Wait] may run at a time. A nil prover proves nothing.
type Prover struct {
	client *oktaclient.Client
	opts   Options
	start  time.Time // earlier runs gave up all their requests before it

	mu       sync.Mutex
	lost     map[int]time.Time // by row: when this run gave up its request
	absent   map[int]bool      // rows for which the log would show a reset, and doesn't
	answered []answer          // a selection, in the order of their answers
	blind    bool              // the log may not be read
	said     map[string]bool   // warnings given
}

// answer is a reset of this run that Okta answered.
type answer struct {
	userID string
	taken  time.Time // by the local clock
	at     time.Time // the same, by the server's clock
}

// New makes a prover for a run that begins now.
func New(c *oktaclient.Client, o Options) *Prover {
	return &Prover{
		client: c, opts: o, start: time.Now(), blind: o.Blind,
		lost: make(map[int]time.Time), absent: make(map[int]bool), said: make(map[string]bool),
	}
}

// Lost records that the request of a row was given up just now, without a trustworthy answer.
func (p *Prover) Lost(row int) {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.lost[row] = time.Now()
	delete(p.absent, row)
}

// LostSince reports whether a row's request was given up at or after a local time.
func (p *Prover) LostSince(row int, since time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	at, ok := p.lost[row]
	return ok && !at.Before(since)
}

// Answered records that a user's reset was answered. taken is the local time of its taking, at
// the server's.
func (p *Prover) Answered(userID string, taken, at time.Time) {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.answered = append(p.answered, answer{userID, taken, at})
	if len(p.answered) > keptWitnesses {
		p.thin()
	}
}

// thin forgets the witness that leaves the smallest gap between its neighbours, but none of the
// newest. The caller has locked mu.
func (p *Prover) thin() {
	least, smallest := 0, time.Duration(math.MaxInt64)
	for i := 1; i < len(p.answered)-newestWitnesses; i++ {
		if gap := p.answered[i+1].taken.Sub(p.answered[i-1].taken); gap < smallest {
			least, smallest = i, gap
		}
	}
	p.answered = slices.Delete(p.answered, least, least+1)
}

// Witnessed splits the rows: with have a reset that was taken after they were given up, and
// answered; for those without, nothing can be proved except that they were reset.
func (p *Prover) Witnessed(rows []runner.Result) (with, without []runner.Result) {
	for _, res := range rows {
		if _, ok := p.witness(p.givenUp(res.Row.N)); ok {
			with = append(with, res)
		} else {
			without = append(without, res)
		}
	}
	return with, without
}

// witness returns the earliest taking after a time whose reset was answered.
func (p *Prover) witness(after time.Time) (taken time.Time, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, a := range p.answered {
		if a.taken.After(after) && (!ok || a.taken.Before(taken)) {
			taken, ok = a.taken, true
		}
	}
	return taken, ok
}

// Waitable returns the rows about which a wait can show more than a look has shown, and the others:
// a reset in doubt that was sent long ago shows in the log by now, and nothing proves that it
// wasn't done unless somebody was reset after it.
func (p *Prover) Waitable(rows []runner.Result) (waitable, others []runner.Result) {
	for _, res := range rows {
		_, witness := p.witness(p.givenUp(res.Row.N))
		p.mu.Lock()
		_, mine := p.lost[res.Row.N]
		blind := p.blind
		p.mu.Unlock()
		old := !mine && !witness && p.client.Now().Sub(res.StartedAt) > shownTime
		if res.Open.ResetInDoubt() && (blind || old) {
			others = append(others, res)
		} else {
			waitable = append(waitable, res)
		}
	}
	return waitable, others
}

// Blind reports whether the log may not be read: then nothing can be proved about a reset.
func (p *Prover) Blind() bool {
	if p == nil {
		return false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.blind
}

// Split separates the rows that may be worked on, whatever became of their request, from those
// with a reset in doubt.
func Split(rows []runner.Result) (half, doubts []runner.Result) {
	for _, res := range rows {
		if res.Open.ResetInDoubt() {
			doubts = append(doubts, res)
		} else {
			half = append(half, res)
		}
	}
	return half, doubts
}

// Count returns how many of the rows have a reset in doubt.
func Count(rows []runner.Result) int {
	_, doubts := Split(rows)
	return len(doubts)
}

// Ripe returns the rows that may be worked on again now, and the others.
func (p *Prover) Ripe(rows []runner.Result) (ripe, others []runner.Result) {
	for _, res := range rows {
		if !res.Open.ResetInDoubt() && p.ripeIn(res) <= 0 {
			ripe = append(ripe, res)
		} else {
			others = append(others, res)
		}
	}
	return ripe, others
}

// givenUp returns the latest time at which a row's request may have been given up.
func (p *Prover) givenUp(row int) time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	if at, ok := p.lost[row]; ok {
		return at
	}
	return p.start
}

// ripeIn returns the time until a row's request can no longer take effect, and the log should
// show a later witness.
func (p *Prover) ripeIn(res runner.Result) time.Duration {
	since := p.givenUp(res.Row.N)
	switch {
	case !res.Open.InDoubt():
		return 0
	case runner.StepOf(res.Open.Step).Repeat:
		return time.Until(since.Add(againTime))
	}
	left := time.Until(since.Add(settleTime))
	if taken, ok := p.witness(since); ok && res.Open.ResetInDoubt() {
		left = max(left, time.Until(taken.Add(witnessTime)))
	}
	return left
}

// warn says why less can be proved, once for each kind of reason.
func (p *Prover) warn(kind string, err error) {
	p.mu.Lock()
	said := p.said[kind]
	p.said[kind] = true
	p.mu.Unlock()
	if !said && p.opts.Warn != nil {
		p.opts.Warn(err)
	}
}
