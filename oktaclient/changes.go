package oktaclient

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// ErrTooManyLost ends the changes of a client: answers were lost again and again although Okta
// answered what was asked in between. Whatever waited wasn't sent. Reads go on.
var ErrTooManyLost = errors.New("too many answers to changes were lost, although Okta answers reads")

const (
	// minSilence is how long the oldest change under way waits at least before its silence holds
	// back others.
	minSilence = 3 * time.Second
	// silenceFactor times the slowest answer of the last minute is the same for an org that is
	// slow.
	silenceFactor = 4
	answerMemory  = time.Minute

	// briefLoss is how soon a read has to be answered after a loss for the loss to be taken for a
	// single one.
	briefLoss = 2 * time.Second
	// lossMemory is the time within which a second loss means that there may be more to come.
	lossMemory = 30 * time.Second

	// The changes end when so many in a row that went alone were lost,
	maxLostAlone = 3
	// or when so many are in doubt, from so many pauses, and those are more than one in so many
	// changes sent.
	fewLost, fewPauses, lostPart = 20, 5, 20
	// fewBetween changes from one pause to the next are few: then not as many as there are workers
	// follow one that went alone, but one more with each answer. Else a pause would cost each
	// worker's.
	fewBetween = 2 * lostPart
)

// changeGate is the pacer's gate of all requests that change something, whatever their bucket: an
// outage shall cost the answers that were under way when it began, and no more. A read finds out
// what can be asked without harm; a change finds out the rest, alone.
type changeGate struct {
	alone    bool       // the next change goes alone
	ramp     int        // how many may be under way, one more with each answer; 0: any number
	underWay []underWay // in the order in which they were admitted
	count    uint64     // admitted so far; numbers them
	most     int        // how many were under way when the last answer came, that one included
	slow     []answer   // of the last minute, each slower than all that came after it

	pausedAt time.Time // when an answer was lost since which no read was answered; zero: none
	openedAt time.Time // when the last pause ended
	lostAt   time.Time // when an answer was last lost
	again    bool      // the loss before that was a short time ago
	often    bool      // and few changes lay between
	doubt    string    // ID of the user whose change was lost
	asking   bool      // a request that waits asks Okta whether it answers

	sent, answered, lost, pauses, lostAlone int
	opened                                  int  // of those sent, how many were when the last pause ended
	wary                                    bool // answers were lost in an earlier run, too

	err error // set once: nothing more is changed
}

// underWay is a change that was sent, or is about to be.
type underWay struct {
	n     uint64
	since time.Time
}

// answer is how long one took that came at a time.
type answer struct {
	at   time.Time
	took time.Duration
}

func newChangeGate() changeGate { return changeGate{alone: true} }

// closed reports whether no change may be sent now. Only an answer or a loss opens it again.
func (c *changeGate) closed(now time.Time) bool {
	switch {
	case c.paused():
		return true
	case len(c.underWay) == 0:
		return false
	case c.alone, c.ramp > 0 && len(c.underWay) >= c.ramp:
		return true
	}
	waited := now.Sub(c.underWay[0].since)
	if slowest := c.slowest(now); waited > slowest {
		// Perhaps nothing is answered any more: none beyond those that were under way at the last
		// answer.
		return len(c.underWay) >= c.most || waited > max(minSilence, silenceFactor*slowest)
	}
	return false
}

func (c *changeGate) paused() bool { return !c.pausedAt.IsZero() }

// slowest is the longest that an answer of the last minute took; 0: there was none.
func (c *changeGate) slowest(now time.Time) time.Duration {
	for len(c.slow) > 0 && now.Sub(c.slow[0].at) > answerMemory {
		c.slow = c.slow[1:]
	}
	if len(c.slow) == 0 {
		return 0
	}
	return c.slow[0].took
}

// enter counts a change as under way, and returns its number.
func (c *changeGate) enter(now time.Time) uint64 {
	c.count++
	c.underWay = append(c.underWay, underWay{c.count, now})
	return c.count
}

func (c *changeGate) leave(n uint64) {
	if i := slices.IndexFunc(c.underWay, func(u underWay) bool { return u.n == n }); i >= 0 {
		c.underWay = slices.Delete(c.underWay, i, i+1)
	}
}

// stillOpen reports whether a change that was admitted may still be sent.
func (c *changeGate) stillOpen() bool {
	return c.err == nil && !c.paused() && (!c.alone || len(c.underWay) == 1)
}

// done learns from what became of a change. It has left.
func (c *changeGate) done(s slot, o outcome, now time.Time) {
	switch {
	case o.lost:
		c.sent++
		c.lose(s, now)
	case o.certain:
		c.sent++
		c.answered++
		if c.ramp > 0 {
			c.ramp++
		}
		c.most = len(c.underWay) + 1
		took := now.Sub(s.sent)
		for n := len(c.slow); n > 0 && c.slow[n-1].took <= took; n-- {
			c.slow = c.slow[:n-1]
		}
		c.slow = append(c.slow, answer{now, took})
		if s.alone {
			c.alone, c.lostAlone = false, 0
		}
	}
}

// lose takes in that the answer to a change was lost. Those that were under way when the pause
// began belong to it, however late they are lost.
func (c *changeGate) lose(s slot, now time.Time) {
	recent := !c.lostAt.IsZero() && now.Sub(c.lostAt) < lossMemory
	if !c.paused() {
		if !s.sent.Before(c.openedAt) {
			c.pauses++
		}
		c.pausedAt, c.again, c.often = now, recent, recent && c.sent-c.opened < fewBetween
	}
	c.again = c.again || recent
	c.lostAt, c.doubt = now, s.user
	c.lost++
	if s.alone {
		c.lostAlone++
	}
	switch {
	case c.err != nil:
	case c.lostAlone >= maxLostAlone:
		c.err = fmt.Errorf("%w: %d changes in a row got none, each sent alone", ErrTooManyLost, c.lostAlone)
	case c.wary && c.answered == 0:
		c.err = fmt.Errorf("%w: as in an earlier run, the first change of this one got none", ErrTooManyLost)
	case c.lost >= fewLost && c.pauses >= fewPauses && c.pauses*lostPart > c.sent:
		c.err = fmt.Errorf("%w: %d of %d changes, at %d different times", ErrTooManyLost, c.lost, c.sent, c.pauses)
	}
}

// heard takes in that Okta answered a read which was sent at a time: if that is after a loss,
// changes may be sent again.
func (c *changeGate) heard(sent, now time.Time) {
	if !c.paused() || sent.Before(c.pausedAt) {
		return
	}
	if c.again || now.Sub(c.pausedAt) > briefLoss {
		c.alone, c.ramp = true, 0
	}
	if c.often {
		c.ramp = 1
	}
	c.pausedAt, c.openedAt, c.opened = time.Time{}, now, c.sent
}

// LostBefore says that answers to changes were lost in an earlier run over the same users. Then the
// first that is lost ends the changes, as long as Okta has answered none of this client's: who
// resumes again and again shall not lose a user each time.
func (c *Client) LostBefore() {
	c.pacer.mu.Lock()
	defer c.pacer.mu.Unlock()
	c.pacer.changes.wary = true
}
