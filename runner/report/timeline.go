package report

import (
	"maps"
	"slices"
	"time"
)

const (
	// maxPulses bounds a timeline's memory: 50,000 busy seconds are 14 hours without a pause of
	// one second.
	maxPulses = 50_000
	// minGap is the shortest time without a finished row that the page shows. Without a hold, a
	// row finishes every few hundred milliseconds. A hold lasts up to a window of 60 s.
	minGap = 5 * time.Second
	// betweenStretches is the time without a finished row that begins a new chart: longer than
	// an outage that a run waits out (10 minutes).
	betweenStretches = 15 * time.Minute
)

// timeline counts finished rows over time, in bounded memory.
type timeline struct {
	unit   int64 // seconds that a pulse covers
	pulses map[int64]pulse
}

// pulse is what finished in one unit of time.
type pulse struct{ done, other int }

func newTimeline() *timeline { return &timeline{unit: 1, pulses: make(map[int64]pulse)} }

// add counts a row. done says that the row is one of those that the page is about.
func (t *timeline) add(at time.Time, done bool) {
	key := floor(at.Unix(), t.unit)
	p := t.pulses[key]
	if done {
		p.done++
	} else {
		p.other++
	}
	t.pulses[key] = p
	for len(t.pulses) > maxPulses {
		t.coarsen()
	}
}

// coarsen doubles the unit.
func (t *timeline) coarsen() {
	t.unit *= 2
	old := t.pulses
	t.pulses = make(map[int64]pulse, len(old)/2+1)
	for at, p := range old {
		key := floor(at, t.unit)
		q := t.pulses[key]
		t.pulses[key] = pulse{q.done + p.done, q.other + p.other}
	}
}

// floor returns the largest multiple of unit that is not above n.
func floor(n, unit int64) int64 { return n - ((n%unit)+unit)%unit }

// stretch is a time in which rows finished one after the other.
type stretch struct {
	unit   int64
	at     []int64 // seconds since 1970, rising
	pulses []pulse // of each
}

func (s *stretch) rows() int {
	n := 0
	for _, p := range s.pulses {
		n += p.done + p.other
	}
	return n
}

func (s *stretch) from() int64 { return s.at[0] }

// to is where the last pulse ends.
func (s *stretch) to() int64 { return s.at[len(s.at)-1] + s.unit }

// gap is a time within a stretch in which no row finished, in seconds since 1970.
type gap struct {
	from, to int64
	proof    bool // the run waited for proof of lost answers
}

// gaps returns the gaps of at least minGap. waits are those for proof.
func (s *stretch) gaps(waits []Wait) []gap {
	var all []gap
	for i := 1; i < len(s.at); i++ {
		g := gap{from: s.at[i-1] + s.unit, to: s.at[i]}
		g.proof = slices.ContainsFunc(waits, func(w Wait) bool { return w.From.Unix() < g.to && w.To.Unix() > g.from })
		if g.to-g.from >= max(int64(minGap/time.Second), 2*s.unit) {
			all = append(all, g)
		}
	}
	return all
}

// stretches divides the time where nothing finished for [betweenStretches].
func (t *timeline) stretches() []stretch {
	var all []stretch
	last := int64(0)
	for _, at := range slices.Sorted(maps.Keys(t.pulses)) {
		if len(all) == 0 || at-last > max(int64(betweenStretches/time.Second), 2*t.unit) {
			all = append(all, stretch{unit: t.unit})
		}
		s := &all[len(all)-1]
		s.at, s.pulses = append(s.at, at), append(s.pulses, t.pulses[at])
		last = at
	}
	return all
}
