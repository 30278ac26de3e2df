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
	// times the longest answer that is waited for.
	settleTime = 60 * time.Second
	// againTime is how long what may be done twice waits before it is: an org that has lost an
	// answer may lose the next one.
	againTime = 5 * time.Second
	// logInterval is how often the System Log is asked while that time passes: it lags, usually by
	// seconds.
	logInterval = 15 * time.Second
	// keptWitnesses is how many answered resets are remembered: on Identity Engine, one of a user
	// without factors writes no event. The newest of them are for rows that were lost late, the
	// others, spread over the run, for a log that is minutes behind.
	keptWitnesses   = 20
	newestWitnesses = keptWitnesses / 2
	// witnessTime is how long after a witness was taken the log has to show it.
	witnessTime = logInterval
)

// Run is what the manifest knows of a run.
type Run struct {
	Actor string // ID of the account that it ran as; "" if that isn't known
	Clock bool   // Okta's own windows vouched for its times, from the beginning
}

// Options of a prover.
type Options struct {
	RunID   string          // of this run, as its User-Agent has it
	Runs    map[string]Run  // all runs of the ledger, this one too
	Blind   bool            // it is known that the log may not be read, and has been said
	Warn    func(error)     // gets, once for each reason, why there is less proof than there might be
	Waiting func(time.Time) // is told until when the prover waits, zero: not any more; nil: nobody is
}

// Prover finds out what became of rows in doubt. It is safe for concurrent use, but for
// [Prover.Look] and [Prover.Wait], of which there is one at a time. A nil prover proves nothing.
type Prover struct {
	client *oktaclient.Client
	opts   Options
	start  time.Time // whatever an earlier run sent was given up before

	mu       sync.Mutex
	lost     map[int]time.Time // by row: when its request was given up, in this run
	absent   map[int]bool      // rows of which the log would show a reset, and doesn't
	answered []answer          // some of them, in the order of their answers
	blind    bool              // the log may not be read
	said     map[string]bool   // warnings
}

// answer is a reset of this run that Okta answered.
type answer struct {
	userID string
	taken  time.Time // by this machine's clock
	at     time.Time // the same, by the server's
}

// New makes a prover for a run that begins now.
func New(c *oktaclient.Client, o Options) *Prover {
	return &Prover{
		client: c, opts: o, start: time.Now(), blind: o.Blind,
		lost: make(map[int]time.Time), absent: make(map[int]bool), said: make(map[string]bool),
	}
}

// Lost notes that the request of a row has just been given up, without an answer that can be
// trusted.
func (p *Prover) Lost(row int) {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.lost[row] = time.Now()
	delete(p.absent, row)
}

// LostSince reports whether a row's request was given up since a time of this machine's clock.
func (p *Prover) LostSince(row int, since time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	at, ok := p.lost[row]
	return ok && !at.Before(since)
}

// Answered notes that a user's reset, which was taken at a time of this machine's clock, and of the
// server's, was answered.
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

// thin forgets the witness that leaves the smallest gap between those around it, but none of the
// newest. mu is held.
func (p *Prover) thin() {
	least, smallest := 0, time.Duration(math.MaxInt64)
	for i := 1; i < len(p.answered)-newestWitnesses; i++ {
		if gap := p.answered[i+1].taken.Sub(p.answered[i-1].taken); gap < smallest {
			least, smallest = i, gap
		}
	}
	p.answered = slices.Delete(p.answered, least, least+1)
}

// Witnessed returns the rows for which there is a reset that was taken after they were given up,
// and answered, and the others: of those nothing can be proved but that they were reset.
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

// witness returns when the first reset that was answered was taken after a time.
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

// Blind reports whether the log may not be read, so that nothing can be proved of a reset.
func (p *Prover) Blind() bool {
	if p == nil {
		return false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.blind
}

// Ripe returns the rows that may be worked on again at once, and the others.
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

// givenUp is when a row's request was given up, at the latest.
func (p *Prover) givenUp(row int) time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	if at, ok := p.lost[row]; ok {
		return at
	}
	return p.start
}

// ripeIn is the time until nothing that the row's request did can still take effect, and the log
// should show who was reset after it.
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

// warn says why there is less proof, once for each kind of reason.
func (p *Prover) warn(kind string, err error) {
	p.mu.Lock()
	said := p.said[kind]
	p.said[kind] = true
	p.mu.Unlock()
	if !said && p.opts.Warn != nil {
		p.opts.Warn(err)
	}
}
