package oktaclient

import (
	"testing"
	"time"
)

// While the oldest change has been silent for longer than any answer took, no more changes are
// under way than at the last answer; after a while, none starts.
func TestSilence(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name     string
		slowest  time.Duration // answer, a moment ago
		ago      time.Duration
		most     int
		underWay []time.Duration // since when
		closed   bool
	}{
		{"none is under way", 100 * time.Millisecond, 0, 5, nil, false},
		{"usual", 200 * time.Millisecond, 0, 5, []time.Duration{150 * time.Millisecond, 0, 0, 0, 0}, false},
		{"longer than usual, fewer under way", 200 * time.Millisecond, 0, 5, []time.Duration{time.Second, 0, 0, 0}, false},
		{"longer than usual, as many under way", 200 * time.Millisecond, 0, 5, []time.Duration{time.Second, 0, 0, 0, 0}, true},
		{"silence", 200 * time.Millisecond, 0, 5, []time.Duration{minSilence + 1}, true},
		{"not yet, where answers take long", 2 * time.Second, 0, 5, []time.Duration{8 * time.Second}, false},
		{"silence where answers take long", 2 * time.Second, 0, 5, []time.Duration{8*time.Second + 1}, true},
		{"an answer of long ago doesn't count", 2 * time.Second, answerMemory + 1, 5, []time.Duration{minSilence + 1}, true},
	} {
		c := newChangeGate()
		c.alone = false
		c.done(slot{sent: noon.Add(-tt.ago - tt.slowest)}, outcome{certain: true}, noon.Add(-tt.ago))
		c.done(slot{sent: noon.Add(-tt.ago)}, outcome{certain: true}, noon.Add(-tt.ago)) // a faster one hides nothing
		c.most = tt.most
		for _, d := range tt.underWay {
			c.enter(noon.Add(-d))
		}
		if got := c.closed(noon); got != tt.closed {
			t.Errorf("%s: closed %v, want %v", tt.name, got, tt.closed)
		}
	}
}

// A promise ends when its series is closed, whatever the outcome of the calls.
func TestNoPromiseIsLeft(t *testing.T) {
	t.Parallel()
	p := newPacer(100, 32, 1000)
	g := p.gate(BucketUsers)
	for name, calls := range map[string]func(s *Series){
		"never sent":       func(*Series) {},
		"aborted":          func(s *Series) { p.abortSeries(s, s.enter(g)) },
		"refused":          func(s *Series) { s.enter(g); p.release(s) },
		"made":             func(s *Series) { s.enter(g); s.begun = true },
		"one later":        func(s *Series) { s.enter(g); s.begun = true; s.enter(g) },
		"one later, twice": func(s *Series) { s.enter(g); s.begun = true; p.abortSeries(s, s.enter(g)); s.enter(g) },
		"more than said":   func(s *Series) { s.enter(g); s.begun = true; s.enter(g); s.enter(g); s.enter(g) },
		"again":            func(s *Series) { s.enter(g); p.release(s); s.enter(g) },
	} {
		s := &Series{pacer: p, later: 2}
		calls(s)
		s.Close()
		s.Close()
		if g.promised != 0 || s.left != 0 {
			t.Fatalf("%s: %d calls are still promised", name, g.promised)
		}
	}
}
