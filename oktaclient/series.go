package oktaclient

import "context"

// Series is the changes of one user that belong together, as a reset and the enrollment after it.
// The first one is sent only where the window has room for those that follow it, of this user and
// of all that are under way; they come before everybody else's. A context carries it: see
// [Series.In].
//
// A Series belongs to one goroutine. Close ends it.
type Series struct {
	pacer *pacer
	later int // calls that follow the first change, at most

	// Under the pacer's lock.
	begun bool  // the first change was made
	gate  *gate // whose calls are promised
	left  int   // calls that are promised and not sent yet

	parted bool // a window lay between the first change and one that follows
}

// NewSeries begins the changes of a user. begun says that the first one was made before.
func (c *Client) NewSeries(begun bool) *Series {
	return &Series{pacer: c.pacer, begun: begun}
}

// Later says how many calls follow the first change at most, in its bucket. It comes before that,
// and does nothing to a nil series.
func (s *Series) Later(calls int) {
	if s != nil {
		s.later = calls
	}
}

type seriesKey struct{}

// In returns a context in which the client's calls are those of the series. A nil series changes
// nothing.
func (s *Series) In(ctx context.Context) context.Context {
	if s == nil {
		return ctx
	}
	return context.WithValue(ctx, seriesKey{}, s)
}

// Close gives back the room that wasn't needed. It may be called more than once, and on a nil
// series.
func (s *Series) Close() {
	if s == nil {
		return
	}
	s.pacer.mu.Lock()
	defer s.pacer.mu.Unlock()
	s.pacer.release(s)
}

func seriesOf(ctx context.Context) *Series {
	s, _ := ctx.Value(seriesKey{}).(*Series)
	return s
}

// promised is how many calls the series has room for.
func (s *Series) promised() int {
	if s == nil {
		return 0
	}
	return s.left
}

// enter draws on the promise for a change that is sent, or makes it. It reports whether it drew.
func (s *Series) enter(g *gate) (drew bool) {
	switch {
	case !s.begun:
		s.gate, s.left = g, s.later
		g.promised += s.left
	case s.left > 0:
		s.left--
		s.gate.promised--
		return true
	}
	return false
}

// abort takes back what enter did for a change that wasn't sent.
func (p *pacer) abortSeries(s *Series, drew bool) {
	switch {
	case s == nil:
	case !s.begun:
		p.release(s)
	case drew:
		s.left++
		s.gate.promised++
	}
}

// part counts a series once that a window parts: others have spent it.
func (p *pacer) part(s *Series) {
	if s != nil && s.begun && !s.parted {
		s.parted = true
		p.stats.Parted++
	}
}

// release gives back what is left of a promise: those who wait for room look again.
func (p *pacer) release(s *Series) {
	if s == nil || s.left == 0 {
		return
	}
	s.gate.promised -= s.left
	s.left = 0
	p.wake()
}
