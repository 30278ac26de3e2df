package oktaclient

import (
	"testing"
	"time"
)

func TestFew(t *testing.T) {
	t.Parallel()
	open := window{limit: 600, remaining: 500, ends: noon.Add(50 * time.Second)}
	used := func(ago time.Duration, yield int) gate {
		return gate{window: open, crowded: noon.Add(-ago), yield: yield}
	}
	for _, tt := range []struct {
		name           string
		gate           gate
		left, expected int
		want           int
	}{
		{"nobody knows what is to come", gate{window: open}, 500, 0, 500},
		{"all that is to come fits in", gate{window: open}, 500, 500, 500},
		{"it doesn't", gate{window: open}, 500, 501, 8},
		{"a small limit", gate{window: window{limit: 50, ends: open.ends}}, 50, 51, 1},
		{"others spent the last window", used(30*time.Second, 300), 500, 501, 4},
		{"all of it", used(30*time.Second, 0), 500, 501, 1},
		{"the run ends here, if they don't again", used(30*time.Second, 300), 500, 500, 8},
		{"others spent one before", used(2*time.Minute, 300), 500, 501, 8},
		{"the same, and the run ends here", used(2*time.Minute, 300), 500, 500, 8},
		{"others spent one long ago", used(10*time.Minute, 300), 500, 500, 500},
	} {
		if got := tt.gate.few(tt.left, 100, tt.expected); got != tt.want {
			t.Errorf("%s: %d, want %d", tt.name, got, tt.want)
		}
	}
}

// The request after those that fit is due when the window's even pace has reached it, whatever
// the limit and the capacity.
func TestDue(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		limit, remaining, capacity, inFlight int
		// after the window opened; it ends after 61 s
		want time.Duration
	}{
		{600, 600, 100, 0, 0},
		{600, 300, 100, 0, 20500 * time.Millisecond},
		{600, 330, 90, 0, 20500 * time.Millisecond}, // 270 used of 540
		{600, 310, 100, 10, 20500 * time.Millisecond},
		{600, 0, 100, 0, 41 * time.Second},
	} {
		w := window{limit: tt.limit, remaining: tt.remaining, ends: noon.Add(Window)}
		if got := w.due(w.left(tt.capacity, tt.inFlight), tt.capacity).Sub(noon); got != tt.want {
			t.Errorf("%+v: due after %v", tt, got)
		}
	}
}

func TestShared(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		ours, inFlight int
		want           bool
	}{{400, 0, false}, {360, 0, false}, {352, 8, false}, {359, 0, true}, {0, 0, true}} {
		if w := (window{limit: 600, remaining: 200, ours: tt.ours}); w.shared(tt.inFlight) != tt.want {
			t.Errorf("400 used, %d of them ours and %d under way: %v, want %v", tt.ours, tt.inFlight, !tt.want, tt.want)
		}
	}
}
