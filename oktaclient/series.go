package oktaclient

import "context"

// Series is the changes of one user that belong together, as a reset and the enrollment after it.
// The first one is sent only if the window has room for all that follow, those of other users
// under way included. The following ones come before all other requests. A context carries a
// Series: see [Series.In].
//
// A Series belongs to one goroutine. Close ends it.
type Series struct {
	pacer *pacer
	later int // calls after the first change, at most

	// Under the pacer's lock.
	begun bool  // the first change was made
	gate  *gate // where its calls are promised
	left  int   // promised calls that were not sent yet

	parted bool // a window's end lay between the first change and a later one
}

// NewSeries begins the changes of a user. begun means that the first one was made earlier.
func (c *Client) NewSeries(begun bool) *Series {
	return &Series{pacer: c.pacer, begun: begun}
}

// Later sets how many calls follow the first change at most, in its bucket. Call it before the
// first change. It does nothing to a nil series.
func (s *Series) Later(calls int) {
	if s != nil {
		s.later = calls
	}
}

type seriesKey struct{}

// In returns a context whose calls belong to the series. A nil series changes nothing.
func (s *Series) In(ctx context.Context) context.Context {
	if s == nil {
		return ctx
	}
	return context.WithValue(ctx, seriesKey{}, s)
}

// Close gives back the room that wasn't used. It may be called more than once, and on a nil
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

// promised returns how many calls the series has room for.
func (s *Series) promised() int {
	if s == nil {
		return 0
	}
	return s.left
}

// enter makes the promise when the first change is sent, and uses one call of it for a later
// change. It reports whether it used one.
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

// abortSeries undoes enter for a change that wasn't sent.
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

// part counts a series, once, that the end of a window split: others have spent the window.
func (p *pacer) part(s *Series) {
	if s != nil && s.begun && !s.parted {
		s.parted = true
		p.stats.Parted++
	}
}

// release gives back the rest of a promise. Waiting requests look again.
func (p *pacer) release(s *Series) {
	if s == nil || s.left == 0 {
		return
	}
	s.gate.promised -= s.left
	s.left = 0
	p.wake()
}
