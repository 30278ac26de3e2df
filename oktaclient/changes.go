package oktaclient

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// ErrTooManyLost ends the changes of a client: answers to changes were lost again and again,
// although Okta answered the reads in between. Changes that waited weren't sent. Reads go on.
var ErrTooManyLost = errors.New("too many answers to changes were lost, although Okta answers reads")

const (
	// minSilence is the least time that the oldest change under way may be silent before no other
	// change starts.
	minSilence = 3 * time.Second
	// silenceFactor times the slowest answer of the last minute is that time for a slow org.
	silenceFactor = 4
	answerMemory  = time.Minute

	// briefLoss is how soon after a loss a read must be answered for the loss to count as a
	// single one.
	briefLoss = 2 * time.Second
	// lossMemory is the time within which a second loss means that more may follow.
	lossMemory = 30 * time.Second

	// The changes end when this many that went alone were lost in a row,
	maxLostAlone = 3
	// or when at least fewLost are in doubt, from at least fewPauses pauses, and the pauses are
	// more than one in lostPart changes sent.
	fewLost, fewPauses, lostPart = 20, 5, 20
	// Fewer than fewBetween changes between two pauses are few. Then the change that went alone
	// is not followed by as many as there are workers, but by one more with each answer;
	// otherwise each pause could lose the change of every worker.
	fewBetween = 2 * lostPart
)

// changeGate is the pacer's gate for all requests that change something, whatever their bucket.
// Its aim: an outage costs at most the answers that were under way when it began. Reads show what
// can be found out without harm; one change, sent alone, shows the rest.
type changeGate struct {
	alone    bool       // the next change goes alone
	ramp     int        // how many may be under way, one more with each answer; 0: no limit
	underWay []underWay // in the order of their admission
	count    uint64     // admitted so far; the last one's number
	most     int        // how many were under way at the last answer, the answered one included
	slow     []answer   // of the last minute, each slower than all later ones

	pausedAt time.Time // when the answer was lost that began the pause; zero: no pause
	openedAt time.Time // when the last pause ended
	lostAt   time.Time // when the last answer was lost
	again    bool      // the previous loss was a short time ago
	often    bool      // and few changes were sent in between
	doubt    string    // ID of the user whose change was lost
	asking   bool      // a waiting request is asking Okta whether it answers

	sent, answered, lost, pauses, lostAlone int
	// how many of those sent, when the last pause ended
	opened int
	wary   bool // answers were lost in an earlier run too

	err error // set once: no further change is sent
}

// underWay is a change that was sent, or is about to be.
type underWay struct {
	n     uint64
	since time.Time
}

// answer is when an answer came and how long it took.
type answer struct {
	at   time.Time
	took time.Duration
}

func newChangeGate() changeGate { return changeGate{alone: true} }

// closed reports whether no change may be sent now. Only an answer or a loss can open it again.
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
		// Perhaps Okta answers nothing any more. So no more changes than were under way at the
		// last answer.
		return len(c.underWay) >= c.most || waited > max(minSilence, silenceFactor*slowest)
	}
	return false
}

func (c *changeGate) paused() bool { return !c.pausedAt.IsZero() }

// slowest returns the longest time that an answer of the last minute took; 0: there was none.
func (c *changeGate) slowest(now time.Time) time.Duration {
	for len(c.slow) > 0 && now.Sub(c.slow[0].at) > answerMemory {
		c.slow = c.slow[1:]
	}
	if len(c.slow) == 0 {
		return 0
	}
	return c.slow[0].took
}

// enter counts a change as under way and returns its number.
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

// done learns from a change's outcome. The change has left before.
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

// lose records that the answer to a change was lost. A change that was under way when the pause
// began belongs to that pause, however late its loss shows.
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

// heard records that Okta answered a read. If the read was sent after the loss, the pause ends.
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

// LostBefore says that answers to changes were lost in an earlier run over the same users. Then
// the first lost answer ends the changes, until Okta has answered one of this client's: repeated
// resumes must not lose a user each time.
func (c *Client) LostBefore() {
	c.pacer.mu.Lock()
	defer c.pacer.mu.Unlock()
	c.pacer.changes.wary = true
}
